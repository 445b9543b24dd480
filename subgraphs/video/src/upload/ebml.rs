//! The little of EBML (RFC 8794) and Matroska (RFC 9559) that tells a WebM from other files.
//!
//! The parser that exists allocates what a file says and descends as deep as it says, and both end the process. This one
//! reads a few numbers of known elements, without recursion.

use std::io::{Read, Seek};

use super::container::Picture;
use super::reader::{Reader, Refusal, Result};

const EBML: u32 = 0x1A45_DFA3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const VIDEO: u32 = 0xE0;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;

const TRACK_OF_PICTURES: u64 = 1;
const NANOSECONDS: f64 = 1e9;

/// One element: its id, and where its content lies.
struct Element {
    id: u32,
    start: u64,
    end: u64,
}

/// What the first picture track says.
pub(super) fn picture<F: Read + Seek>(reader: &mut Reader<F>) -> Result<Picture> {
    let length = reader.length();
    let header = next(reader, 0, length)?.ok_or(Refusal::NotAVideo("it ends too early"))?;
    if header.id != EBML || !is_webm(reader, &header)? {
        return Err(Refusal::NotAVideo("it is not a WebM"));
    }
    let segment = find(reader, header.end, length, SEGMENT)?.ok_or(Refusal::NotAVideo("it has no segment"))?;
    let mut seconds = None;
    let mut picture = None;
    let mut at = segment.start;
    while let Some(child) = next(reader, at, segment.end)? {
        match child.id {
            INFO => seconds = duration(reader, &child)?,
            TRACKS => picture = tracks(reader, &child)?,
            // Tracks come before the pictures themselves.
            CLUSTER => break,
            _ => {}
        }
        at = child.end;
    }
    let (width, height) = picture.ok_or(Refusal::NotAVideo("it has no picture track"))?;
    Ok(Picture { width, height, seconds })
}

fn is_webm<F: Read + Seek>(reader: &mut Reader<F>, header: &Element) -> Result<bool> {
    let Some(kind) = find(reader, header.start, header.end, DOC_TYPE)? else { return Ok(false) };
    Ok(kind.end - kind.start == 4 && reader.array(kind.start)? == *b"webm")
}

fn tracks<F: Read + Seek>(reader: &mut Reader<F>, tracks: &Element) -> Result<Option<(u64, u64)>> {
    let mut at = tracks.start;
    while let Some(entry) = next(reader, at, tracks.end)? {
        at = entry.end;
        if entry.id != TRACK_ENTRY {
            continue;
        }
        let kind = number(reader, &entry, TRACK_TYPE)?;
        let video = find(reader, entry.start, entry.end, VIDEO)?;
        if let (Some(TRACK_OF_PICTURES), Some(video)) = (kind, video) {
            let size = (number(reader, &video, PIXEL_WIDTH)?, number(reader, &video, PIXEL_HEIGHT)?);
            return Ok(Some((size.0.unwrap_or(0), size.1.unwrap_or(0))));
        }
    }
    Ok(None)
}

/// In seconds; recordings that were written as they went have none.
fn duration<F: Read + Seek>(reader: &mut Reader<F>, info: &Element) -> Result<Option<f64>> {
    let Some(element) = find(reader, info.start, info.end, DURATION)? else { return Ok(None) };
    let duration = match element.end - element.start {
        4 => f32::from_be_bytes(reader.array(element.start)?).into(),
        8 => f64::from_be_bytes(reader.array(element.start)?),
        _ => return Err(Refusal::NotAVideo("its length is not a number")),
    };
    let scale = number(reader, info, TIMESTAMP_SCALE)?.unwrap_or(1_000_000);
    Ok(Some(duration * scale as f64 / NANOSECONDS))
}

/// The unsigned number in the first child with this id.
fn number<F: Read + Seek>(reader: &mut Reader<F>, parent: &Element, id: u32) -> Result<Option<u64>> {
    let Some(element) = find(reader, parent.start, parent.end, id)? else { return Ok(None) };
    let length = usize::try_from(element.end - element.start).ok().filter(|length| *length <= 8);
    let length = length.ok_or(Refusal::NotAVideo("a number is too long"))?;
    let mut bytes = [0; 8];
    reader.read(element.start, &mut bytes[8 - length..])?;
    Ok(Some(u64::from_be_bytes(bytes)))
}

/// The first element with this id among the siblings from `at` to `end`.
fn find<F: Read + Seek>(reader: &mut Reader<F>, mut at: u64, end: u64, id: u32) -> Result<Option<Element>> {
    while let Some(element) = next(reader, at, end)? {
        if element.id == id {
            return Ok(Some(element));
        }
        at = element.end;
    }
    Ok(None)
}

/// The element at `at`, which must end at or before `end`; nothing at the end.
fn next<F: Read + Seek>(reader: &mut Reader<F>, at: u64, end: u64) -> Result<Option<Element>> {
    if at >= end {
        return Ok(None);
    }
    let (id, id_length) = id(reader, at)?;
    let (size, size_length) = size(reader, at + id_length)?;
    let start = at + id_length + size_length;
    let stop = match size {
        Some(size) => start.checked_add(size).filter(|stop| *stop <= end),
        // What is recorded as it goes has no size; it ends with what it is in.
        None if matches!(id, SEGMENT | CLUSTER) && start <= end => Some(end),
        None => None,
    };
    Ok(Some(Element { id, start, end: stop.ok_or(Refusal::NotAVideo("it ends too early"))? }))
}

/// An id of one to four bytes, and its length.
fn id<F: Read + Seek>(reader: &mut Reader<F>, at: u64) -> Result<(u32, u64)> {
    let [first] = reader.array(at)?;
    let length = first.leading_zeros() as usize + 1;
    if length > 4 {
        return Err(Refusal::NotAVideo("it has an impossible element"));
    }
    let mut bytes = [0; 4];
    reader.read(at, &mut bytes[4 - length..])?;
    Ok((u32::from_be_bytes(bytes), length as u64))
}

/// A size of one to eight bytes, and its length. All ones mean that the size is not known.
fn size<F: Read + Seek>(reader: &mut Reader<F>, at: u64) -> Result<(Option<u64>, u64)> {
    let [first] = reader.array(at)?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return Err(Refusal::NotAVideo("it has an impossible size"));
    }
    let mut bytes = [0; 8];
    reader.read(at, &mut bytes[8 - length..])?;
    let unknown = (1_u64 << (7 * length)) - 1;
    let size = u64::from_be_bytes(bytes) & unknown;
    Ok(((size != unknown).then_some(size), length as u64))
}
