//! `record`: writes a dialogue down, from what is said to a session and what the session makes of it.
//!
//! The script gives the peer's lines and the application's calls; its other lines are dropped and written anew.
//! What is recorded has to be read before it is believed: it says what the session does, not what it should do.

use super::dialogue::{closed, layer};
use super::script::{Escaped, Line, What};
use super::{ActError, Adapter, Dialogue, Failure, Role, Said};
use crate::{Connection, Next, Switch};
use bytes::Buf;
use std::{
    format,
    string::{String, ToString},
    vec::Vec,
};

impl Dialogue {
    /// Plays the lines of the peer and the `A:` lines, each line by itself, and writes down all that comes of them.
    ///
    /// `app` is the application: it is told each event in words and may answer with those of a call, or of several,
    /// each on a line. So a list of lines becomes a dialogue that [`play`](super::play) takes. The session is given
    /// back, to go on with.
    ///
    /// # Errors
    /// A call cannot be done at all, or the session does not come to rest.
    pub fn record<A: Adapter>(
        &self,
        actor: A,
        app: impl FnMut(&str) -> Option<String>,
    ) -> Result<(String, A), Failure> {
        let mut recorder = Recorder {
            actor,
            app,
            text: String::new(),
            body: Vec::new(),
            switch: None,
            over: false,
        };
        recorder.rest()?;
        for (n, line) in self.lines.iter().enumerate() {
            match &line.what {
                What::Octets { from, .. } if *from == A::ROLE => {}
                What::Octets { glued: true, .. } => {}
                What::Octets { octets, .. } => {
                    let mut together = octets.clone();
                    recorder.write(&line.text);
                    for glued in self.lines.iter().skip(n + 1).map_while(glue) {
                        recorder.write(&glued.text);
                        together.extend_from_slice(octets_of(glued));
                    }
                    recorder.feed(&together);
                    recorder.rest()?;
                }
                What::Act(words) => {
                    recorder.act(words)?;
                    recorder.rest()?;
                }
                What::Event(_) | What::Body(_) | What::NotNow(_) => {}
            }
        }
        recorder.flush();
        Ok((recorder.text, recorder.actor))
    }
}

fn glue(line: &Line) -> Option<&Line> {
    matches!(line.what, What::Octets { glued: true, .. }).then_some(line)
}

fn octets_of(line: &Line) -> &[u8] {
    match &line.what {
        What::Octets { octets, .. } => octets,
        _ => &[],
    }
}

struct Recorder<A, F> {
    actor: A,
    app: F,
    text: String,
    body: Vec<u8>,
    switch: Option<Switch>,
    over: bool,
}

/// Events in one go beyond which a session is taken to spin.
const MANY: usize = 1 << 20;

impl<A: Adapter, F: FnMut(&str) -> Option<String>> Recorder<A, F> {
    fn write(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Octets for the peer, and what has come of a body.
    fn flush(&mut self) {
        for line in Escaped(&core::mem::take(&mut self.body)).lines() {
            self.write(&format!("B: {line}"));
        }
        let output = self.actor.session().wire_mut().output();
        let mut said = Vec::new();
        while output.has_remaining() {
            let n = output.chunk().len();
            said.extend_from_slice(output.chunk());
            output.advance(n);
        }
        let own = if A::ROLE == Role::Client { 'C' } else { 'S' };
        for line in Escaped(&said).lines() {
            self.write(&format!("{own}: {line}"));
        }
    }

    fn feed(&mut self, octets: &[u8]) {
        self.actor.session().wire_mut().receive(octets);
    }

    /// Polls until nothing comes any more.
    fn rest(&mut self) -> Result<(), Failure> {
        for _ in 0..MANY {
            let words = match self.actor.session().poll() {
                Next::Event(event) => match self.actor.event(event) {
                    Said::Event(words) => words,
                    Said::Body(octets) => {
                        self.body.extend_from_slice(&octets);
                        continue;
                    }
                    Said::Nothing => continue,
                },
                Next::Switch(switch) => {
                    let words = format!("switch {}", layer(switch.layer()));
                    self.flush();
                    self.write(&format!("E: {words}"));
                    self.body.extend_from_slice(switch.ahead());
                    self.flush();
                    self.switch = Some(switch);
                    self.answer(&words)?;
                    continue;
                }
                Next::Closed(end) => {
                    self.flush();
                    if !core::mem::replace(&mut self.over, true) {
                        self.write(&format!("E: {}", closed(&end)));
                    }
                    return Ok(());
                }
                Next::Idle => {
                    if !self.actor.session().wire_mut().output().has_remaining() {
                        self.flush();
                        return Ok(());
                    }
                    self.flush();
                    continue;
                }
            };
            self.flush();
            self.write(&format!("E: {words}"));
            self.answer(&words)?;
        }
        Err(Failure::new("recorded", 0, "the session does not come to rest".to_string()))
    }

    fn answer(&mut self, words: &str) -> Result<(), Failure> {
        match (self.app)(words) {
            Some(calls) => calls.lines().try_for_each(|call| self.act(call)),
            None => Ok(()),
        }
    }

    fn act(&mut self, words: &str) -> Result<(), Failure> {
        self.flush();
        self.write(&format!("A: {words}"));
        match self.call(words) {
            Ok(()) => Ok(()),
            Err(ActError::NotNow(refused)) => {
                self.write(&format!("N: {refused}"));
                Ok(())
            }
            Err(ActError::Words(why)) => {
                Err(Failure::new("recorded", 0, format!("A: {words}\n! {why}\n{}", self.text)))
            }
        }
    }

    fn call(&mut self, words: &str) -> Result<(), ActError> {
        super::dialogue::call(&mut self.actor, &mut self.switch, words)
    }
}
