//! Bytes on their way between a task and a blocking thread.

use crate::io::ReadBuf;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

/// Bytes that have been read and not yet taken, or that are to be written.
///
/// All of its memory is initialised, once, when it grows; it does not shrink.
#[derive(Default)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    /// What is in it: `memory[start..end]`.
    start: usize,
    end: usize,
}

impl Buffer {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Moves as much as `destination` has room for out of it.
    #[inline]
    pub(crate) fn take_into(&mut self, destination: &mut ReadBuf<'_>) {
        let length = self.len().min(destination.remaining());
        destination.put_slice(&self.memory[self.start..self.start + length]);
        self.start += length;
    }

    /// Puts up to `limit` bytes of `sources` into it, in place of what there was, and returns how many.
    #[inline]
    pub(crate) fn fill(&mut self, sources: &[IoSlice<'_>], limit: usize) -> usize {
        self.clear();
        for source in sources {
            let source = &source[..source.len().min(limit - self.end)];
            let (over, beyond) = source.split_at(source.len().min(self.memory.len() - self.end));
            self.memory[self.end..self.end + over.len()].copy_from_slice(over);
            self.memory.extend_from_slice(beyond);
            self.end += source.len();
            if self.end == limit {
                break;
            }
        }
        self.end
    }

    /// Reads once, up to `limit` bytes, in place of what there was.
    pub(crate) fn read_from(&mut self, mut reader: impl Read, limit: usize) -> io::Result<()> {
        self.clear();
        if self.memory.len() < limit {
            // Not `resize`: the system has zeroed memory, and the old bytes are of no use.
            self.memory = vec![0; limit];
        }
        loop {
            match reader.read(&mut self.memory[..limit]) {
                Ok(length) => {
                    self.end = length;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes everything. If that fails, what has not been written is still in it.
    pub(crate) fn write_to(&mut self, mut writer: impl Write) -> io::Result<()> {
        while !self.is_empty() {
            match writer.write(&self.memory[self.start..self.end]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => self.start += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Buffer {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("length", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_from_several_slices_up_to_the_limit() {
        let mut buffer = Buffer::default();
        let sources = [b"one ".as_slice(), b"", b"two ", b"three"].map(IoSlice::new);
        assert_eq!(buffer.fill(&sources, 100), 13);
        let mut written = Vec::new();
        buffer.write_to(&mut written).unwrap();
        assert_eq!(written, b"one two three");
        assert!(buffer.is_empty());

        // The second time over memory that is there, and beyond it.
        for limit in [1, 6, 13, 20] {
            let sources = [b"12345".as_slice(), b"6789012345"].map(IoSlice::new);
            assert_eq!(buffer.fill(&sources, limit), limit.min(15));
            let mut written = Vec::new();
            buffer.write_to(&mut written).unwrap();
            assert_eq!(written, &b"123456789012345"[..limit.min(15)]);
        }
    }

    /// Takes so many bytes, and then fails.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.1);
            if length == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.extend(&bytes[..length]);
            self.1 -= length;
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_could_not_be_written_stays() {
        let mut buffer = Buffer::default();
        buffer.fill(&[IoSlice::new(b"0123456789")], 100);
        let mut file = Full(Vec::new(), 4);
        for _ in 0..2 {
            let error = buffer.write_to(&mut file).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert_eq!(buffer.len(), 6);
        }
        file.1 = 100;
        buffer.write_to(&mut file).unwrap();
        assert_eq!(file.0, b"0123456789");
        assert!(buffer.is_empty());
        buffer.fill(&[IoSlice::new(b"x")], 100);
        let error = buffer.write_to([].as_mut_slice()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
        assert_eq!(buffer.len(), 1);
    }

    #[test]
    fn what_was_read_is_taken_in_pieces() {
        let mut buffer = Buffer::default();
        buffer.read_from(b"0123456789".as_slice(), 8).unwrap();
        assert_eq!(buffer.len(), 8);
        let mut memory = [0; 5];
        for expected in ["01234", "567", ""] {
            let mut destination = ReadBuf::new(&mut memory);
            buffer.take_into(&mut destination);
            assert_eq!(destination.filled(), expected.as_bytes());
        }
    }
}
