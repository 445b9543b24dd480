//! From whatever image someone uploads to the picture that we store.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, ImageResult, Limits};

/// The longest side of an image that is read, in pixels.
const MAX_SIDE: u32 = 8_192;
/// The most memory that decoding may take: a small file can claim to be a huge picture.
const MAX_DECODED_BYTES: u64 = 192 * 1024 * 1024;
/// The longest side of a stored picture, in pixels.
const STORED_SIDE: u32 = 1_024;

/// Decodes an image (JPEG, PNG, GIF, WebP) and encodes it anew as PNG, upright and at most 1024 pixels wide and high.
/// Nothing but pixels comes through: no EXIF data, no profiles, nothing hidden behind the image's end.
///
/// `None` when the bytes are not an image that can be read within the limits. It computes; call it on a thread for that.
pub(super) fn normalise(upload: &[u8]) -> Option<Vec<u8>> {
    let format = sniff(upload)?;
    let encoded = decode(upload, format).and_then(|(image, orientation)| encode(image, orientation));
    encoded.inspect_err(|error| tracing::debug!(%error, "refused an image")).ok()
}

/// What it is by its content, whatever the client calls it.
fn sniff(upload: &[u8]) -> Option<ImageFormat> {
    match infer::get(upload)?.mime_type() {
        "image/jpeg" => Some(ImageFormat::Jpeg),
        "image/png" => Some(ImageFormat::Png),
        "image/gif" => Some(ImageFormat::Gif),
        "image/webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

fn decode(upload: &[u8], format: ImageFormat) -> ImageResult<(DynamicImage, Orientation)> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // The picture itself counts too; the library leaves that to its own `decode`, which hides the orientation.
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok((DynamicImage::from_decoder(decoder)?, orientation))
}

fn encode(image: DynamicImage, orientation: Orientation) -> ImageResult<Vec<u8>> {
    // Small first: turning a large picture would take its memory twice.
    let is_large = image.width().max(image.height()) > STORED_SIDE;
    let mut image = if is_large { image.thumbnail(STORED_SIDE, STORED_SIDE) } else { image };
    image.apply_orientation(orientation);
    let image: DynamicImage =
        if image.color().has_alpha() { image.into_rgba8().into() } else { image.into_rgb8().into() };
    let mut png = Vec::new();
    image.write_with_encoder(PngEncoder::new(&mut png))?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// Red on the left, blue on the right.
    fn two_halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) })
    }

    fn stored(upload: &[u8]) -> DynamicImage {
        image::load_from_memory_with_format(&normalise(upload).unwrap(), ImageFormat::Png).unwrap()
    }

    /// A JPEG with an EXIF segment that says how to turn it, and a name that nobody should read.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
        tiff.extend(b"the place where it was taken");
        let mut segment = b"Exif\0\0".to_vec();
        segment.extend(tiff);
        let length = u16::try_from(segment.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xFF, 0xE1], &length, &segment, &jpeg[2..]].concat()
    }

    #[test]
    fn every_known_format_becomes_png() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let picture = stored(&encoded(two_halves(40, 20), format));
            assert_eq!((picture.width(), picture.height()), (40, 20), "{format:?}");
        }
    }

    #[test]
    fn a_large_image_is_made_smaller_and_keeps_its_shape() {
        let picture = stored(&encoded(two_halves(3_000, 1_500), ImageFormat::Jpeg));
        assert_eq!((picture.width(), picture.height()), (1_024, 512));
    }

    #[test]
    fn a_turned_photo_is_stored_upright_and_without_its_exif_data() {
        let photo = with_exif(&encoded(two_halves(40, 20), ImageFormat::Jpeg), 6);
        let png = normalise(&photo).unwrap();
        let picture = image::load_from_memory(&png).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (20, 40));
        assert!(picture.get_pixel(10, 2)[0] > 200 && picture.get_pixel(10, 37)[2] > 200, "red above blue");
        assert!(photo.windows(9).any(|part| part == b"the place"));
        assert!(!png.windows(9).any(|part| part == b"the place"));
    }

    #[test]
    fn transparency_is_kept() {
        let image = RgbaImage::from_pixel(4, 4, Rgba([0, 255, 0, 10]));
        assert_eq!(stored(&encoded(image, ImageFormat::Png)).into_rgba8().get_pixel(0, 0)[3], 10);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let png = encoded(two_halves(40, 20), ImageFormat::Png);
        let html = b"<html><script>alert(1)</script></html>".to_vec();
        let named_like_one = [&b"\xFF\xD8\xFF\xE0"[..], &[0; 100]].concat();
        let cut = png[..png.len() / 2].to_vec();
        for upload in [Vec::new(), vec![0; 1_000], html, named_like_one, cut] {
            assert_eq!(normalise(&upload), None);
        }
    }

    #[test]
    fn an_image_that_claims_to_be_huge_is_refused_before_its_memory_is_taken() {
        let too_wide = encoded(RgbImage::new(MAX_SIDE + 1, 1), ImageFormat::Png);
        assert_eq!(normalise(&too_wide), None);
        // 8192 x 8192 in 16 bits with transparency: 512 MiB in memory. Only the header is there.
        let mut header = b"IHDR\0\0\x20\0\0\0\x20\0\x10\x06\0\0\0".to_vec();
        let checksum = crc32(&header).to_be_bytes();
        header.extend(checksum);
        let bomb = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0d"[..], &header, b"\0\0\0\x10IDAT", &[0; 20]].concat();
        assert_eq!(normalise(&bomb), None);
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}
