//! What is wrong before a parameter is looked at: paths, methods, bodies.

use reel_e2e::{Encoding, File, Stage};
use reel_error::ErrorCode;
use reel_testkit::eventually;
use reqwest::Method;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::endpoints::{ENDPOINTS, Place, Scene};

over_both_forms! {
    unknown_paths_and_wrong_methods_answer_in_the_envelope;
    bodies_that_cannot_be_read_answer_in_the_envelope;
    addresses_that_cannot_be_read_answer_in_the_envelope;
    an_upload_that_is_broken_off_leaves_nothing;
    the_probes_and_the_page_for_browsers_answer with "telemetry.metrics.enabled" = "true";
    documented_extras_that_are_not_there_yet_say_so;
}

async fn unknown_paths_and_wrong_methods_answer_in_the_envelope(stage: &Stage) {
    let anybody = stage.anybody();
    for path in ["/", "/nothing", "/user", "/user/", "/user/info/1", "/video/feed//", "/%00", "/../etc/passwd"] {
        anybody.get(path, &[]).await.fails_with_status(ErrorCode::UnknownEndpoint);
        anybody.post(path, &[("a", "b")]).await.fails_with_status(ErrorCode::UnknownEndpoint);
    }
    for endpoint in ENDPOINTS {
        for path in [endpoint.path.to_owned(), format!("{}/", endpoint.path)] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                if method != *endpoint.method {
                    let answer = anybody.send(method, &path, Encoding::Query, &[], None).await;
                    answer.fails_with_status(ErrorCode::MethodNotAllowed);
                }
            }
        }
    }
    for path in ["/auth/refresh", "/auth/logout"] {
        anybody.get(path, &[]).await.fails_with_status(ErrorCode::MethodNotAllowed);
    }
}

async fn bodies_that_cannot_be_read_answer_in_the_envelope(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let unreadable: [(&str, &[u8]); 9] = [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"\"text\""),
        ("application/json", b"\xff\xfe"),
        ("application/json; charset=utf-8", b"nonsense"),
        ("application/x-www-form-urlencoded", b"username=%FF%FE"),
        ("multipart/form-data; boundary=x", b"no parts here"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbroken off"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--\r\n",
        ),
    ];
    for endpoint in ENDPOINTS.iter().filter(|endpoint| matches!(endpoint.place, Place::Form | Place::Either)) {
        for (content_type, body) in unreadable {
            let answer = scene.bo.send_raw(endpoint.method.clone(), endpoint.path, Some(content_type), body).await;
            // Percent-encoded bytes that are no UTF-8 may also be read as a text that then is refused.
            if content_type.contains("urlencoded") {
                answer.is_a_clean_failure();
            } else {
                answer.fails_with_status(ErrorCode::UnreadableBody);
            }
        }
        for content_type in [None, Some("text/plain"), Some("application/xml"), Some("multipart/form-data"), Some("?")]
        {
            let answer = scene.bo.send_raw(endpoint.method.clone(), endpoint.path, content_type, "username=a").await;
            answer.fails_with_status(ErrorCode::UnsupportedMediaType);
        }
        let large = format!("content={}", "a".repeat(2 * 1024 * 1024));
        let form = Some("application/x-www-form-urlencoded");
        let answer = scene.bo.send_raw(endpoint.method.clone(), endpoint.path, form, large).await;
        answer.fails_with_status(ErrorCode::PayloadTooLarge);
        scene.bo.send_raw(endpoint.method.clone(), endpoint.path, form, "").await.is_a_failure();
    }
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.place == Place::File) {
        for encoding in [Encoding::UrlEncoded, Encoding::Json] {
            let fields = scene.parameters(endpoint).await;
            scene.bo.send(endpoint.method.clone(), endpoint.path, encoding, &fields, None).await.is_a_failure();
        }
        let plain =
            scene.bo.send_raw(endpoint.method.clone(), endpoint.path, Some("video/mp4"), File::video().bytes).await;
        plain.is_a_clean_failure();
        let broken = b"--x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a\"\r\n\r\nbroken off";
        let kind = Some("multipart/form-data; boundary=x");
        let answer = scene.bo.send_raw(endpoint.method.clone(), endpoint.path, kind, broken.as_slice()).await;
        answer.is_a_clean_failure();
    }
}

