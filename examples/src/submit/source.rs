//! `Source`: a message that can be read from its beginning, as often as there are transactions for it.

use std::io;
use tokio::io::AsyncRead;

/// A message that can be read from its beginning, as often as there are transactions for it.
pub trait Source {
    /// The message from its beginning.
    ///
    /// # Errors
    /// The file system's.
    fn reader(&mut self) -> io::Result<impl AsyncRead + Unpin>;
}

impl Source for &[u8] {
    fn reader(&mut self) -> io::Result<impl AsyncRead + Unpin> {
        Ok(*self)
    }
}
