use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use reel_error::{Error, ErrorCode, Result};
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::container::Container;
use crate::config::VideoSettings;

/// The widest cover, in pixels.
const MAX_WIDTH: u32 = 720;
/// The largest picture that ffmpeg may decode, whatever the container said.
const MAX_PIXELS: u32 = 8_192 * 8_192;
/// The largest piece of memory that ffmpeg may ask for at once.
const MAX_ALLOCATION: u32 = 512 * 1024 * 1024;
/// A cover that is larger than this is none.
const MAX_COVER_BYTES: u64 = 8 * 1024 * 1024;
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF];
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes covers with ffmpeg, a bounded number at a time.
#[derive(Debug)]
pub(super) struct Covers {
    ffmpeg: PathBuf,
    timeout: Duration,
    running: Semaphore,
}

/// Makes sure that ffmpeg can be run, so that its lack shows when the process starts and not at the first upload.
///
/// # Errors
/// When it cannot be run; the text names the program and the setting.
pub async fn check_ffmpeg(settings: &VideoSettings) -> anyhow::Result<()> {
    let name = settings.ffmpeg.display();
    let advice = || format!("cannot run `{name}`: install ffmpeg, or set `video.ffmpeg` to where it is");
    let mut command = Command::new(&settings.ffmpeg);
    command.arg("-version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let status = timeout(CHECK_TIMEOUT, command.status()).await.with_context(advice)?.with_context(advice)?;
    anyhow::ensure!(status.success(), "`{name} -version` fails ({status}): set `video.ffmpeg` to an ffmpeg that works");
    Ok(())
}

impl Covers {
    pub(super) fn new(settings: &VideoSettings) -> Self {
        Self {
            ffmpeg: settings.ffmpeg.clone(),
            timeout: settings.ffmpeg_timeout_s.duration(),
            running: Semaphore::new(settings.max_ffmpegs),
        }
    }

    /// The first key frame as a JPEG.
    ///
    /// # Errors
    /// [`ErrorCode::NotAVideo`] when ffmpeg finds none in time. The process is gone then, as when this is dropped.
    pub(super) async fn take(&self, video: &Path, container: Container) -> Result<Bytes> {
        let _permit = self.running.acquire().await.map_err(Error::internal)?;
        let mut child = self.command(video, container).spawn().map_err(Error::internal)?;
        let outcome = timeout(self.timeout, picture(&mut child)).await;
        match outcome {
            Ok(Ok(Some(cover))) => Ok(cover),
            Ok(Ok(None)) => Err(ErrorCode::NotAVideo.into()),
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => {
                // Waiting for its end here keeps the bound on how many run.
                child.kill().await.map_err(Error::internal)?;
                tracing::warn!("ffmpeg was ended because it took too long for a cover");
                Err(ErrorCode::NotAVideo.into())
            }
        }
    }

    /// The demuxer is the one of the format we saw, and it may open nothing but local files, so a playlist or a
    /// reference in the file leads nowhere.
    fn command(&self, video: &Path, container: Container) -> Command {
        let mut input = std::ffi::OsString::from("file:");
        input.push(video);
        let mut command = Command::new(&self.ffmpeg);
        command
            .args(["-nostdin", "-hide_banner", "-v", "error", "-max_alloc", &MAX_ALLOCATION.to_string()])
            .args(["-protocol_whitelist", "file", "-f", container.demuxer()])
            .args(["-threads", "1", "-max_pixels", &MAX_PIXELS.to_string(), "-skip_frame", "nokey"])
            .args(["-an", "-sn", "-dn", "-i"])
            .arg(input)
            .args(["-map", "0:v:0", "-frames:v", "1", "-threads", "1"])
            .args(["-vf", &format!("scale=w='min({MAX_WIDTH},iw)':h=-2")])
            .args(["-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1"])
            .env_remove("FFREPORT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// What ffmpeg writes, if it ends well and is a picture.
async fn picture(child: &mut Child) -> std::io::Result<Option<Bytes>> {
    let mut bytes = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(MAX_COVER_BYTES + 1).read_to_end(&mut bytes).await?;
    }
    let ended_well = child.wait().await?.success();
    let is_picture = bytes.starts_with(JPEG) && bytes.len() as u64 <= MAX_COVER_BYTES;
    Ok((ended_well && is_picture).then(|| bytes.into()))
}
