//! The little of ISO/IEC 14496-12 (MP4) and QuickTime that tells a video from other files.
//!
//! The parsers that exist trust what a file says: nested descriptors end in a stack overflow, which nothing catches.
//! This one reads a few fixed fields of known boxes, without recursion.

use std::io::{Read, Seek};

use super::container::Picture;
use super::reader::{Reader, Refusal, Result};

/// One box: its type, and where its content lies.
struct Atom {
    kind: [u8; 4],
    start: u64,
    end: u64,
}

/// What the movie's first picture track says.
pub(super) fn picture<F: Read + Seek>(reader: &mut Reader<F>) -> Result<Picture> {
    let movie = movie(reader)?;
    let mut fragmented = false;
    let mut picture = None;
    let mut at = movie.start;
    while let Some(child) = next(reader, at, movie.end)? {
        match &child.kind {
            b"mvex" => fragmented = true,
            b"trak" if picture.is_none() => picture = track(reader, &child)?,
            _ => {}
        }
        at = child.end;
    }
    let mut picture = picture.ok_or(Refusal::NotAVideo("it has no picture track"))?;
    // Fragments carry their own durations.
    picture.seconds = picture.seconds.filter(|seconds| !fragmented || *seconds > 0.0);
    Ok(picture)
}

/// The `moov` box. Everything up to it must be whole, and the pictures themselves wherever they are.
fn movie<F: Read + Seek>(reader: &mut Reader<F>) -> Result<Atom> {
    let length = reader.length();
    let mut movie = None;
    let mut at = 0;
    while at < length {
        match next(reader, at, length) {
            Ok(Some(atom)) => {
                at = atom.end;
                if &atom.kind == b"moov" && movie.is_none() {
                    movie = Some(atom);
                }
            }
            Ok(None) => break,
            // Some devices put notes of their own behind the movie.
            Err(Refusal::NotAVideo(_)) if movie.is_some() && !is_media(reader, at) => break,
            Err(refusal) => return Err(refusal),
        }
    }
    movie.ok_or(Refusal::NotAVideo("it has no movie header"))
}

fn is_media<F: Read + Seek>(reader: &mut Reader<F>, at: u64) -> bool {
    reader.array::<8>(at).is_ok_and(|header| matches!(&header[4..], b"mdat" | b"moof"))
}

/// The box at `at`, which must end at or before `end`; nothing when fewer bytes are left than a header has.
fn next<F: Read + Seek>(reader: &mut Reader<F>, at: u64, end: u64) -> Result<Option<Atom>> {
    if end.saturating_sub(at) < 8 {
        return Ok(None);
    }
    let [a, b, c, d, kind @ ..]: [u8; 8] = reader.array(at)?;
    let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (8, end - at),
        1 => (16, u64::from_be_bytes(reader.array(at + 8)?)),
        size => (8, u64::from(size)),
    };
    let stop = at.checked_add(size).filter(|stop| *stop <= end).ok_or(Refusal::NotAVideo("it ends too early"))?;
    if size < header {
        return Err(Refusal::NotAVideo("a box is smaller than its header"));
    }
    Ok(Some(Atom { kind, start: at + header, end: stop }))
}

/// The picture of a track, if it is a track of pictures.
fn track<F: Read + Seek>(reader: &mut Reader<F>, track: &Atom) -> Result<Option<Picture>> {
    let mut size = None;
    let mut media = None;
    let mut at = track.start;
    while let Some(child) = next(reader, at, track.end)? {
        match &child.kind {
            b"tkhd" => size = Some(dimensions(reader, &child)?),
            b"mdia" => media = Some(media_seconds(reader, &child)?),
            _ => {}
        }
        at = child.end;
    }
    match (size, media) {
        (Some((width, height)), Some((true, seconds))) => Ok(Some(Picture { width, height, seconds })),
        _ => Ok(None),
    }
}

/// Width and height, which end the track header as 16.16 fixed-point numbers.
fn dimensions<F: Read + Seek>(reader: &mut Reader<F>, header: &Atom) -> Result<(u64, u64)> {
    let [version] = reader.array(header.start)?;
    let offset = if version == 1 { 88 } else { 76 };
    let [a, b, _, _, c, d, _, _] = field(reader, header, offset)?;
    Ok((u16::from_be_bytes([a, b]).into(), u16::from_be_bytes([c, d]).into()))
}

/// Whether these are pictures, and how long they last.
fn media_seconds<F: Read + Seek>(reader: &mut Reader<F>, media: &Atom) -> Result<(bool, Option<f64>)> {
    let mut pictures = false;
    let mut seconds = None;
    let mut at = media.start;
    while let Some(child) = next(reader, at, media.end)? {
        match &child.kind {
            b"hdlr" => pictures = field::<4, F>(reader, &child, 8)? == *b"vide",
            b"mdhd" => seconds = Some(duration(reader, &child)?),
            _ => {}
        }
        at = child.end;
    }
    Ok((pictures, seconds))
}

fn duration<F: Read + Seek>(reader: &mut Reader<F>, header: &Atom) -> Result<f64> {
    let [version] = reader.array(header.start)?;
    let (scale, duration) = if version == 1 {
        (field(reader, header, 20)?, u64::from_be_bytes(field(reader, header, 24)?))
    } else {
        (field(reader, header, 12)?, u32::from_be_bytes(field(reader, header, 16)?).into())
    };
    match u32::from_be_bytes(scale) {
        0 => Err(Refusal::NotAVideo("it has no time scale")),
        // Rounding does not matter to a check of what is sane.
        scale => Ok(duration as f64 / f64::from(scale)),
    }
}

/// Bytes at an offset of a box's content, which must lie in the box.
fn field<const N: usize, F: Read + Seek>(reader: &mut Reader<F>, atom: &Atom, offset: u64) -> Result<[u8; N]> {
    if atom.start + offset + N as u64 > atom.end {
        return Err(Refusal::NotAVideo("a box is smaller than its fields"));
    }
    reader.array(atom.start + offset)
}
