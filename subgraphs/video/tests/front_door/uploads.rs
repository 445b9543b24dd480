use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reel_auth::call::CallSigner;
use reel_id::UserId;
use reel_rpc::video::video_service_client::VideoServiceClient;
use reel_rpc::{Channel, upload};
use reel_testkit::eventually;
use reel_video::{VideoSettings, check_ffmpeg};
use sqlx::Executor;
use tokio::task::JoinHandle;
use tonic::Request;

use crate::samples;
use crate::world::{ANA, BEN, CAI, World, person};

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
async fn a_sender_in_another_process_learns_of_the_refusal_while_it_sends() {
    let world = World::with(|settings| settings.max_file_bytes = 25_000).await;
    let (listener, address) = reel_testkit::listener().await;
    let server = tonic::transport::Server::builder().add_service(world.video.rpc.clone());
    let serving = tokio::spawn(server.serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(listener)));
    let signer = CallSigner::new(&world.key, world.clock.clone());
    let channel = Channel::connect(&format!("http://{address}"), reel_video::NAME, signer)
        .unwrap()
        .with_timeout(Duration::from_secs(20));
    let mut client = VideoServiceClient::new(channel);
    for (content, expected) in [(vec![7; 20_000_000], "FILE_TOO_LARGE"), (vec![7; 20_000], "NOT_A_VIDEO")] {
        let messages = upload::messages(UserId::from(ANA), futures::stream::iter([Ok::<_, String>(content.into())]));
        let mut request = Request::new(messages);
        request.extensions_mut().insert(person(ANA));
        let response = client.upload_video(request).await.unwrap().into_inner();
        assert_eq!(upload::outcome(response).unwrap_err().code().name(), expected);
    }
    serving.abort();
    assert_nothing_is_left(&world).await;
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
async fn an_upload_can_be_discarded_by_its_owner_only_and_not_once_it_is_published() {
    let world = World::new().await;
    let discard = async |viewer: Option<i64>, upload_id: i64| {
        let mut request = Request::new(upload::DiscardUploadRequest { upload_id });
        if let Some(viewer) = viewer {
            request.extensions_mut().insert(person(viewer));
        }
        world.client().discard_upload(request).await.map_err(|status| status.code())
    };
    let one = world.upload(ANA, &samples::mp4()).await.unwrap();
    assert_eq!(discard(None, one).await.unwrap_err(), tonic::Code::Unauthenticated);
    assert!(discard(Some(BEN), one).await.is_ok());
    assert_eq!((world.count("upload").await, world.all_files().len()), (1, 2), "it is not Ben's");
    assert!(discard(Some(ANA), one).await.is_ok());
    assert_nothing_is_left(&world).await;
    assert!(discard(Some(ANA), one).await.is_ok(), "twice is not too often");
    let two = world.upload(ANA, &samples::mp4()).await.unwrap();
    assert!(world.publish(ANA, two, "a title", "").await["video"].is_object());
    assert!(discard(Some(ANA), two).await.is_ok());
    assert_eq!(world.all_files().len(), 2, "a published video stays");
}

