//! A message on its way: into a file or through to the next hop, then onto the disk, then the answer. RFC 5321 §4.4,
//! §6.1; reports of delivery: RFC 3461 §5.2

use super::{Connected, Error, Goes, Lines, Received, Transaction};
use crate::{
    authenticate::reply,
    maildir::Incoming,
    notification::{Action, Notification},
    relay,
    store::{Store, begin, deliver},
    timestamp,
};
use bytes::Bytes;
use mailwire_core::Secured;
use mailwire_smtp::{
    Reply,
    address::ForwardPath,
    server::{Answer, Message, Pending, Protocol},
    trace::{Clause, ExtendedDomain, ReturnPath, TcpInfo},
};
use std::path::PathBuf;

impl Connected<'_> {
    /// The transaction comes to nothing.
    pub(super) async fn forget(&mut self) {
        let Some(transaction) = self.transaction.take() else { return };
        if let Goes::Through = transaction.message
            && let Some(relay) = self.relay.take()
        {
            // Half a message has no end: only the connection's.
            relay.give_up().await;
        }
    }

    /// Opens the file, or has the next hop open its ears, and puts the lines in front.
    pub(super) async fn begin(&mut self) -> Result<(), Reply> {
        let Some(transaction) = &mut self.transaction else { return Err(no_storage()) };
        let mut message = match (&self.receiver.store, &mut self.relay) {
            (Store::Discard, _) => return Ok(()),
            (Store::Relay(_), Some(relay)) => {
                relay.data().await?;
                Goes::Through
            }
            (Store::Relay(_), None) => return Err(no_storage()),
            (Store::Maildir(_), _) => {
                let message = begin(&transaction.maildirs).await.map_err(|_| no_storage())?;
                Goes::File(Box::new(message))
            }
        };
        let mut lines = Vec::new();
        if self.receiver.lines == Lines::ReturnPath {
            ReturnPath(transaction.mail.reverse_path.clone()).encode(&mut lines);
        }
        if let (true, Some(host)) = (self.receiver.lines != Lines::None, &self.hello) {
            let mut tcp_info = TcpInfo::new(self.address.into());
            if let Some(name) = &self.name {
                tcp_info = tcp_info.with_name(name.clone());
            }
            let from = ExtendedDomain::with_tcp_info(host.clone(), tcp_info);
            let session = self.link.session();
            let line = timestamp::now().and_then(|now| session.received(from, now));
            let to: Vec<_> = transaction.to.iter().map(|rcpt| &rcpt.forward_path).collect();
            let line = line.and_then(|line| match to.as_slice() {
                // Of several none is told: they need not know of each other (RFC 5321 §7.6).
                [ForwardPath::Path(one)] => line.with(Clause::For(one.clone().into())),
                _ => Ok(line),
            });
            line.map_err(|_| no_storage())?.encode(&mut lines);
        }
        let lines = Bytes::from(lines);
        let written = match (&mut message, &mut self.relay) {
            (Goes::File(message), _) => message.write(&lines).await.map_err(|_| no_storage()),
            (Goes::Through, Some(relay)) => relay.chunk(lines).await,
            _ => Ok(()),
        };
        transaction.message = message;
        transaction.is_begun = true;
        written
    }

    pub(super) async fn on_chunk(&mut self, octets: Bytes) -> Result<(), Error> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        if let Goes::Nowhere = transaction.message {
            return Ok(());
        }
        transaction.hops.look(&octets);
        if let Some(header) = &mut transaction.header {
            header.look(&octets);
        }
        let written = match (&mut transaction.message, &mut self.relay) {
            _ if transaction.hops.seen() > self.receiver.hops => Err(too_many_hops()),
            (Goes::File(message), _) => message.write(&octets).await.map_err(|_| no_storage()),
            (Goes::Through, Some(relay)) => relay.chunk(octets).await,
            _ => Ok(()),
        };
        if let Err(reply) = written {
            Box::pin(self.forget()).await;
            self.is_in_body = false;
            self.link.session().refuse_body(reply)?;
        }
        Ok(())
    }

    /// The message is whole: onto the disk with it, then the answer.
    pub(super) async fn finish(
        &mut self,
        mut transaction: Transaction,
        (octets, wanted): (u64, usize),
        pending: Pending<Message>,
        on_message: &impl Fn(Received),
    ) -> Answer {
        let (to, maildirs) = (transaction.to.len(), std::mem::take(&mut transaction.maildirs));
        let mut files = Vec::new();
        let mut replies = Vec::new();
        match std::mem::replace(&mut transaction.message, Goes::Nowhere) {
            Goes::Nowhere => {}
            Goes::File(message) => {
                replies = vec![reply(250, (2, 0, 0), "Message accepted for delivery"); to];
                file(*message, &maildirs, &mut replies, &mut files).await;
            }
            Goes::Through => {
                let relayed = match &mut self.relay {
                    Some(relay) => relay.finish(to).await,
                    None => Err(no_storage()),
                };
                replies = relayed.unwrap_or_else(|reply| vec![reply; to]);
            }
        }
        self.report(&transaction, &replies).await;
        let failed = replies.iter().find(|reply| reply.is_negative()).cloned();
        let first = replies.first().cloned();
        let told = failed.clone().or(first).unwrap_or_else(accepted);
        let answer = match (self.receiver.config.protocol, failed) {
            (Protocol::Lmtp, _) if !replies.is_empty() => pending.each(replies),
            // PRDR
            (Protocol::Smtp, _) if wanted > 1 => pending.each(replies),
            // SMTP has one reply: who has it already gets it again rather than that one goes without.
            (Protocol::Smtp, Some(failed)) => pending.reject(failed),
            // The next hop's own words: its queue has a name for the message.
            (Protocol::Smtp, None) if self.relay.is_some() => pending.accept_with(told.clone()),
            _ => pending.accept(),
        };
        on_message(self.received(transaction, octets, told, files));
        answer
    }

    /// Tells the sender of those who have the message, if it wants to know and nobody else will say so. It is done
    /// before the message is accepted: who is told of it twice has lost nothing. That it fails is told to the operator.
    async fn report(&mut self, transaction: &Transaction, replies: &[Reply]) {
        let Some(header) = &transaction.header else { return };
        let (action, next) = match &self.receiver.store {
            Store::Relay(next) => (Action::Relayed, Some(next.host().to_owned())),
            _ => (Action::Delivered, None),
        };
        let host = self.receiver.config.host.clone();
        let mut notification = Notification::new(host, action, next);
        for (rcpt, reply) in transaction.to.iter().zip(replies) {
            notification.add(rcpt, reply);
        }
        let sent = match notification.report(&transaction.mail, header) {
            Ok(None) => return,
            Ok(Some(report)) => {
                let to = &transaction.mail.reverse_path;
                match (&mut self.relay, &self.receiver.reports) {
                    (Some(relay), _) => relay.report(to, &report).await,
                    (None, Some(next)) => relay::report(next, to, &report).await,
                    (None, None) => return,
                }
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = sent {
            eprintln!("no report to {}: {error}", transaction.mail.reverse_path);
        }
    }

    pub(super) fn received(
        &mut self,
        transaction: Transaction,
        octets: u64,
        reply: Reply,
        files: Vec<PathBuf>,
    ) -> Received {
        let Transaction { mail, to, .. } = transaction;
        let tls = self.link.session().secured() == Secured::Tls;
        let user = self.user.clone();
        let to = to.into_iter().map(|rcpt| rcpt.forward_path).collect();
        // It was said of this message.
        let client = self.forwarded.take().unwrap_or(self.address);
        Received { from: mail.reverse_path, to, octets, files, user, tls, client, reply }
    }
}

/// Into the Maildirs, one for each recipient; those where it fails get another reply.
async fn file(
    message: Incoming,
    maildirs: &[PathBuf],
    replies: &mut [Reply],
    files: &mut Vec<PathBuf>,
) {
    // Two recipients may have one Maildir: the message goes there once.
    let mut folders = maildirs.to_vec();
    folders.sort();
    folders.dedup();
    let Ok(results) = deliver(message, &folders).await else {
        return replies.fill(no_storage());
    };
    for (folder, result) in folders.iter().zip(results) {
        match result {
            Ok(file) => files.push(file),
            Err(_) => {
                let failed = maildirs.iter().zip(&mut *replies).filter(|(of, _)| *of == folder);
                failed.for_each(|(_, reply)| *reply = no_storage());
            }
        }
    }
}

pub(super) fn too_many_hops() -> Reply {
    reply(554, (5, 4, 6), "Too many hops: this message goes round in circles")
}

pub(super) fn shutting_down() -> Reply {
    reply(421, (4, 3, 2), "Service shutting down, closing")
}

pub(super) fn accepted() -> Reply {
    reply(250, (2, 0, 0), "Message accepted")
}

pub(super) fn no_storage() -> Reply {
    reply(452, (4, 3, 1), "Cannot store this message now")
}
