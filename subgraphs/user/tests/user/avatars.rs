use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use image::{DynamicImage, ImageFormat, RgbImage};
use reel_auth::Viewer;
use reel_error::{Error, ErrorCode};
use reel_id::UploadId;
use reel_rpc::upload::{self, BrokenOff};
use serde_json::{Value, json};
use sqlx::Executor as _;
use tokio::task::JoinHandle;
use tonic::Request;

use crate::world::{Login, World, cheap};

const UPLOADS: &str = "SELECT COUNT(*) FROM upload";

fn image(side: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    DynamicImage::from(pixels).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Streams pieces as the router does; `Err` is a client that goes away in the middle.
async fn stream(world: &World, owner: Viewer, pieces: Vec<Result<Bytes, BrokenOff>>) -> Result<UploadId, Error> {
    let mut request = Request::new(upload::messages(owner.user_id, stream::iter(pieces)));
    request.extensions_mut().insert(owner);
    let response = world.rpc().upload_image(request).await.map_err(reel_rpc::call_error)?;
    upload::outcome(response.into_inner())
}

async fn upload_image(world: &World, owner: Viewer, content: Vec<u8>) -> Result<UploadId, Error> {
    let pieces = content.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream(world, owner, pieces).await
}

async fn claim(world: &World, viewer: Viewer, upload: UploadId) -> Value {
    let input = json!({ "uploadId": upload.to_string() });
    world.mutate(Some(viewer), "updateAvatar", "user { avatarUrl updatedAt }", input).await
}

/// An uploaded and claimed avatar's address.
async fn avatar(world: &World, login: &Login) -> String {
    let upload = upload_image(world, login.viewer, image(50, ImageFormat::Jpeg)).await.unwrap();
    claim(world, login.viewer, upload).await["user"]["avatarUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_uploaded_image_becomes_the_owners_avatar() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    let upload = upload_image(&world, ana.viewer, image(50, ImageFormat::Jpeg)).await.unwrap();
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (1, 1));
    world.clock.advance(Duration::from_secs(60));
    let claimed = claim(&world, ana.viewer, upload).await;
    assert_eq!(claimed["userErrors"], json!([]));
    let url = claimed["user"]["avatarUrl"].as_str().unwrap();
    assert_eq!(claimed["user"]["updatedAt"], "2026-01-01T08:01:00+00:00");
    let file = world.directory.path().join(url.strip_prefix("http://files.test/").unwrap());
    let stored = image::load_from_memory_with_format(&std::fs::read(file).unwrap(), ImageFormat::Png).unwrap();
    assert_eq!((stored.width(), stored.height()), (50, 50));
    let me = world.run(Some(ana.viewer), "{ viewer { avatarUrl } }", json!({})).await;
    assert_eq!(me["data"]["viewer"]["avatarUrl"], url);
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (1, 0));
    world.close().await;
}

#[tokio::test]
async fn an_upload_can_be_claimed_once_and_by_its_owner_only() {
    let world = World::new().await;
    let (ana, ben) = (world.person("ana").await, world.person("ben").await);
    let upload = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    let refused = |answer: &Value| {
        assert_eq!(answer["user"], json!(null));
        assert_eq!(answer["userErrors"][0]["code"], "UPLOAD_NOT_FOUND");
        assert_eq!(answer["userErrors"][0]["field"], json!(["input", "uploadId"]));
    };
    refused(&claim(&world, ben.viewer, upload).await);
    refused(&claim(&world, ana.viewer, UploadId::from(1)).await);
    assert_eq!(claim(&world, ana.viewer, upload).await["userErrors"], json!([]));
    refused(&claim(&world, ana.viewer, upload).await);
    assert_eq!(world.stored_files(), 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_claims_of_one_upload_one_succeeds() {
    let world = Arc::new(World::new().await);
    let ana = world.person("ana").await;
    let upload = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    world.open_connections().await;
    let claims: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { claim(&world, ana.viewer, upload).await["user"].is_object() })
        })
        .collect();
    let mut succeeded = 0;
    for claim in claims {
        succeeded += usize::from(claim.await.unwrap());
    }
    assert_eq!(succeeded, 1);
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (1, 0));
    Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn a_new_avatar_removes_the_one_before_it() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    let first = avatar(&world, &ana).await;
    let second = avatar(&world, &ana).await;
    assert_ne!(first, second);
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (1, 0));
    world.close().await;
}

#[tokio::test]
async fn a_replaced_avatar_that_cannot_be_removed_is_removed_later() {
    let mut world = World::new().await;
    let ana = world.person("ana").await;
    let first = avatar(&world, &ana).await;
    let file = world.directory.path().join(first.strip_prefix("http://files.test/").unwrap());
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir_all(file.join("in the way")).unwrap();
    avatar(&world, &ana).await;
    assert_eq!(world.count(UPLOADS).await, 1, "it is remembered");
    std::fs::remove_dir_all(&file).unwrap();
    std::fs::write(&file, b"the old picture").unwrap();
    world.clock.advance(Duration::from_secs(61));
    world.restart(cheap()).await;
    reel_testkit::eventually("the old avatar is removed", async || world.count(UPLOADS).await == 0).await;
    assert_eq!(world.stored_files(), 1);
    world.close().await;
}

