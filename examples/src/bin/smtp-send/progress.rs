//! A bar for messages that take a while, on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, ReadBuf};

/// Below so many octets there is nothing to see.
const LARGE: u64 = 1024 * 1024;

/// A message that shows how much of it has been read.
#[derive(Debug)]
pub struct Watched<R> {
    message: R,
    bar: ProgressBar,
}

impl<R> Watched<R> {
    /// `size`: octets that there will be.
    pub fn new(message: R, size: u64, is_wanted: bool) -> Self {
        let is_shown = is_wanted && size >= LARGE && io::stderr().is_terminal();
        let target = match is_shown {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(size), target);
        let template = "{bytes:>11} of {total_bytes}  {wide_bar}  {bytes_per_sec}  {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Watched { message, bar }
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.message).poll_read(cx, buf);
        this.bar.inc((buf.filled().len() - before) as u64);
        read
    }
}
