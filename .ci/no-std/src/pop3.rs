//! A client session and a server session, joined: APOP, then a message that is fetched and deleted.

use crate::pass;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::error::Error;
use mailwire_core::{Connection, Next, Secret};
use mailwire_pop3::client::{Client, Config as ClientConfig, Event as ClientEvent};
use mailwire_pop3::server::{Config, Event, Server};
use mailwire_pop3::{MessageNumber, Timestamp};

const KEPT: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\n";

/// Has the client what the server has kept, and has the server been told to remove it?
pub fn message_is_fetched() -> bool {
    converse().is_ok_and(|(fetched, removed)| fetched == KEPT && removed == 1)
}

fn converse() -> Result<(Vec<u8>, u32), Box<dyn Error>> {
    let mut server = Server::new(Config::default());
    let mut client = Client::new(ClientConfig::default());
    let timestamp: Timestamp = "<1896.697170952@pop.example>".parse()?;
    let secret = Secret::from("tanstaaf");
    let message = MessageNumber::new(1).ok_or("no number")?;
    let mut login = None;
    let (mut fetched, mut removed) = (Vec::new(), 0);
    loop {
        let mut moved = pass(&mut client, &mut server) + pass(&mut server, &mut client);
        while let Next::Event(event) = server.poll() {
            moved += 1;
            match event {
                Event::Connected { pending } => {
                    server.answer(pending.accept_with(timestamp.clone()))?;
                }
                Event::Apop { apop, pending } => {
                    let proved = apop.digest == timestamp.digest(&secret);
                    server.answer(if proved { pending.accept(1) } else { pending.wrong() })?;
                }
                Event::Retr { pending, .. } => server.answer(pending.accept())?,
                Event::BodyReady { body } => {
                    server.send_body(&body, Bytes::from_static(KEPT))?;
                    server.finish_body(body).map_err(|(_, error)| error)?;
                }
                Event::Dele { pending, .. } => server.answer(pending.accept())?,
                Event::Update { deleted, pending } => {
                    removed = deleted.len();
                    server.answer(pending.accept())?;
                }
                other => server.decline(other)?,
            }
        }
        while let Next::Event(event) = client.poll() {
            moved += 1;
            match event {
                ClientEvent::Greeting(_) => {
                    login = Some(client.apop(&"mrose".parse()?, &secret)?);
                }
                ClientEvent::Done(done) => {
                    if let Some(login) = login.take_if(|login| login.id() == done.id()) {
                        done.get(login).ok_or("no answer")??;
                        client.retr(message)?;
                        client.dele(message)?;
                        client.quit()?;
                    }
                }
                ClientEvent::BodyChunk(chunk) => fetched.extend_from_slice(&chunk),
                ClientEvent::BodyBegin { .. } | ClientEvent::BodyEnd { .. } => {}
                _ => return Err("unexpected".into()),
            }
        }
        if moved == 0 {
            return Ok((fetched, removed));
        }
    }
}
