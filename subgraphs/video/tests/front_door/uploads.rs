use std::time::Duration;

use bytes::Bytes;
use reel_testkit::eventually;
use reel_video::{VideoSettings, check_ffmpeg};
use tonic::Request;

use crate::samples;
use crate::world::{ANA, BEN, World, person};

async fn assert_nothing_is_left(world: &World) {
    assert_eq!(world.count("upload").await, 0);
    assert_eq!(world.all_files(), Vec::<String>::new());
}

#[tokio::test]
async fn real_videos_of_every_format_are_stored_with_a_cover() {
    let world = World::new().await;
    for (extension, content) in [
        ("mp4", samples::mp4()),
        ("mp4", samples::fragmented_mp4()),
        ("mov", samples::mov()),
        ("webm", samples::webm()),
        ("webm", samples::live_webm()),
    ] {
        let upload = world.upload(ANA, &content).await.unwrap();
        let payload = world.publish(ANA, upload, "a title", "").await;
        let video = &payload["video"];
        assert_eq!(video["playUrl"], format!("http://files.test/videos/{upload}.{extension}"));
        assert_eq!(video["coverUrl"], format!("http://files.test/covers/{upload}.jpg"));
        let stored = std::fs::read(world.directory.path().join(format!("files/videos/{upload}.{extension}"))).unwrap();
        assert!(stored == content, "the stored {extension} is the uploaded one");
        assert_eq!(jpeg_width(&world, upload), 720);
    }
    assert_eq!(world.count("upload").await, 0);
    assert_eq!(std::fs::read_dir(world.spool()).unwrap().count(), 0);
}

/// From the frame header of a baseline JPEG.
fn jpeg_width(world: &World, upload: i64) -> u16 {
    let cover = std::fs::read(world.directory.path().join(format!("files/covers/{upload}.jpg"))).unwrap();
    assert_eq!(cover[..3], [0xFF, 0xD8, 0xFF]);
    let frame = cover.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    u16::from_be_bytes([cover[frame + 7], cover[frame + 8]])
}

