use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::PathBuf;
use std::time::Duration;

use reel_error::{Error, ErrorCode};
use reel_files::FileKind;

use super::reader::{Reader, Refusal, Result};
use super::{ebml, mp4};

/// The widest and the highest picture, in pixels.
const MAX_SIDE: u64 = 8_192;
/// The longest video, in seconds.
const MAX_SECONDS: f64 = 24.0 * 3_600.0;
/// An inspection reads a bounded number of small pieces; only a disk that hangs takes longer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The format around the pictures, as the file itself shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Mp4,
    Mov,
    Webm,
}

/// What the container says about its pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Picture {
    pub(super) width: u64,
    pub(super) height: u64,
    /// In seconds. Recordings that were written as they went do not say.
    pub(super) seconds: Option<f64>,
}

impl Container {
    /// ffmpeg's name of the one demuxer that may read the file.
    pub(super) fn demuxer(self) -> &'static str {
        match self {
            Self::Mp4 | Self::Mov => "mov",
            Self::Webm => "matroska",
        }
    }

    pub(super) fn kind(self) -> FileKind {
        match self {
            Self::Mp4 => FileKind::Mp4,
            Self::Mov => FileKind::Mov,
            Self::Webm => FileKind::Webm,
        }
    }
}

/// Finds out what the file is, off the async threads.
///
/// # Errors
/// [`ErrorCode::NotAVideo`] when it is none of the formats or has no sane picture track.
pub(super) async fn inspect(path: PathBuf) -> reel_error::Result<Container> {
    let inspection = tokio::task::spawn_blocking(move || inspect_file(&path));
    let outcome = tokio::time::timeout(TIMEOUT, inspection).await;
    match outcome {
        Ok(Ok(Ok(container))) => Ok(container),
        Ok(Ok(Err(refusal @ Refusal::NotAVideo(_)))) => {
            tracing::info!(%refusal, "refused an upload");
            Err(ErrorCode::NotAVideo.into())
        }
        Ok(Ok(Err(refusal))) => Err(Error::internal(refusal)),
        Ok(Err(panic)) => Err(Error::internal(panic)),
        Err(late) => Err(Error::internal(late)),
    }
}

fn inspect_file(path: &std::path::Path) -> Result<Container> {
    let file = File::open(path).map_err(Refusal::Io)?;
    inspect_reader(BufReader::new(file))
}

fn inspect_reader(file: impl Read + Seek) -> Result<Container> {
    let mut reader = Reader::new(file)?;
    let magic: [u8; 12] = reader.array(0)?;
    let (container, picture) = match magic {
        [0x1A, 0x45, 0xDF, 0xA3, ..] => (Container::Webm, ebml::picture(&mut reader)?),
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' '] => (Container::Mov, mp4::picture(&mut reader)?),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => (Container::Mp4, mp4::picture(&mut reader)?),
        _ => return Err(Refusal::NotAVideo("it begins like no known format")),
    };
    check(picture)?;
    Ok(container)
}

