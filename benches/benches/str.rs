//! `Str` beside other owned strings: `cargo bench -p mailwire-benches --bench str [FILTER]`.
//!
//! The octets lie in a buffer, as a frame does; the strings are made of slices of it. A slice of `Bytes` copies
//! nothing and keeps the whole buffer alive, a credential in it too; the others own what they hold.
#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop")]

mod lineup;

use bytes::Bytes;
use criterion::Criterion;
use lineup::Lineup;
use mailwire_benches::{alloc, data};
use mailwire_core::Str;
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// Strings in one run.
const N: usize = 256;

fn main() {
    let mut criterion = lineup::criterion();
    let octets = Bytes::from(data::body(N * 80));
    for len in [3, 8, 16, 30, 31, 48, 80] {
        build(&mut criterion, &octets, len);
    }
    for len in [8, 30, 80] {
        copy(&mut criterion, &octets, len);
        compare(&mut criterion, &octets, len);
    }
    criterion.final_summary();
}

fn build(criterion: &mut Criterion, octets: &Bytes, len: usize) {
    let mut l = Lineup::new(format!("build and drop, {len} octets"), "string", N);
    let slices = || octets.chunks_exact(len).take(N);
    l.row("Bytes::slice", N * len, || {
        (0..N).map(|n| black_box(octets.slice(n * len..(n + 1) * len)).len()).sum()
    });
    l.row("ours: Str::new", N * len, || {
        slices().map(|s| black_box(Str::new(black_box(s))).len()).sum()
    });
    l.row("Vec<u8>", N * len, || slices().map(|s| black_box(black_box(s).to_vec()).len()).sum());
    l.row("String, UTF-8 checked", N * len, || {
        slices()
            .map(|s| black_box(std::str::from_utf8(black_box(s)).unwrap().to_owned()).len())
            .sum()
    });
    l.run(criterion);
}

fn copy(criterion: &mut Criterion, octets: &Bytes, len: usize) {
    let mut l = Lineup::new(format!("clone and drop, {len} octets"), "string", N);
    let slices = || octets.chunks_exact(len).take(N);
    let bytes: Vec<Bytes> = (0..N).map(|n| octets.slice(n * len..(n + 1) * len)).collect();
    let strs: Vec<Str> = slices().map(Str::new).collect();
    let vecs: Vec<Vec<u8>> = slices().map(<[u8]>::to_vec).collect();
    l.row("Bytes", N * len, move || {
        bytes.iter().map(|s| black_box(black_box(s).clone()).len()).sum()
    });
    l.row("ours: Str", N * len, move || {
        strs.iter().map(|s| black_box(black_box(s).clone()).len()).sum()
    });
    l.row("Vec<u8>", N * len, move || {
        vecs.iter().map(|s| black_box(black_box(s).clone()).len()).sum()
    });
    l.run(criterion);
}

fn compare(criterion: &mut Criterion, octets: &Bytes, len: usize) {
    let mut l = Lineup::new(format!("compare with an equal one, {len} octets"), "string", N);
    let slices = || octets.chunks_exact(len).take(N);
    let bytes: Vec<Bytes> = slices().map(Bytes::copy_from_slice).collect();
    let bytes_too = bytes.iter().map(|s| Bytes::copy_from_slice(s)).collect::<Vec<_>>();
    let strs: Vec<Str> = slices().map(Str::new).collect();
    let strs_too = strs.clone();
    let vecs: Vec<Vec<u8>> = slices().map(<[u8]>::to_vec).collect();
    let vecs_too = vecs.clone();
    l.row("Bytes", N, move || {
        bytes.iter().zip(&bytes_too).filter(|(a, b)| black_box(a) == black_box(b)).count()
    });
    l.row("ours: Str", N, move || {
        strs.iter().zip(&strs_too).filter(|(a, b)| black_box(a) == black_box(b)).count()
    });
    l.row("Vec<u8>", N, move || {
        vecs.iter().zip(&vecs_too).filter(|(a, b)| black_box(a) == black_box(b)).count()
    });
    l.run(criterion);
}
