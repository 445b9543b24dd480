//! Real small files, made by ffmpeg once and kept for the other tests, which run as processes of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

const PICTURES: &[&str] = &["-f", "lavfi", "-i", "testsrc=size=1280x720:rate=5:duration=1"];
const SOUND: &[&str] = &["-f", "lavfi", "-i", "sine=duration=1"];

pub(crate) fn mp4() -> Vec<u8> {
    sample("plain.mp4", &[PICTURES, SOUND, &["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]])
}

/// With the header first and the pictures in fragments, as recorders write it.
pub(crate) fn fragmented_mp4() -> Vec<u8> {
    let flags = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov"];
    sample("fragmented.mp4", &[PICTURES, &flags])
}

pub(crate) fn mov() -> Vec<u8> {
    sample("plain.mov", &[PICTURES, &["-c:v", "mpeg4", "-f", "mov"]])
}

pub(crate) fn webm() -> Vec<u8> {
    sample("plain.webm", &[PICTURES, &["-c:v", "libvpx", "-deadline", "realtime"]])
}

/// As a browser records it: neither a length nor an index.
pub(crate) fn live_webm() -> Vec<u8> {
    sample("live.webm", &[PICTURES, &["-c:v", "libvpx", "-deadline", "realtime", "-live", "1"]])
}

pub(crate) fn sound_only_mp4() -> Vec<u8> {
    sample("sound.mp4", &[SOUND, &["-c:a", "aac"]])
}

pub(crate) fn sound_only_webm() -> Vec<u8> {
    sample("sound.webm", &[SOUND, &["-c:a", "libopus"]])
}

pub(crate) fn matroska() -> Vec<u8> {
    sample("plain.mkv", &[PICTURES, &["-c:v", "mpeg4"]])
}

pub(crate) fn png() -> Vec<u8> {
    sample("plain.png", &[PICTURES, &["-frames:v", "1"]])
}

/// Where the bytes of the first box of this type begin.
pub(crate) fn position(file: &[u8], kind: &[u8; 4]) -> usize {
    file.windows(4).position(|window| window == kind).expect("the sample has this box") - 4
}

fn sample(name: &str, arguments: &[&[&str]]) -> Vec<u8> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("video-samples-1");
    let path = directory.join(name);
    if !path.exists() {
        std::fs::create_dir_all(&directory).unwrap();
        make(&directory, &path, &arguments.concat());
    }
    std::fs::read(path).unwrap()
}

/// Tests that make the same sample at the same time replace each other's, which is the same.
fn make(directory: &Path, path: &Path, arguments: &[&str]) {
    let own = tempfile::tempdir_in(directory).unwrap();
    let made: PathBuf = own.path().join(path.file_name().unwrap());
    let status = Command::new("ffmpeg").args(["-nostdin", "-v", "error"]).args(arguments).arg(&made).status().unwrap();
    assert!(status.success(), "ffmpeg could not make {}", path.display());
    std::fs::rename(made, path).unwrap();
}
