//! An allocator that counts. The library crates forbid `unsafe`, in their tests too; so it lives here.
#![allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait; every call is passed on as it is")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The system's allocator, with every request counted.
///
/// A bench names it: `#[global_allocator] static ALLOCATOR: Counting = Counting;`
#[derive(Debug)]
pub struct Counting;

static REQUESTS: AtomicU64 = AtomicU64::new(0);
static OCTETS: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

/// What was asked of the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Calls of `alloc`, `alloc_zeroed` and `realloc`.
    pub requests: u64,
    /// Octets in them.
    pub octets: u64,
}

/// Counts what `work` asks for, on all threads together.
pub fn count<T>(work: impl FnOnce() -> T) -> (T, Asked) {
    let (requests, octets) = (REQUESTS.load(Relaxed), OCTETS.load(Relaxed));
    let value = work();
    let asked = Asked {
        requests: REQUESTS.load(Relaxed) - requests,
        octets: OCTETS.load(Relaxed) - octets,
    };
    (value, asked)
}

/// Octets that are allocated now and were not before `work`, with what `work` made.
pub fn held<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let live = || OCTETS.load(Relaxed) as i64 - FREED.load(Relaxed) as i64;
    let before = live();
    let value = work();
    (value, live() - before)
}

fn note(octets: usize) {
    REQUESTS.fetch_add(1, Relaxed);
    OCTETS.fetch_add(octets as u64, Relaxed);
}

// SAFETY: the contract is that of `System`, to which every call goes unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        FREED.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        FREED.fetch_add(layout.size() as u64, Relaxed);
        unsafe { System.realloc(place, layout, size) }
    }
}