/// An ffmpeg that writes its process id to a file and then hangs.
fn hanging_ffmpeg(directory: &Path) -> PathBuf {
    let script = directory.join("ffmpeg");
    let text =
        format!("#!/bin/sh\necho $$ > {0}/pid.new && mv {0}/pid.new {0}/pid\nexec sleep 1000\n", directory.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    script
}

/// Whether the process has ended: nobody may have waited for it yet (`Z`). Its command line would not tell, as it is
/// empty also while the process turns into another program.
fn has_ended(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/status", pid.trim())).map_or(true, |status| status.contains("State:\tZ"))
}

#[tokio::test]
async fn a_caller_that_goes_away_while_ffmpeg_runs_leaves_neither_file_nor_process() {
    let directory = tempfile::tempdir().unwrap();
    let world = Arc::new(World::with(|settings| settings.ffmpeg = hanging_ffmpeg(directory.path())).await);
    let uploading = tokio::spawn({
        let world = world.clone();
        async move { world.upload(ANA, &samples::mp4()).await }
    });
    let pid_file = directory.path().join("pid");
    eventually("ffmpeg runs", async || pid_file.exists()).await;
    let pid = std::fs::read_to_string(pid_file).unwrap();
    assert!(!has_ended(&pid));
    uploading.abort();
    assert!(uploading.await.unwrap_err().is_cancelled());
    eventually("the file is removed", async || world.all_files().is_empty()).await;
    eventually("ffmpeg is ended", async || has_ended(&pid)).await;
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_files_are_stored_leaves_nothing() {
    let world = Arc::new(World::with(|settings| settings.max_uploads_each = 1).await);
    // Holds back the row, which comes before the files.
    let mut holding = world.database.pool().acquire().await.unwrap();
    for statement in ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN", "SELECT id FROM upload FOR UPDATE"] {
        holding.execute(statement).await.unwrap();
    }
    let uploading = tokio::spawn({
        let world = world.clone();
        async move { world.upload(ANA, &samples::mp4()).await }
    });
    let waits = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO upload%'";
    let is_waiting = async || sqlx::query_scalar::<_, i64>(waits).fetch_one(world.database.pool()).await.unwrap() == 1;
    eventually("the upload is about to be stored", is_waiting).await;
    uploading.abort();
    assert!(uploading.await.unwrap_err().is_cancelled());
    assert_eq!(world.all_files().len(), 1, "the work goes on");
    assert_eq!(world.upload(ANA, b"no video").await, Err("RATE_LIMITED".into()), "and has its place");
    holding.execute("ROLLBACK").await.unwrap();
    let is_free = async || world.upload(ANA, b"no video").await == Err("NOT_A_VIDEO".into());
    eventually("the place is free", is_free).await;
    // The spooled file is there until both are stored, and those are there until they are discarded.
    eventually("all files are removed", async || world.all_files().is_empty()).await;
    eventually("the row is removed", async || world.count("upload").await == 0).await;
}

#[tokio::test]
async fn a_storage_that_fails_leaves_nothing() {
    let world = World::new().await;
    // A file where the covers' directory should be: the video is stored, its cover cannot be.
    std::fs::write(world.directory.path().join("files/covers"), "").unwrap();
    let failure = world.upload(ANA, &samples::mp4()).await.unwrap_err();
    assert!(!failure.contains("covers"), "{failure}");
    std::fs::remove_file(world.directory.path().join("files/covers")).unwrap();
    world.clock.advance(Duration::from_secs(3_601));
    let again = world.start_again().await;
    eventually("nothing is left", async || world.count("upload").await == 0 && world.all_files().is_empty()).await;
    drop(again);
}

#[tokio::test]
async fn a_sender_that_stalls_is_given_up() {
    let world = World::with(|settings| settings.upload_idle_s = reel_config::Seconds(0)).await;
    let stalled = futures::stream::pending::<Result<Bytes, String>>();
    let messages = upload::messages(UserId::from(ANA), stalled);
    let mut request = Request::new(messages);
    request.extensions_mut().insert(person(ANA));
    let response = world.client().upload_video(request).await.unwrap().into_inner();
    assert_eq!(upload::outcome(response).unwrap_err().code().name(), "TIMEOUT");
    assert_nothing_is_left(&world).await;
}

#[tokio::test]
async fn nobody_uploads_unsigned_or_for_another() {
    let world = World::new().await;
    let messages = || upload::messages(UserId::from(ANA), futures::stream::iter([Ok::<_, String>(Bytes::new())]));
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
async fn one_person_cannot_take_all_places_for_uploads() {
    let world = World::with(|settings| (settings.max_uploads, settings.max_uploads_each) = (3, 2)).await;
    let stalled = [ANA, ANA, BEN].map(|owner| {
        let mut client = world.client();
        tokio::spawn(async move {
            // Again, should one of the questions below have had its place.
            loop {
                let pieces = futures::stream::pending::<Result<Bytes, String>>();
                let mut request = Request::new(upload::messages(UserId::from(owner), pieces));
                request.extensions_mut().insert(person(owner));
                client.upload_video(request).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    });
    let answers = async |expected: [&str; 2]| {
        let answer = async |owner| world.upload(owner, b"no video").await.unwrap_err();
        [answer(ANA).await, answer(CAI).await] == expected
    };
    eventually("all places are taken", async || answers(["RATE_LIMITED", "OVERLOADED"]).await).await;
    stalled.iter().for_each(JoinHandle::abort);
    eventually("the places are free again", async || answers(["NOT_A_VIDEO"; 2]).await).await;
    assert_nothing_is_left(&world).await;
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
    let world = World::with(|settings| {
        settings.ffmpeg = hanging_ffmpeg(directory.path());
        settings.ffmpeg_timeout_s = reel_config::Seconds(1);
    })
    .await;
    assert_eq!(world.upload(ANA, &samples::mp4()).await, Err("NOT_A_VIDEO".into()));
    assert!(has_ended(&std::fs::read_to_string(directory.path().join("pid")).unwrap()));
    assert_nothing_is_left(&world).await;
}
