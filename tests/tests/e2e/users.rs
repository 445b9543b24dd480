//! Rows 1 to 4: register, log in, info, avatar.

use reel_e2e::{Answer, CLIP, Encoding, File, PASSWORD, Person, Stage};
use reel_error::ErrorCode;
use reqwest::Method;

over_both_forms! {
    names_and_passwords_have_bounds_and_a_name_is_taken_once;
    logging_in_gives_tokens_in_headers_and_the_person;
    anyone_finds_a_person_and_without_an_id_oneself;
    an_avatar_has_to_be_an_image_and_is_served;
    one_of_many_registrations_of_a_name_succeeds;
}

async fn register(stage: &Stage, username: &str, password: &str) -> Answer {
    stage.anybody().post("/user/register", &[("username", username), ("password", password)]).await
}

async fn names_and_passwords_have_bounds_and_a_name_is_taken_once(stage: &Stage) {
    let longest = "长".repeat(32);
    for (username, password) in
        [("a", "123456"), (&longest, PASSWORD), ("Ana", PASSWORD), ("o'neil", "长长长长长长"), ("b", &"p".repeat(128))]
    {
        register(stage, username, password).await.data();
    }
    for (username, password, code) in [
        ("Ana", PASSWORD, ErrorCode::UsernameTaken),
        // What looks the same is the same name: case and full-width letters make no difference.
        ("ana", PASSWORD, ErrorCode::UsernameTaken),
        ("ＡＮＡ", PASSWORD, ErrorCode::UsernameTaken),
        ("", PASSWORD, ErrorCode::InvalidUsername),
        (" ", PASSWORD, ErrorCode::InvalidUsername),
        ("an a", PASSWORD, ErrorCode::InvalidUsername),
        ("a\u{0}", PASSWORD, ErrorCode::InvalidUsername),
        ("a\u{3000}b", PASSWORD, ErrorCode::InvalidUsername),
        (&"长".repeat(33), PASSWORD, ErrorCode::InvalidUsername),
        ("new", "", ErrorCode::WeakPassword),
        ("new", "12345", ErrorCode::WeakPassword),
        ("new", &"p".repeat(129), ErrorCode::WeakPassword),
    ] {
        register(stage, username, password).await.fails_with(code);
    }
    register(stage, "new", PASSWORD).await.data();
}

async fn logging_in_gives_tokens_in_headers_and_the_person(stage: &Stage) {
    let ana = stage.person("ana").await;
    let log_in = async |username: &str, password: &str| {
        stage.anybody().post("/user/login", &[("username", username), ("password", password)]).await
    };
    let answer = log_in("ana", PASSWORD).await;
    let person = answer.data();
    assert_eq!(
        (&person["id"], &person["username"], &person["avatar_url"]),
        (&ana.id.as_str().into(), &"ana".into(), &"".into())
    );
    assert!(!answer.body.to_string().contains(PASSWORD) && !answer.body.to_string().contains("argon2"));
    for header in ["access-token", "refresh-token"] {
        assert!(answer.header(header).is_some_and(|token| token.len() > 20), "{header} is missing");
    }
    let unknown = log_in("nobody", PASSWORD).await;
    let wrong = log_in("ana", "wrong password").await;
    assert_eq!(unknown.body, wrong.body, "a stranger must not learn which names exist");
    for failure in [wrong, unknown, log_in("ana", "").await, log_in("ana ", PASSWORD).await] {
        failure.fails_with(ErrorCode::WrongCredentials);
        assert_eq!((failure.header("access-token"), failure.header("refresh-token")), (None, None));
    }
    // A code is ignored as long as none is bound, and so are the tokens of an earlier login.
    let fields = [("username", "ana"), ("password", PASSWORD), ("code", "")];
    stage.anybody().with_access("garbage").post("/user/login", &fields).await.data();
}

async fn anyone_finds_a_person_and_without_an_id_oneself(stage: &Stage) {
    let (ana, bo) = (stage.person("ana").await, stage.person("bo").await);
    assert_eq!(bo.get("/user/info", &[]).await.data()["username"], "bo");
    assert_eq!(bo.get("/user/info", &[("user_id", "")]).await.data()["username"], "bo");
    let found = bo.get("/user/info", &[("user_id", &ana.id)]).await;
    assert_eq!((&found.data()["id"], &found.data()["username"]), (&ana.id.as_str().into(), &"ana".into()));
    assert_eq!(found.data()["created_at"], found.data()["updated_at"]);
}

async fn send_avatar(person: &Person, file: File) -> Answer {
    person.send(Method::PUT, "/user/avatar/upload", Encoding::Multipart, &[], Some(file)).await
}

async fn an_avatar_has_to_be_an_image_and_is_served(stage: &Stage) {
    let ana = stage.person("ana").await;
    for bytes in
        [b"not an image".as_slice(), b"", CLIP, &reel_e2e::PICTURE[..100], b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
    {
        send_avatar(&ana, File::picture().with_bytes(bytes)).await.fails_with(ErrorCode::NotAnImage);
    }
    let without_file = [("name".into(), "picture.png".to_owned())];
    let without_file = ana.send(Method::PUT, "/user/avatar/upload", Encoding::Multipart, &without_file, None);
    without_file.await.fails_with(ErrorCode::InvalidArgument);
    assert_eq!(ana.get("/user/info", &[]).await.data()["avatar_url"], "");

    let mut urls = Vec::new();
    for _ in 0..2 {
        // The claimed name must not become a path.
        let file = File { name: "../../evil.html", media_type: "text/html", ..File::picture() };
        let answer = send_avatar(&ana, file).await;
        let url = answer.data()["avatar_url"].as_str().unwrap().to_owned();
        assert!(!url.contains("evil"), "{url}");
        assert_eq!(ana.get("/user/info", &[]).await.data()["avatar_url"], url.as_str());
        let served = ana.file(&url, None).await;
        assert_eq!(served.status(), 200);
        assert!(served.headers()["content-type"].to_str().unwrap().starts_with("image/"), "{:?}", served.headers());
        assert_eq!(served.headers()["x-content-type-options"], "nosniff");
        urls.push(url);
    }
    assert_ne!(urls[0], urls[1], "a new picture needs a new address, or caches show the old one");
}

async fn one_of_many_registrations_of_a_name_succeeds(stage: &Stage) {
    let answers = futures::future::join_all((0..16).map(|_| register(stage, "ana", PASSWORD))).await;
    let (registered, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.code() == 10_000);
    assert_eq!(registered.len(), 1);
    for answer in refused {
        answer.fails_with(ErrorCode::UsernameTaken);
    }
}
