//! The output queue against a model that is too simple to be wrong: one flat list, looked through from its
//! beginning each time.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod toy;

use bytes::{Buf, Bytes};
use mailwire_core::Connection;
use proptest::prelude::*;
use std::io::IoSlice;

#[derive(Clone, Debug)]
enum Op {
    Write(Vec<u8>),
    Shared(Vec<u8>),
    Secret(Vec<u8>),
    Wait,
    QueueBody,
    /// Ends the command begun so many commands ago.
    Mark(usize),
    /// The wait point or body that the output stands at, if it is one.
    Release,
    Cancel,
    PutBody(Vec<u8>),
    WriteBody(Vec<u8>),
    CloseBody,
    /// Of another command: nothing must happen.
    ReleaseOther(usize),
    CancelOther(usize),
    Advance(usize),
    Rest,
    Fail,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Octet(u8, bool),
    Wait(u64),
    Body(u64),
    Mark(u64),
}

#[derive(Debug, Default)]
struct Model(Vec<Item>, bool);

impl Model {
    fn barrier(&self) -> usize {
        let barrier = |item: &Item| matches!(item, Item::Wait(_) | Item::Body(_));
        self.0.iter().position(barrier).unwrap_or(self.0.len())
    }

    fn at(&self) -> Option<&Item> {
        self.0.get(self.barrier())
    }

    /// What may leave: octets, and whether they are secret.
    fn visible(&self) -> Vec<(u8, bool)> {
        let octet = |item: &Item| match item {
            Item::Octet(octet, secret) => Some((*octet, *secret)),
            _ => None,
        };
        self.0[..self.barrier()].iter().filter_map(octet).collect()
    }

    fn item(&mut self, item: Item) {
        // Nothing is queued after the end.
        self.0.extend((!self.1).then_some(item));
    }

    fn push(&mut self, octets: &[u8], secret: bool) {
        self.0.extend(
            if self.1 { &[] } else { octets }.iter().map(|octet| Item::Octet(*octet, secret)),
        );
    }

    fn push_body(&mut self, octets: &[u8]) {
        let at = self.barrier();
        self.0.splice(at..at, octets.iter().map(|octet| Item::Octet(*octet, false)));
    }

    fn cancel(&mut self, id: u64) {
        let from = self.barrier();
        if self.0.get(from) == Some(&Item::Wait(id)) {
            let mark = self.0[from..].iter().position(|item| *item == Item::Mark(id));
            self.0.drain(from..mark.map_or(self.0.len(), |mark| from + mark + 1));
        }
    }

    fn advance(&mut self, n: usize) {
        let mut left = n.min(self.visible().len());
        self.0.retain(|item| {
            let goes = left > 0 && matches!(item, Item::Octet(..));
            left -= usize::from(goes);
            !goes
        });
    }

