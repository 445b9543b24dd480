/// A real MP4: H.264, one second of 64 by 64 pixels.
pub const CLIP: &[u8] = include_bytes!("../fixtures/clip.mp4");
/// A real PNG of 16 by 16 pixels.
pub const PICTURE: &[u8] = include_bytes!("../fixtures/picture.png");

/// A file as a client sends it: the name and the type are what the client claims.
#[derive(Debug, Clone)]
pub struct File {
    /// The content.
    pub bytes: Vec<u8>,
    /// The claimed name.
    pub name: &'static str,
    /// The claimed type.
    pub media_type: &'static str,
}

impl File {
    /// A real video.
    pub fn video() -> Self {
        Self { bytes: CLIP.to_vec(), name: "clip.mp4", media_type: "video/mp4" }
    }

    /// A real picture.
    pub fn picture() -> Self {
        Self { bytes: PICTURE.to_vec(), name: "picture.png", media_type: "image/png" }
    }

    /// The same claims with another content.
    #[must_use]
    pub fn with_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.bytes = bytes.into();
        self
    }
}