fn hostile_files() -> Vec<(&'static str, Vec<u8>)> {
    let mp4 = samples::mp4();
    let movie = samples::position(&mp4, b"moov");
    let mut broken_movie = mp4.clone();
    broken_movie[movie + 8..].fill(0xA5);
    // The tables are right and the pictures are noise, so only decoding tells.
    let mut noise = mp4.clone();
    let pictures = samples::position(&noise, b"mdat") + 8;
    noise[pictures..movie].fill(0xFF);
    let mut garbage = b"\0\0\0\x18ftypisom\0\0\0\0isommp42".to_vec();
    garbage.extend((0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8));
    let webm = samples::webm();
    vec![
        ("zero bytes", Vec::new()),
        ("text", b"this is not a video\n".repeat(1_000)),
        ("a page", b"<!doctype html><script>alert(1)</script>".repeat(100)),
        ("a playlist", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n".to_vec()),
        ("a concat script", b"ffconcat version 1.0\nfile '/etc/passwd'\n".to_vec()),
        ("a picture", samples::png()),
        ("sound in MP4", samples::sound_only_mp4()),
        ("sound in WebM", samples::sound_only_webm()),
        ("Matroska that is no WebM", samples::matroska()),
        ("an MP4 cut before its movie", mp4[..movie].to_vec()),
        ("an MP4 cut within its movie", mp4[..movie + 100].to_vec()),
        ("an MP4 cut near its end", mp4[..mp4.len() - 1].to_vec()),
        ("an MP4 with a broken movie", broken_movie),
        ("an MP4 with noise for pictures", noise),
        ("a file type and garbage", garbage),
        ("a WebM cut in half", webm[..webm.len() / 2].to_vec()),
        ("a playlist behind a file type", [&b"\0\0\0\x10ftypisom\0\0\0\0"[..], b"#EXTM3U\n/etc/passwd\n"].concat()),
    ]
}

#[tokio::test]
async fn what_is_no_video_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    for (what, content) in hostile_files() {
        assert_eq!(world.upload(ANA, &content).await, Err("NOT_A_VIDEO".into()), "{what}");
    }
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_while_it_arrives() {
    let world = World::with(|settings| settings.max_file_bytes = 25_000).await;
    let mut pieces: Vec<Result<Bytes, String>> = vec![Ok(Bytes::from(vec![7; 10_000])); 3];
    // Were it read to its end, it would be broken off.
    pieces.push(Err("the sender would still be sending".into()));
    assert_eq!(world.upload_stream(ANA, pieces).await, Err("FILE_TOO_LARGE".into()));
    assert_nothing_is_left(&world).await;
    let exactly = World::with(|settings| settings.max_file_bytes = samples::mp4().len() as u64).await;
    assert!(exactly.upload(ANA, &samples::mp4()).await.is_ok());
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let half = samples::mp4()[..20_000].to_vec();
    let pieces = vec![Ok(Bytes::from(half)), Err("the connection is gone".into())];
    assert_eq!(world.upload_stream(ANA, pieces).await, Err("UNREADABLE_BODY".into()));
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn an_upload_whose_caller_goes_away_leaves_nothing() {
    let world = World::new().await;
    let content = samples::mp4();
    // The caller goes after less and less time: while bytes arrive, while ffmpeg runs, while files are stored.
    for patience_ms in [1, 5, 20, 50, 80, 100, 120, 150, 200] {
        let _answer = tokio::time::timeout(Duration::from_millis(patience_ms), world.upload(BEN, &content)).await;
    }
    let finished = async || {
        let kept = world.count("upload").await;
        let files = world.all_files().len() as i64;
        // An upload that finished in time is there with both of its files; of the others there is nothing.
        files == 2 * kept
    };
    eventually("files and rows agree", finished).await;
    let ready: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM upload WHERE ready = 1")
        .fetch_one(world.database.pool())
        .await
        .unwrap();
    assert_eq!(ready, world.count("upload").await);
}

#[tokio::test]
async fn a_sender_that_stalls_is_given_up() {
    let world = World::with(|settings| settings.upload_idle_s = reel_config::Seconds(0)).await;
    let stalled = futures::stream::pending::<Result<Bytes, String>>();
    let messages = reel_rpc::upload::messages(reel_id::UserId::from(ANA), stalled);
    let mut request = Request::new(messages);
    request.extensions_mut().insert(person(ANA));
    let response = world.client().upload_video(request).await.unwrap().into_inner();
    assert_eq!(reel_rpc::upload::outcome(response).unwrap_err().code().name(), "TIMEOUT");
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn nobody_uploads_unsigned_or_for_another() {
    let world = World::new().await;
    let messages = || {
        reel_rpc::upload::messages(reel_id::UserId::from(ANA), futures::stream::iter([Ok::<_, String>(Bytes::new())]))
    };
    let anonymous = world.client().upload_video(messages()).await.unwrap_err();
    assert_eq!(anonymous.code(), tonic::Code::Unauthenticated);
    let mut for_another = Request::new(messages());
    for_another.extensions_mut().insert(person(BEN));
    assert_eq!(world.client().upload_video(for_another).await.unwrap_err().code(), tonic::Code::PermissionDenied);
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn uploads_are_not_hoarded() {
    let world = World::with(|settings| settings.max_unclaimed = 2).await;
    world.pretend_upload(ANA).await;
    world.pretend_upload(ANA).await;
    assert_eq!(world.upload(ANA, &samples::mp4()).await, Err("RATE_LIMITED".into()));
    assert!(world.upload(BEN, &samples::mp4()).await.is_ok());
}

#[tokio::test]
async fn what_nobody_claims_in_time_is_swept_away() {
    let world = World::new().await;
    world.upload(ANA, &samples::mp4()).await.unwrap();
    assert_eq!(world.all_files().len(), 2);
    world.clock.advance(Duration::from_secs(3_599));
    let other = world.start_again().await;
    world.upload(ANA, &samples::webm()).await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    let another = world.start_again().await;
    // The younger one is still there.
    let swept = async || world.count("upload").await == 1 && world.all_files().len() == 2;
    eventually("the older upload is swept away", swept).await;
    drop((other, another));
    assert!(world.all_files().iter().all(|name| name.ends_with(".webm") || name.ends_with(".jpg")));
}

#[tokio::test]
async fn what_killed_processes_left_in_the_spool_is_cleared_at_the_start() {
    let world = World::new().await;
    let (old, young) = (world.spool().join("video-old"), world.spool().join("video-young"));
    std::fs::write(&old, "x").unwrap();
    std::fs::write(&young, "x").unwrap();
    let file = std::fs::File::options().write(true).open(&young).unwrap();
    // The test's clock is that of the domain, not the machine's.
    let recently = chrono::DateTime::parse_from_rfc3339("2026-01-01T07:30:00Z").unwrap();
    file.set_modified(recently.into()).unwrap();
    let long_ago = chrono::DateTime::parse_from_rfc3339("2026-01-01T06:59:00Z").unwrap();
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago.into()).unwrap();
    world.start_again().await;
    assert!(!old.exists() && young.exists());
}

#[tokio::test]
async fn a_missing_ffmpeg_is_named_before_anything_starts() {
    assert!(check_ffmpeg(&VideoSettings::default()).await.is_ok());
    let missing = VideoSettings { ffmpeg: "/nowhere/ffmpeg".into(), ..VideoSettings::default() };
    let text = format!("{:#}", check_ffmpeg(&missing).await.unwrap_err());
    assert!(text.contains("/nowhere/ffmpeg") && text.contains("video.ffmpeg"), "{text}");
    let wrong = VideoSettings { ffmpeg: "false".into(), ..VideoSettings::default() };
    assert!(check_ffmpeg(&wrong).await.is_err());
}

#[tokio::test]
async fn an_ffmpeg_that_hangs_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("ffmpeg");
    std::fs::write(&script, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let world = World::with(|settings| {
        settings.ffmpeg = script;
        settings.ffmpeg_timeout_s = reel_config::Seconds(1);
    })
    .await;
    assert_eq!(world.upload(ANA, &samples::mp4()).await, Err("NOT_A_VIDEO".into()));
    assert_nothing_is_left(&world).await;
}