fn check(picture: Picture) -> Result<()> {
    let sane = 1..=MAX_SIDE;
    if !sane.contains(&picture.width) || !sane.contains(&picture.height) {
        return Err(Refusal::NotAVideo("its picture has an impossible size"));
    }
    match picture.seconds {
        Some(seconds) if !(seconds > 0.0 && seconds <= MAX_SECONDS) => {
            Err(Refusal::NotAVideo("it has an impossible length"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn refused(bytes: &[u8]) -> String {
        match inspect_reader(Cursor::new(bytes)) {
            Err(Refusal::NotAVideo(reason)) => reason.to_owned(),
            other => panic!("{other:?}"),
        }
    }

    fn bx(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 8).unwrap();
        [&length.to_be_bytes()[..], kind, content].concat()
    }

    fn movie(width: u16, handler: &[u8; 4], duration: u32, extra: &[u8]) -> Vec<u8> {
        let mut header = vec![0; 84];
        header[76..78].copy_from_slice(&width.to_be_bytes());
        header[80..82].copy_from_slice(&100_u16.to_be_bytes());
        let mut media = vec![0; 24];
        media[12..16].copy_from_slice(&1_000_u32.to_be_bytes());
        media[16..20].copy_from_slice(&duration.to_be_bytes());
        let mut kind = vec![0; 24];
        kind[8..12].copy_from_slice(handler);
        let media = bx(b"mdia", &[bx(b"mdhd", &media), bx(b"hdlr", &kind)].concat());
        let track = bx(b"trak", &[bx(b"tkhd", &header), media].concat());
        [bx(b"ftyp", b"isom\0\0\0\0"), bx(b"moov", &[track, extra.to_vec()].concat())].concat()
    }

    #[test]
    fn a_movie_with_a_picture_track_is_read() {
        assert_eq!(inspect_reader(Cursor::new(movie(160, b"vide", 2_000, b""))).unwrap(), Container::Mp4);
        let fragmented = movie(160, b"vide", 0, &bx(b"mvex", b""));
        assert_eq!(inspect_reader(Cursor::new(fragmented)).unwrap(), Container::Mp4);
    }

    #[test]
    fn impossible_movies_are_refused() {
        assert_eq!(refused(&movie(0, b"vide", 2_000, b"")), "its picture has an impossible size");
        assert_eq!(refused(&movie(9_000, b"vide", 2_000, b"")), "its picture has an impossible size");
        assert_eq!(refused(&movie(160, b"vide", 0, b"")), "it has an impossible length");
        assert_eq!(refused(&movie(160, b"vide", u32::MAX - 1, b"")), "it has an impossible length");
        assert_eq!(refused(&movie(160, b"soun", 2_000, b"")), "it has no picture track");
    }

    #[test]
    fn what_is_cut_or_claims_too_much_is_refused() {
        let whole = movie(160, b"vide", 2_000, b"");
        for length in 0..whole.len() {
            refused(&whole[..length]);
        }
        let mut cut = whole.clone();
        cut.extend_from_slice(&[0, 0, 1, 0, b'm', b'd', b'a', b't', 1, 2, 3]);
        assert_eq!(refused(&cut), "it ends too early");
    }

    #[test]
    fn files_that_hurt_other_parsers_are_only_refused() {
        // A size of 2^56 - 3, which must not be allocated.
        let huge = [&[0x1A, 0x45, 0xDF, 0xA3, 0x84, 0x42, 0x82, 0x01][..], &[0xFF; 20]].concat();
        refused(&huge);
        // Boxes within boxes, which must not be descended into.
        let mut nested = Vec::new();
        for _ in 0..20_000 {
            nested.extend_from_slice(b"\0\0\0\x08trak");
        }
        let file = [bx(b"ftyp", b"isom\0\0\0\0"), bx(b"moov", &nested)].concat();
        refused(&file);
        // A million empty boxes, which must not be walked for ever.
        let many = [bx(b"ftyp", b"isom\0\0\0\0"), b"\0\0\0\x08free".repeat(1_000_000)].concat();
        assert_eq!(refused(&many), "it has too many parts");
    }

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        [id, &[0x40, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn webm(kind: u8, duration: f32) -> Vec<u8> {
        let info = element(&[0x15, 0x49, 0xA9, 0x66], &element(&[0x44, 0x89], &duration.to_be_bytes()));
        let size = [element(&[0xB0], &[1, 64]), element(&[0xBA], &[240])].concat();
        let track = element(&[0xAE], &[element(&[0x83], &[kind]), element(&[0xE0], &size)].concat());
        let tracks = element(&[0x16, 0x54, 0xAE, 0x6B], &track);
        let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"webm"));
        [header, element(&[0x18, 0x53, 0x80, 0x67], &[info, tracks].concat())].concat()
    }

    #[test]
    fn a_webm_with_a_picture_track_is_read_and_impossible_ones_are_refused() {
        assert_eq!(inspect_reader(Cursor::new(webm(1, 2_000.0))).unwrap(), Container::Webm);
        assert_eq!(refused(&webm(2, 2_000.0)), "it has no picture track");
        for duration in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
            assert_eq!(refused(&webm(1, duration)), "it has an impossible length");
        }
    }

    #[test]
    fn no_single_byte_upsets_the_inspection() {
        for whole in [movie(160, b"vide", 2_000, b""), webm(1, 2_000.0)] {
            for position in 0..whole.len() {
                for value in [0, 1, 2, 7, 8, 0x0F, 0x40, 0x7F, 0x80, 0xFE, 0xFF] {
                    let mut changed = whole.clone();
                    changed[position] = value;
                    // It must come back, with whatever answer; overflows and panics would not.
                    assert!(!matches!(inspect_reader(Cursor::new(changed)), Err(Refusal::Io(_))));
                }
            }
        }
    }

    #[test]
    fn other_files_are_refused() {
        for bytes in
            [&b""[..], b"hello", b"<!doctype html><html>", b"\x89PNG\r\n\x1a\n0000", b"#EXTM3U\n#EXTINF:1,\na.ts\n"]
        {
            refused(bytes);
        }
        let mut garbage = bx(b"ftyp", b"isom\0\0\0\0");
        garbage.extend((0..5_000_u32).map(|number| (number * 7_919 % 251) as u8));
        refused(&garbage);
    }
}
