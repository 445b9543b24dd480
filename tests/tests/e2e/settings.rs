//! What the settings change about the contract.

use futures::channel::mpsc;
use reel_e2e::{CLIP, Encoding, File, Stage};
use reel_error::ErrorCode;
use reel_id::{Clock as _, SystemClock};
use reel_testkit::eventually;
use reqwest::{Body, Method};

use crate::endpoints::{Access, ENDPOINTS, Scene, with};

over_both_forms! {
    public_reads_can_be_opened with "router.rest.public_reads_open" = "true";
    failures_can_carry_their_status with "router.rest.failures_use_status" = "true";
    an_overloaded_router_says_so_with_its_status
        with "router.http.max_in_flight" = "1", "router.uploads.idle_timeout_s" = "600", "video.upload_idle_s" = "600";
    a_file_above_the_limit_is_refused with "router.uploads.video_limit_bytes" = "1000";
    the_offset_of_times_can_be_set with "router.rest.time_offset_minutes" = "0";
}

async fn public_reads_can_be_opened(stage: &Stage) {
    let scene = Scene::set(stage).await;
    for endpoint in ENDPOINTS {
        let parameters = scene.parameters(endpoint).await;
        let answer = scene.call(&stage.anybody(), endpoint, &parameters).await;
        match endpoint.access {
            Access::Open | Access::PublicRead => {
                answer.data();
            }
            Access::Person => {
                answer.fails_with(ErrorCode::Unauthenticated);
            }
        }
    }
    // Without a caller there is nobody whom an absent id could mean.
    stage.anybody().get("/user/info", &[]).await.fails_with(ErrorCode::Unauthenticated);
    stage.anybody().get("/like/list", &[]).await.fails_with(ErrorCode::Unauthenticated);
}

async fn failures_can_carry_their_status(stage: &Stage) {
    let scene = Scene::set(stage).await;
    for endpoint in ENDPOINTS {
        let good = scene.parameters(endpoint).await;
        if endpoint.access != Access::Open {
            scene.call(&stage.anybody(), endpoint, &good).await.fails_with_status(ErrorCode::Unauthenticated);
        }
        for (name, unknown) in endpoint.ids {
            scene.call(&scene.bo, endpoint, &with(&good, name, "1")).await.fails_with_status(*unknown);
        }
        scene.call(&scene.bo, endpoint, &good).await.data();
    }
}

async fn an_overloaded_router_says_so_with_its_status(stage: &Stage) {
    let anybody = stage.anybody();
    let ana = stage.person("ana").await;
    // A film that does not go on takes the only place.
    let (film, pieces) = mpsc::unbounded::<Result<&'static [u8], std::io::Error>>();
    film.unbounded_send(Ok(&CLIP[..CLIP.len() / 2])).unwrap();
    let request = ana.request(Method::POST, "/uploads?kind=video").body(Body::wrap_stream(pieces));
    let uploading = tokio::spawn(request.send());
    eventually("its beginning has arrived", async || stage.product.kept_files() == 1).await;
    for endpoint in ENDPOINTS {
        let answer = anybody.send(endpoint.method.clone(), endpoint.path, Encoding::Query, &[], None).await;
        assert_eq!(answer.status, 503, "{answer}");
        assert_eq!(answer.code(), i64::from(ErrorCode::Overloaded.number()), "{answer}");
        assert_eq!(answer.body.get("data"), None, "{answer}");
    }
    assert_eq!(anybody.status("/livez").await, 200, "a busy process is not a dead one");
    uploading.abort();
}

async fn a_file_above_the_limit_is_refused(stage: &Stage) {
    let ana = stage.person("ana").await;
    let title = [("title".into(), "clip".to_owned())];
    for bytes in [CLIP.to_vec(), vec![0; 4 * 1024 * 1024]] {
        let file = Some(File::video().with_bytes(bytes));
        let answer = ana.send(Method::POST, "/video/publish", Encoding::Multipart, &title, file).await;
        answer.fails_with_status(ErrorCode::FileTooLarge);
    }
    eventually("what was received of it is thrown away", async || stage.product.kept_files() == 0).await;
}

async fn the_offset_of_times_can_be_set(stage: &Stage) {
    let ana = stage.person("ana").await;
    let info = ana.get("/user/info", &[]).await;
    assert_eq!(info.data()["deleted_at"], "1970-01-01 00:00:00");
    let created = info.data()["created_at"].as_str().unwrap().to_owned();
    let created = chrono::NaiveDateTime::parse_from_str(&created, "%Y-%m-%d %H:%M:%S").unwrap().and_utc();
    let age = SystemClock.now() - created;
    assert!(age.num_seconds().abs() < 120, "{info}");
}