#[tokio::test]
async fn an_image_that_breaks_off_is_too_large_or_is_none_leaves_neither_row_nor_file() {
    let world = World::with(reel_user::UserSettings { image_max_bytes: 200_000, ..cheap() }).await;
    let ana = world.person("ana").await;
    let png = Bytes::from(image(50, ImageFormat::Png));
    let refused = async |pieces| stream(&world, ana.viewer, pieces).await.unwrap_err().code();
    assert_eq!(refused(vec![Ok(png.clone()), Err(BrokenOff)]).await, ErrorCode::UnreadableBody);
    assert_eq!(refused(vec![Err(BrokenOff)]).await, ErrorCode::UnreadableBody);
    assert_eq!(refused(vec![Ok(Bytes::from(vec![0; 200_001]))]).await, ErrorCode::FileTooLarge);
    assert_eq!(refused(vec![]).await, ErrorCode::NotAnImage);
    assert_eq!(refused(vec![Ok(Bytes::from_static(b"<html>"))]).await, ErrorCode::NotAnImage);
    assert_eq!(refused(vec![Ok(png.slice(..png.len() / 2))]).await, ErrorCode::NotAnImage);
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (0, 0));
    world.close().await;
}

#[tokio::test]
async fn images_are_not_hoarded() {
    let world = World::with(reel_user::UserSettings { max_unclaimed_images: 2, ..cheap() }).await;
    let (ana, ben) = (world.person("ana").await, world.person("ben").await);
    let upload = async |owner: &Login| upload_image(&world, owner.viewer, image(50, ImageFormat::Png)).await;
    // A replaced avatar that still waits to be removed is not its owner's any more.
    avatar(&world, &ana).await;
    let kept = upload(&ana).await.unwrap();
    upload(&ana).await.unwrap();
    assert_eq!(upload(&ana).await.unwrap_err().code(), ErrorCode::RateLimited);
    assert!(upload(&ben).await.is_ok());
    assert_eq!(claim(&world, ana.viewer, kept).await["userErrors"], json!([]));
    assert!(upload(&ana).await.is_ok());
    world.close().await;
}

