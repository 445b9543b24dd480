use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// How many reads an inspection may take. Real files need some hundred; a hostile one must come to an end.
const MAX_READS: u32 = 100_000;

/// Why a file is no video, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("not a video: {0}")]
    NotAVideo(&'static str),
    #[error("the file cannot be read: {0}")]
    Io(std::io::Error),
}

pub(super) type Result<T> = std::result::Result<T, Refusal>;

/// Reads small pieces anywhere in a file, a bounded number of times. Nothing a file says decides how much memory is used.
pub(super) struct Reader<F> {
    file: F,
    length: u64,
    reads: u32,
}

impl<F: Read + Seek> Reader<F> {
    pub(super) fn new(mut file: F) -> Result<Self> {
        let length = file.seek(SeekFrom::End(0)).map_err(Refusal::Io)?;
        Ok(Self { file, length, reads: 0 })
    }

    /// The length of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The `N` bytes at `offset`.
    pub(super) fn array<const N: usize>(&mut self, offset: u64) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Fills `bytes` from `offset`.
    pub(super) fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        self.reads += 1;
        if self.reads > MAX_READS {
            return Err(Refusal::NotAVideo("it has too many parts"));
        }
        self.file.seek(SeekFrom::Start(offset)).map_err(Refusal::Io)?;
        self.file.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Refusal::NotAVideo("it ends too early"),
            _ => Refusal::Io(error),
        })
    }
}
