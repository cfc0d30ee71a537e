//! A client session and a server session, joined: SCRAM-SHA-256, then a message.

use crate::pass;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use core::error::Error;
use mailwire_core::sasl::client::{Credentials, Mechanism, Selector};
use mailwire_core::sasl::server::{Config as SaslConfig, Server as SaslServer, Step};
use mailwire_core::sasl::{Nonce, ScramHash, StoredKeys};
use mailwire_core::{Connection, Next, Secret};
use mailwire_smtp::client::{Client, Config as ClientConfig, Event as ClientEvent};
use mailwire_smtp::server::{Config, Event, Server};
use mailwire_smtp::{Mail, Rcpt};

const SENT: &[u8] = b"Subject: dots\r\n\r\n.\r\n..\r\n";

/// Has the server received what the client has sent, from a user that both have proved themselves to?
pub fn message_arrives() -> bool {
    converse().is_ok_and(|received| received == SENT)
}

fn converse() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut config = Config::new("mx.example".parse()?);
    config.mechanisms.push("SCRAM-SHA-256".parse()?);
    config.require_auth = true;
    let mut server = Server::new(config);
    let mut client = Client::new(ClientConfig::default());

    let nonce = |octet| Nonce::from_random(&[octet; 18]).ok_or("too short");
    let mut theirs =
        SaslServer::new(&"SCRAM-SHA-256".parse()?, SaslConfig::new(nonce(1)?, "pepper"))?;
    let keys =
        StoredKeys::derive(ScramHash::Sha256, &Secret::from("pencil"), &b"a salt"[..], 4096)?;
    let credentials = Credentials::password("user", "pencil")?;
    let mut ours = Selector::new(false).select(["SCRAM-SHA-256"], &credentials, nonce(2)?)?;

    client.ehlo(&"me.example".parse()?)?;
    let mut auth = None;
    let mut received = Vec::new();
    loop {
        let mut moved = pass(&mut client, &mut server) + pass(&mut server, &mut client);
        while let Next::Event(event) = server.poll() {
            moved += 1;
            let (step, pending) = match event {
                Event::Connected { pending } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::Hello { pending, .. } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::Mail { pending, .. } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::Rcpt { pending, .. } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::Data { pending } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::BodyChunk(chunk) => {
                    received.extend_from_slice(&chunk);
                    continue;
                }
                Event::BodyEnd { pending, .. } => {
                    server.answer(pending.accept())?;
                    continue;
                }
                Event::BodyBegin | Event::Quit => continue,
                Event::Auth { auth, pending } => {
                    (theirs.start(auth.initial_response.as_ref().map(Secret::expose)), pending)
                }
                Event::AuthResponse { response, pending } => {
                    (theirs.respond(response.expose()), pending)
                }
                other => {
                    server.decline(other)?;
                    continue;
                }
            };
            let step =
                if let Step::Keys { .. } = step { theirs.keys(Some(keys.clone())) } else { step };
            server.answer(match step {
                Step::Challenge(challenge) => pending.challenge(challenge),
                Step::Success(_) => pending.accept(),
                _ => return Err("AUTH failed".into()),
            })?;
        }
        while let Next::Event(event) = client.poll() {
            moved += 1;
            match event {
                ClientEvent::Greeting(_) => {}
                ClientEvent::Challenge { challenge, .. } => {
                    client.respond(auth.ok_or("unasked")?, &ours.respond(challenge.expose())?)?;
                }
                ClientEvent::Done(done) => match auth {
                    None => auth = Some(client.auth(ours.name().parse()?, ours.initial())?),
                    Some(auth) if done.id() == auth.id() => {
                        done.get(auth).ok_or("no reply")??;
                        ours.success()?;
                        client.mail(Mail::new(
                            "<a@me.example>".parse::<mailwire_smtp::address::ReversePath>()?,
                        ))?;
                        client.rcpt(Rcpt::new(
                            "<b@mx.example>".parse::<mailwire_smtp::address::ForwardPath>()?,
                        ))?;
                        client.data()?;
                    }
                    Some(_) => {}
                },
                ClientEvent::BodyReady { body, .. } => {
                    client.send_body(&body, Bytes::from_static(SENT))?;
                    client.finish_body(body).map_err(|(_, error)| error)?;
                    client.quit()?;
                }
                _ => return Err("unexpected".into()),
            }
        }
        if moved == 0 {
            return Ok(received);
        }
    }
}
