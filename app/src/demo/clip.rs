use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A real MP4 of four seconds, drawn by ffmpeg from one of its generated pictures.
pub(super) async fn make(ffmpeg: &Path, picture: &str) -> Result<Vec<u8>> {
    let file = tempfile::Builder::new().suffix(".mp4").tempfile().context("cannot make a temporary file")?;
    let separator = if picture.contains('=') { ":" } else { "=" };
    let source = format!("{picture}{separator}size=360x640:rate=24");
    let drawing = Command::new(ffmpeg)
        .args(["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", &source, "-t", "4"])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "30",
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
        ])
        .arg(file.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(TIMEOUT, drawing).await.context("ffmpeg took too long")?;
    let output = output.with_context(|| format!("cannot start {}", ffmpeg.display()))?;
    ensure!(output.status.success(), "ffmpeg failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(tokio::fs::read(file.path()).await?)
}