#[tokio::test]
async fn one_person_cannot_take_all_places_for_uploads() {
    let settings = reel_user::UserSettings { image_uploads: 3, image_uploads_each: 2, ..cheap() };
    let world = World::with(settings).await;
    let [ana, ben, cai] = [world.person("ana").await, world.person("ben").await, world.person("cai").await];
    let stalled = [ana.viewer, ana.viewer, ben.viewer].map(|owner| {
        let mut client = world.rpc();
        tokio::spawn(async move {
            // Again, should one of the questions below have had its place.
            loop {
                let pieces = stream::pending::<Result<Bytes, BrokenOff>>();
                let mut request = Request::new(upload::messages(owner.user_id, pieces));
                request.extensions_mut().insert(owner);
                client.upload_image(request).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    });
    let answers = async |expected: [ErrorCode; 2]| {
        let answer = async |owner: &Login| upload_image(&world, owner.viewer, vec![0]).await.unwrap_err().code();
        [answer(&ana).await, answer(&cai).await] == expected
    };
    let refused = [ErrorCode::RateLimited, ErrorCode::Overloaded];
    reel_testkit::eventually("all places are taken", async || answers(refused).await).await;
    stalled.iter().for_each(JoinHandle::abort);
    let read = [ErrorCode::NotAnImage; 2];
    reel_testkit::eventually("the places are free again", async || answers(read).await).await;
    world.close().await;
}

#[tokio::test]
async fn a_sender_that_goes_away_while_the_image_is_stored_leaves_nothing() {
    let world = Arc::new(World::with(reel_user::UserSettings { image_uploads_each: 1, ..cheap() }).await);
    let ana = world.person("ana").await;
    // Holds back the row, which comes before the file.
    let mut holding = world.database.pool().acquire().await.unwrap();
    for statement in ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN", "SELECT id FROM upload FOR UPDATE"] {
        holding.execute(statement).await.unwrap();
    }
    let uploading = tokio::spawn({
        let (world, owner) = (world.clone(), ana.viewer);
        async move { upload_image(&world, owner, image(50, ImageFormat::Png)).await }
    });
    let waits = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO upload%'";
    reel_testkit::eventually("the image is about to be stored", async || world.count(waits).await == 1).await;
    uploading.abort();
    assert!(uploading.await.unwrap_err().is_cancelled());
    let again = async || upload_image(&world, ana.viewer, vec![0]).await.unwrap_err().code();
    assert_eq!(again().await, ErrorCode::RateLimited, "the work goes on and has its place");
    holding.execute("ROLLBACK").await.unwrap();
    reel_testkit::eventually("the place is free", async || again().await == ErrorCode::NotAnImage).await;
    let nothing = async || world.stored_files() == 0 && world.count(UPLOADS).await == 0;
    reel_testkit::eventually("neither row nor file is left", nothing).await;
    drop(holding);
    Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn nobody_uploads_for_someone_else() {
    let world = World::new().await;
    let (ana, ben) = (world.person("ana").await, world.person("ben").await);
    let messages =
        || upload::messages(ana.viewer.user_id, stream::iter([Ok::<_, BrokenOff>(Bytes::from_static(b"x"))]));
    let anonymous = world.rpc().upload_image(Request::new(messages())).await.unwrap_err();
    assert_eq!(anonymous.code(), tonic::Code::Unauthenticated);
    let mut request = Request::new(messages());
    request.extensions_mut().insert(ben.viewer);
    let other = world.rpc().upload_image(request).await.unwrap_err();
    assert_eq!(other.code(), tonic::Code::PermissionDenied);
    world.close().await;
}

#[tokio::test]
async fn an_upload_can_be_discarded_by_its_owner_only_and_not_once_it_is_claimed() {
    let world = World::new().await;
    let (ana, ben) = (world.person("ana").await, world.person("ben").await);
    let discard = async |viewer: Option<Viewer>, id: UploadId| {
        let mut request = Request::new(upload::DiscardUploadRequest { upload_id: id.raw() });
        if let Some(viewer) = viewer {
            request.extensions_mut().insert(viewer);
        }
        world.rpc().discard_upload(request).await.map_err(|status| status.code())
    };
    let one = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    assert_eq!(discard(None, one).await.unwrap_err(), tonic::Code::Unauthenticated);
    assert!(discard(Some(ben.viewer), one).await.is_ok());
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (1, 1), "it is not ben's");
    assert!(discard(Some(ana.viewer), one).await.is_ok());
    assert_eq!((world.stored_files(), world.count(UPLOADS).await), (0, 0));
    assert!(discard(Some(ana.viewer), one).await.is_ok(), "twice is not too often");
    let two = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    assert!(claim(&world, ana.viewer, two).await["user"].is_object());
    assert!(discard(Some(ana.viewer), two).await.is_ok());
    assert_eq!(world.stored_files(), 1, "an avatar stays");
    world.close().await;
}

#[tokio::test]
async fn what_nobody_claims_within_an_hour_is_removed() {
    let mut world = World::new().await;
    let ana = world.person("ana").await;
    let kept = avatar(&world, &ana).await;
    let late = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    world.clock.advance(Duration::from_secs(30 * 60));
    let fresh = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    world.clock.advance(Duration::from_secs(30 * 60));
    let refused = claim(&world, ana.viewer, late).await;
    assert_eq!(refused["userErrors"][0]["code"], "UPLOAD_NOT_FOUND");
    world.clock.advance(Duration::from_secs(61));
    world.restart(cheap()).await;
    reel_testkit::eventually("the late upload is removed", async || world.count(UPLOADS).await == 1).await;
    assert_eq!(world.stored_files(), 2, "the avatar and the upload that can still be claimed");
    let claimed = claim(&world, ana.viewer, fresh).await;
    assert_ne!(claimed["user"]["avatarUrl"], kept);
    world.close().await;
}

#[tokio::test]
async fn files_that_cannot_be_removed_do_not_stand_in_the_way_of_others() {
    let mut world = World::new().await;
    let ana = world.person("ana").await;
    upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap();
    let mut insert = sqlx::QueryBuilder::new("INSERT INTO upload (id, file_key, created_at, expires_at) ");
    let long_ago = reel_id::Clock::now(&*world.clock) - Duration::from_secs(24 * 3_600);
    // More than one batch, all of them older, under names that the file storage does not know.
    insert.push_values(1..=600_i64, |mut row, id| {
        row.push_bind(id).push_bind("nonsense").push_bind(long_ago).push_bind(long_ago);
    });
    insert.build().execute(world.database.pool()).await.unwrap();
    world.clock.advance(Duration::from_secs(3_661));
    world.restart(cheap()).await;
    reel_testkit::eventually("the image is removed", async || world.stored_files() == 0).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM upload WHERE id <= 600").await, 600, "the others are remembered");
    world.close().await;
}

#[tokio::test]
async fn when_the_file_cannot_be_stored_no_row_is_left() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    // A file stands where the folder should be.
    std::fs::write(world.directory.path().join("avatars"), b"").unwrap();
    let error = upload_image(&world, ana.viewer, image(50, ImageFormat::Png)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ServiceUnavailable);
    world.close().await;
}