    fn is_drained(&self) -> bool {
        self.0.iter().all(|item| matches!(item, Item::Mark(_)))
    }
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        40 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (any::<u8>(), 16_000..18_000usize).prop_map(|(octet, n)| vec![octet; n]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => octets().prop_map(Op::Write),
        2 => octets().prop_map(Op::Shared),
        2 => octets().prop_map(Op::Secret),
        2 => Just(Op::Wait),
        2 => Just(Op::QueueBody),
        2 => (0..3usize).prop_map(Op::Mark),
        3 => Just(Op::Release),
        2 => Just(Op::Cancel),
        2 => octets().prop_map(Op::PutBody),
        2 => octets().prop_map(Op::WriteBody),
        3 => Just(Op::CloseBody),
        1 => (0..4usize).prop_map(Op::ReleaseOther),
        1 => (0..4usize).prop_map(Op::CancelOther),
        4 => prop_oneof![0..20usize, 0..40_000usize].prop_map(Op::Advance),
        2 => Just(Op::Rest),
        1 => Just(Op::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn shows_what_the_model_shows(ops in prop::collection::vec(op(), 1..60)) {
        let mut session = toy::client().session;
        let mut model = Model::default();
        let mut ids = Vec::new();
        for op in ops {
            let channel = &mut session.channel;
            let nth = |n: usize| ids.iter().rev().nth(n).copied().unwrap_or(u64::MAX);
            let at = model.at().cloned();
            match &op {
                Op::Write(octets) => {
                    channel.write(|out| out.extend_from_slice(octets));
                    model.push(octets, false);
                }
                Op::Shared(octets) => {
                    channel.put_shared(Bytes::copy_from_slice(octets));
                    model.push(octets, false);
                }
                Op::Secret(octets) => {
                    channel.put_secret(octets.as_slice().into());
                    model.push(octets, true);
                }
                Op::Wait => {
                    let id = channel.number();
                    ids.push(id);
                    channel.wait(id);
                    model.item(Item::Wait(id));
                }
                Op::QueueBody => {
                    let id = channel.number();
                    ids.push(id);
                    channel.queue_body(id);
                    model.item(Item::Body(id));
                }
                Op::Mark(n) => {
                    channel.mark(nth(*n));
                    model.item(Item::Mark(nth(*n)));
                }
                Op::Release => {
                    if let Some(Item::Wait(id)) = at {
                        prop_assert!(channel.release(id));
                        model.0.remove(model.barrier());
                    }
                }
                Op::ReleaseOther(n) => {
                    if at != Some(Item::Wait(nth(*n))) {
                        prop_assert!(!channel.release(nth(*n)));
                    }
                }
                Op::Cancel => {
                    if let Some(Item::Wait(id)) = at {
                        channel.cancel(id);
                        model.cancel(id);
                    }
                }
                Op::CancelOther(n) => {
                    channel.cancel(nth(*n));
                    model.cancel(nth(*n));
                }
                Op::PutBody(octets) => {
                    if let Some(Item::Body(_)) = at {
                        channel.put_body(Bytes::copy_from_slice(octets));
                        model.push_body(octets);
                    }
                }
                Op::WriteBody(octets) => {
                    if let Some(Item::Body(_)) = at {
                        channel.write_body(|out| out.extend_from_slice(octets));
                        model.push_body(octets);
                    }
                }
                Op::CloseBody => {
                    channel.close_body();
                    if let Some(Item::Body(_)) = at {
                        model.0.remove(model.barrier());
                    }
                }
                Op::Advance(n) => {
                    channel.wire_mut().output().advance(*n);
                    model.advance(*n);
                }
                // `poll` at rest gives empty buffers back.
                Op::Rest => drop(session.poll()),
                Op::Fail => {
                    channel.close();
                    let barrier = model.barrier();
                    model.0.truncate(barrier);
                    model.1 = true;
                }
            }

            let channel = &mut session.channel;
            let at = model.at().cloned();
            let wait = if let Some(Item::Wait(id)) = at { Some(id) } else { None };
            prop_assert_eq!(channel.waiting(), wait, "{:?}", op);
            prop_assert_eq!(channel.is_drained(), model.is_drained(), "{:?}", op);
            let visible = model.visible();
            let room = channel.limits().output.saturating_sub(visible.len());
            prop_assert_eq!(channel.wire().room(), room);
            for id in &ids {
                // After the end no body is open for anyone.
                let body = channel.body(*id);
                let open = at == Some(Item::Body(*id)) && channel.wire().is_open();
                prop_assert_eq!(channel.check_body(&body).is_ok(), open);
            }
            let output = channel.wire_mut().output();
            prop_assert_eq!(output.remaining(), visible.len(), "{:?}", op);
            let chunk = output.chunk();
            prop_assert_eq!(chunk.is_empty(), visible.is_empty(), "{:?}", op);
            let shown = chunk.iter().map(|octet| (*octet, output.is_secret()));
            prop_assert!(visible.iter().copied().zip(shown).all(|(a, b)| a == b), "{:?}", op);
            let pieces = output.pieces().flat_map(|(octets, is_secret)| {
                octets.iter().map(move |octet| (*octet, is_secret))
            });
            prop_assert!(visible.iter().copied().eq(pieces), "{:?}", op);
            let mut slices = [IoSlice::new(&[]); 64];
            let n = output.chunks_vectored(&mut slices);
            let all: Vec<u8> = slices[..n].iter().flat_map(|slice| slice.to_vec()).collect();
            prop_assert!(visible.iter().map(|(octet, _)| *octet).eq(all), "{:?}", op);
        }
        // What is left leaves whole.
        let output = session.channel.wire_mut().output();
        let left = output.copy_to_bytes(output.remaining());
        prop_assert!(model.visible().iter().map(|(octet, _)| *octet).eq(left));
    }
}
