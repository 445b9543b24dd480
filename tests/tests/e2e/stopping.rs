//! What a process that is told to stop still does.

use futures::channel::mpsc;
use futures::future::join;
use reel_e2e::{CLIP, Form, Stage};
use reel_testkit::eventually;
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;
use tokio::net::TcpStream;

over_both_forms! {
    an_upload_that_has_begun_is_finished;
}

/// The last thing that an upload does is to write its row, so nothing that it needs may be closed before it ends.
async fn an_upload_that_has_begun_is_finished(stage: &Stage) {
    let storing = match stage.product.form() {
        Form::OneProcess => "dev",
        Form::SeparateProcesses => "video",
    };
    let address = stage.product.address(storing).await;
    let ana = stage.person("ana").await;
    let (body, parts) = mpsc::unbounded::<Result<&'static [u8], std::io::Error>>();
    let (first, second) = CLIP.split_at(CLIP.len() / 2);
    body.unbounded_send(Ok(first)).unwrap();
    let request = ana.request(Method::POST, "/uploads?kind=video").body(Body::wrap_stream(parts));
    let uploading = tokio::spawn(request.send());
    eventually("its first half has arrived", async || stage.product.kept_files() == 1).await;
    let sending_on = async {
        eventually("the process takes no more clients", async || TcpStream::connect(address).await.is_err()).await;
        body.unbounded_send(Ok(second)).unwrap();
        drop(body);
    };
    join(stage.product.stop_process(storing), sending_on).await;
    let answer = uploading.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(answer.json::<Value>().await.unwrap()["uploadId"].is_string());
    let rows = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM upload");
    let pool = stage.product.mysql().open("video").await;
    assert_eq!(rows.fetch_one(&pool).await.unwrap(), 1);
    assert_eq!(stage.product.kept_files(), 2, "the video and its cover");
}
