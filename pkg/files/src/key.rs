use std::fmt;
use std::str::FromStr;

use object_store::path::Path;

/// What a file is. It decides the folder, the name's end and the content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A video in MP4.
    Mp4,
    /// A video in QuickTime's format.
    Mov,
    /// A video in WebM.
    Webm,
    /// A picture from a video, JPEG.
    Cover,
    /// A person's picture, PNG.
    Avatar,
}

/// The name of a stored file: `videos/<id>.mp4`, `covers/<id>.jpg`, `avatars/<id>.png`. It is made from a kind and an id
/// of ours, or read from a text that has exactly this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey {
    kind: FileKind,
    id: i64,
}

/// The text is not the name of a file that we could have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a file key: expected videos/<id>.mp4, .mov or .webm, covers/<id>.jpg or avatars/<id>.png")]
pub struct KeyError;

impl FileKind {
    const ALL: [Self; 5] = [Self::Mp4, Self::Mov, Self::Webm, Self::Cover, Self::Avatar];

    /// The folder of its files.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Mp4 | Self::Mov | Self::Webm => "videos",
            Self::Cover => "covers",
            Self::Avatar => "avatars",
        }
    }

    /// The end of its files' names, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Webm => "webm",
            Self::Cover => "jpg",
            Self::Avatar => "png",
        }
    }

    /// The content type it is served with.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
            Self::Webm => "video/webm",
            Self::Cover => "image/jpeg",
            Self::Avatar => "image/png",
        }
    }
}

impl FileKey {
    /// The key of a file of this kind with this id (a positive snowflake; an id belongs to one content for ever).
    pub const fn new(kind: FileKind, id: i64) -> Self {
        Self { kind, id }
    }

    /// What the file is.
    pub const fn kind(self) -> FileKind {
        self.kind
    }

    /// The id it was made from.
    pub const fn id(self) -> i64 {
        self.id
    }

    pub(crate) fn path(self) -> Path {
        Path::from(self.to_string())
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}.{}", self.kind.folder(), self.id, self.kind.extension())
    }
}

impl FromStr for FileKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (folder, name) = text.split_once('/').ok_or(KeyError)?;
        let (id, extension) = name.split_once('.').ok_or(KeyError)?;
        let known = |kind: &FileKind| kind.folder() == folder && kind.extension() == extension;
        let kind = FileKind::ALL.into_iter().find(known).ok_or(KeyError)?;
        if id.starts_with('0') || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(KeyError);
        }
        Ok(Self { kind, id: id.parse().map_err(|_| KeyError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_itself() {
        for kind in FileKind::ALL {
            let key = FileKey::new(kind, i64::MAX);
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert_eq!(FileKey::new(FileKind::Mov, 7).to_string(), "videos/7.mov");
    }

    #[test]
    fn no_other_text_is_a_key() {
        for text in [
            "",
            "/",
            "videos",
            "videos/",
            "videos/.mp4",
            "videos/7",
            "videos/7.",
            "videos/7.exe",
            "videos/7.png",
            "covers/7.mp4",
            "other/7.mp4",
            "/videos/7.mp4",
            "videos//7.mp4",
            "videos/07.mp4",
            "videos/0.mp4",
            "videos/-7.mp4",
            "videos/+7.mp4",
            "videos/7.mp4.",
            "videos/7.mp4#1",
            "videos/7.mp4/",
            "videos/../7.mp4",
            "../videos/7.mp4",
            "videos/7.mp4\0",
            "videos/٧.mp4",
            "VIDEOS/7.mp4",
            "videos/7.MP4",
            "videos\\7.mp4",
            "videos/9223372036854775808.mp4",
            "videos/7 .mp4",
        ] {
            assert_eq!(text.parse::<FileKey>(), Err(KeyError), "{text:?}");
        }
    }
}