async fn addresses_that_cannot_be_read_answer_in_the_envelope(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let bad = ["%FF", "%", "%zz", "a%00", "1&user_id=2", "%F0%9F%98%80", "1%27%20OR%201=1"];
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.place == Place::Query) {
        for (name, _) in endpoint.ids {
            for value in bad {
                let path = format!("{}?{name}={value}&page_num=0&page_size=10", endpoint.path);
                scene.bo.get(&path, &[]).await.is_a_failure();
            }
        }
        if endpoint.paged {
            let path = format!(
                "{}?user_id={}&video_id={}&page_num=%FF&page_size=10",
                endpoint.path, scene.ana.id, scene.video
            );
            scene.bo.get(&path, &[]).await.is_a_failure();
        }
    }
    let known = [("user_id", scene.ana.id.as_str()), ("user_id", "x"), ("unknown", "parameter"), ("", "")];
    assert_eq!(
        scene.bo.get("/user/info", &known).await.data()["id"],
        scene.ana.id.as_str(),
        "of several the first counts"
    );
    for body in
        [r#"{"username":{"a":1},"password":"x"}"#, r#"{"username":["a"],"password":"x"}"#, r#"{"username":null}"#]
    {
        let answer = scene.bo.send_raw(Method::POST, "/user/register", Some("application/json"), body).await;
        answer.fails_with(ErrorCode::InvalidArgument);
    }
}

async fn the_probes_and_the_page_for_browsers_answer(stage: &Stage) {
    let anybody = stage.anybody();
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(anybody.status(path).await, 200, "{path}");
    }
    let browser = anybody.request(Method::GET, "/graphql").header("accept", "text/html,*/*;q=0.8");
    let page = browser.send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    let elsewhere = ["src=\"http", "href=\"http", "src=\"//", "href=\"//", "unpkg", "jsdelivr"];
    assert!(elsewhere.iter().all(|text| !page.contains(text)), "the page has to work without a network: {page}");
    let answer = anybody.get("/video/feed/", &[]).await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

async fn an_upload_that_is_broken_off_leaves_nothing(stage: &Stage) {
    let ana = stage.person("ana").await;
    let address = stage.product.url().strip_prefix("http://").unwrap();
    let part = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nclip\r\n\
                --x\r\nContent-Disposition: form-data; name=\"data\"; filename=\"clip.mp4\"\r\n\r\n";
    for (method, path) in [("POST", "/video/publish"), ("PUT", "/user/avatar/upload"), ("POST", "/uploads?kind=video")]
    {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccess-Token: {}\r\nContent-Length: 1000000\r\n\
             Content-Type: multipart/form-data; boundary=x\r\n\r\n",
            ana.access()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(part.as_bytes()).await.unwrap();
        connection.write_all(&reel_e2e::CLIP.repeat(50)).await.unwrap();
        drop(connection);
    }
    eventually("nothing is kept", async || stage.product.kept_files() == 0).await;
    let videos = ana.get("/video/list", &[("user_id", &ana.id), ("page_num", "0"), ("page_size", "1")]).await;
    assert_eq!(videos.data()["total"], 0);
    assert_eq!(ana.get("/user/info", &[]).await.data()["avatar_url"], "");
}

async fn documented_extras_that_are_not_there_yet_say_so(stage: &Stage) {
    let ana = stage.person("ana").await;
    for (method, path, open) in [
        (Method::GET, "/auth/mfa/qrcode", false),
        (Method::POST, "/auth/mfa/bind", false),
        (Method::POST, "/user/image/search", true),
    ] {
        let call =
            async |client: &reel_e2e::Client| client.send(method.clone(), path, Encoding::Query, &[], None).await;
        call(&ana).await.fails_with(ErrorCode::NotAvailable);
        let expected = if open { ErrorCode::NotAvailable } else { ErrorCode::Unauthenticated };
        call(&stage.anybody()).await.fails_with(expected);
    }
}
