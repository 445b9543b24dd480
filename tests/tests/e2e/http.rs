//! What is wrong before a parameter is looked at: paths, methods, bodies.

use reel_e2e::{Encoding, File, Stage};
use reel_error::ErrorCode;
use reqwest::Method;

use crate::endpoints::{ENDPOINTS, Place, Scene};

over_both_forms! {
    unknown_paths_and_wrong_methods_answer_in_the_envelope;
    bodies_that_cannot_be_read_answer_in_the_envelope;
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
