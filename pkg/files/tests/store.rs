//! What goes into the storage, and that nothing half-finished stays in it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use reel_config::Secret;
use reel_files::{FileError, FileKey, FileKind, FileStore, FilesSettings, S3Settings};
use tempfile::TempDir;

const KEY: FileKey = FileKey::new(FileKind::Mp4, 483_675_103_821_824_000);

fn store() -> (TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let settings = FilesSettings {
        dir: directory.path().join("not/yet/there"),
        public_url: "https://cdn.example.com/files/".to_owned(),
        s3: None,
    };
    let store = FileStore::open(&settings).unwrap();
    (directory, store)
}

/// All files below, finished or not.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

/// Whether the file is there under its own name.
fn is_stored(directory: &Path) -> bool {
    files(directory).iter().any(|file| file.ends_with("videos/483675103821824000.mp4"))
}

fn chunk(length: usize) -> Bytes {
    Bytes::from(vec![7_u8; length])
}

#[tokio::test]
async fn what_is_put_is_there_until_it_is_deleted() {
    let (directory, store) = store();
    assert!(!is_stored(directory.path()));
    store.put(KEY, Bytes::from_static(b"film")).await.unwrap();
    assert!(is_stored(directory.path()));
    let stored = files(directory.path());
    assert!(stored[0].ends_with("not/yet/there/videos/483675103821824000.mp4"), "{stored:?}");
    assert_eq!(std::fs::read(&stored[0]).unwrap(), b"film");
    store.delete(KEY).await.unwrap();
    store.delete(KEY).await.expect("deleting what is not there is fine");
    assert!(files(directory.path()).is_empty());
}

#[tokio::test]
async fn a_stream_of_many_parts_arrives_whole_and_in_order() {
    let (directory, store) = store();
    let pieces: Vec<Vec<u8>> = (0..120_u8).map(|n| vec![n; 100_001]).collect();
    let content: Vec<Result<Bytes, FileError>> = pieces.iter().cloned().map(|piece| Ok(Bytes::from(piece))).collect();
    assert_eq!(store.put_stream(KEY, stream::iter(content)).await.unwrap(), 12_000_120);
    let stored = std::fs::read(&files(directory.path())[0]).unwrap();
    assert!(stored == pieces.concat());
}

#[tokio::test]
async fn a_copy_of_a_local_file_can_be_stored() {
    let (directory, store) = store();
    let original = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(original.path(), vec![1; 300_000]).unwrap();
    assert_eq!(store.put_file(KEY, original.path()).await.unwrap(), 300_000);
    assert_eq!(std::fs::read(&files(directory.path())[0]).unwrap(), vec![1; 300_000]);
    assert!(store.put_file(KEY, Path::new("/no/such/file")).await.is_err());
}

#[tokio::test]
async fn a_file_is_not_seen_before_it_is_whole() {
    let (directory, store) = store();
    let mut writer = store.begin(KEY).await.unwrap();
    writer.write(chunk(6 * 1024 * 1024)).await.unwrap();
    assert!(!is_stored(directory.path()));
    assert_eq!(writer.finish().await.unwrap(), 6 * 1024 * 1024);
    assert!(is_stored(directory.path()));
}

#[tokio::test]
async fn a_stream_that_fails_or_is_given_up_leaves_nothing() {
    let (directory, store) = store();
    let broken = || std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the client went away");
    let content = [Ok(chunk(6 * 1024 * 1024)), Err(FileError::Io(broken()))];
    let error = store.put_stream(KEY, stream::iter(content)).await.unwrap_err();
    assert!(error.to_string().contains("the client went away"), "{error}");
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());

    let mut writer = store.begin(KEY).await.unwrap();
    writer.write(chunk(6 * 1024 * 1024)).await.unwrap();
    writer.abort().await;
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_dropped_upload_leaves_nothing() {
    let (directory, store) = store();
    let mut writer = store.begin(KEY).await.unwrap();
    writer.write(chunk(6 * 1024 * 1024)).await.unwrap();
    assert_eq!(files(directory.path()).len(), 1);
    drop(writer);
    // The destructor hands the work to the runtime, so it is done soon rather than at once.
    let begun = Instant::now();
    while !files(directory.path()).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", files(directory.path()));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_removed_once_it_is_old() {
    let (directory, store) = store();
    store.put(KEY, Bytes::from_static(b"film")).await.unwrap();
    let finished = files(directory.path()).remove(0);
    std::fs::write(finished.with_file_name("7.mp4#1"), b"half").unwrap();
    assert_eq!(store.remove_unfinished(Duration::from_secs(3_600)).await.unwrap(), 0);
    assert_eq!(store.remove_unfinished(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(files(directory.path()), [finished]);
}

#[test]
fn public_addresses_are_the_base_and_the_key() {
    let (_directory, store) = store();
    assert_eq!(store.public_url(KEY), "https://cdn.example.com/files/videos/483675103821824000.mp4");
}

#[test]
fn unusable_settings_are_refused_with_the_name_of_the_setting() {
    let refusal = |settings: FilesSettings| FileStore::open(&settings).unwrap_err().to_string();
    let directory = tempfile::tempdir().unwrap();
    let defaults = || FilesSettings { dir: directory.path().to_owned(), ..FilesSettings::default() };

    let text = refusal(FilesSettings { public_url: "/files".to_owned(), ..defaults() });
    assert_eq!(text, "the setting `files.public_url` must begin with http:// or https://");
    let text = refusal(FilesSettings { dir: "/dev/null/files".into(), ..defaults() });
    assert!(text.starts_with("cannot use the directory /dev/null/files of the setting `files.dir`: "), "{text}");
    let text = refusal(FilesSettings { s3: Some(S3Settings::default()), ..defaults() });
    assert_eq!(text, "the setting `files.s3.bucket` is missing");
    let half = S3Settings { bucket: "b".to_owned(), access_key: Some(Secret::new("k")), ..S3Settings::default() };
    let text = refusal(FilesSettings { s3: Some(half), ..defaults() });
    assert!(text.starts_with("the setting `files.s3.secret_key` and"), "{text}");
}
