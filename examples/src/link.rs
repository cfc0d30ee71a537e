//! `Link`: a session on a stream, with somebody who writes down what passes.
//!
//! It is the driver's `next`, which polls, else turns, with a look at the wire in between: at the frame of an
//! event before the next poll, at the output before it leaves.

use crate::{
    stream::Stream,
    trace::{Describe, Trace},
};
use bytes::{Buf, Bytes};
use mailwire_core::{
    Connection, Handle, Next, Secured, Switch,
    driver::tokio::{Driver, Happened},
};
use std::{collections::HashMap, future::poll_fn, io, pin::pin, task::Poll};

/// A session on a stream.
#[derive(Debug)]
pub struct Link<C> {
    driver: Driver<C, Stream>,
    trace: Option<Trace>,
    /// Octets of the output that were written down and have not left.
    shown: usize,
    /// The output is the message.
    in_body: bool,
    /// What the commands in flight are called.
    names: HashMap<u64, &'static str>,
}

impl<C: Connection<Event: Describe>> Link<C> {
    /// Puts `session` onto `stream`; with a `trace` all is written down.
    pub fn new(session: C, stream: Stream, trace: Option<Trace>) -> Self {
        Link {
            driver: Driver::new(session, stream),
            trace,
            shown: 0,
            in_body: false,
            names: HashMap::new(),
        }
    }

    /// The session.
    pub fn session(&mut self) -> &mut C {
        self.driver.session_mut()
    }

    /// The stream.
    pub fn stream(&self) -> &Stream {
        self.driver.io()
    }

    /// Who writes down what passes.
    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Calls the session for a command, and remembers what it is called.
    ///
    /// # Errors
    /// The session's.
    pub fn call<T, E>(
        &mut self,
        name: &'static str,
        call: impl FnOnce(&mut C) -> Result<Handle<T>, E>,
    ) -> Result<Handle<T>, E> {
        let handle = call(self.driver.session_mut())?;
        if self.trace.is_some() {
            self.names.insert(handle.id(), name);
        }
        Ok(handle)
    }

    /// The next event, hand-off or end.
    ///
    /// # Errors
    /// The stream's.
    pub async fn next(&mut self) -> io::Result<Happened<C::Event>> {
        loop {
            match self.driver.session_mut().poll() {
                Next::Event(event) => {
                    if let Some(trace) = &self.trace {
                        let name = |id| self.names.get(&id).copied().unwrap_or("?");
                        trace.event(&event, self.driver.session().wire(), &name);
                    }
                    return Ok(Happened::Event(event));
                }
                Next::Switch(switch) => {
                    self.flush().await?;
                    return Ok(Happened::Switch(switch));
                }
                Next::Closed(end) => {
                    self.flush().await?;
                    return Ok(Happened::Closed(end));
                }
                Next::Idle => self.turn().await?,
            }
        }
    }

    /// [`next`](Link::next), if it need not be waited for.
    ///
    /// # Errors
    /// The stream's.
    pub async fn now(&mut self) -> io::Result<Option<Happened<C::Event>>> {
        let mut next = pin!(self.next());
        match poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await {
            Poll::Ready(happened) => happened.map(Some),
            Poll::Pending => Ok(None),
        }
    }

    /// Waits until octets of a body are welcome; 0 when the session is over.
    ///
    /// # Errors
    /// The stream's.
    pub async fn room(&mut self) -> io::Result<usize> {
        loop {
            match self.driver.session().wire() {
                wire if !wire.is_open() => return Ok(0),
                wire if wire.room() > 0 => return Ok(wire.room()),
                _ => self.turn().await?,
            }
        }
    }

    /// From here on the output is the message, or is no longer.
    pub fn set_body(&mut self, in_body: bool) {
        self.look();
        self.in_body = in_body;
    }

    /// Puts a layer under the session.
    ///
    /// # Errors
    /// The layer's; the session has been told.
    pub async fn upgrade<F>(
        &mut self,
        switch: Switch,
        wrap: impl FnOnce(Stream, Bytes) -> F,
    ) -> io::Result<()>
    where
        F: Future<Output = io::Result<(Stream, Secured)>>,
    {
        self.driver.upgrade_in_place(switch, wrap).await?;
        if let (Some(trace), Some(tls)) = (&self.trace, crate::tls::describe(self.driver.io())) {
            trace.note(tls);
        }
        Ok(())
    }

    /// Flushes, says farewell to the layer below, closes.
    ///
    /// # Errors
    /// The stream's.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        self.look();
        self.driver.shutdown().await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.look();
        self.driver.flush().await?;
        self.shown = 0;
        Ok(())
    }

    async fn turn(&mut self) -> io::Result<()> {
        self.look();
        let before = self.unsent();
        let turned = self.driver.turn().await;
        self.shown = self.shown.saturating_sub(before - self.unsent());
        turned
    }

    fn unsent(&mut self) -> usize {
        self.driver.session_mut().wire_mut().output().remaining()
    }

    /// Writes down what has been queued since the last look.
    fn look(&mut self) {
        let Some(trace) = &self.trace else { return };
        let output = self.driver.session_mut().wire_mut().output();
        if output.remaining() > self.shown {
            trace.sent(output.pieces(), self.shown, self.in_body);
            self.shown = output.remaining();
        }
    }
}
