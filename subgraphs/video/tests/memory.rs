//! The video domain's use of memory. The test is alone in its process, because it looks at the whole of it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[expect(dead_code, reason = "the other tests' samples")]
#[path = "front_door/samples.rs"]
mod samples;
#[expect(dead_code, reason = "the other tests' world")]
#[path = "front_door/world.rs"]
mod world;

use bytes::Bytes;

use crate::world::{ANA, World};

/// The most memory that this process has ever used, in MiB.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test]
async fn memory_does_not_grow_with_the_file() {
    const PADDING: usize = 190 * 1024 * 1024;
    let world = World::new().await;
    world.upload(ANA, &samples::mp4()).await.unwrap();
    let before = peak_memory_mib();
    let padding = [&u32::try_from(PADDING + 8).unwrap().to_be_bytes()[..], b"free"].concat();
    let zeros = Bytes::from(vec![0; 64 * 1024]);
    let head = [samples::mp4(), padding].concat();
    let pieces = [Ok(Bytes::from(head))].into_iter().chain(std::iter::repeat_n(Ok(zeros), PADDING / (64 * 1024)));
    let upload = world.upload_stream(ANA, pieces.collect()).await.unwrap();
    let stored = world.directory.path().join(format!("files/videos/{upload}.mp4"));
    assert_eq!(std::fs::metadata(stored).unwrap().len(), (samples::mp4().len() + 8 + PADDING) as u64);
    let grown = peak_memory_mib() - before;
    assert!(grown < 64, "{grown} MiB more for a file of 190 MiB");
}
