//! The four crates linked without std: this library brings the panic handler and the allocator itself.
//!
//! If std were anywhere below, the compiler would refuse the second panic handler (E0152). What is called
//! here is kept by the linker, so everything that a call needs has been linked. `main.c` runs it.
#![no_std]

extern crate alloc;

mod pop3;
mod smtp;

use bytes::Buf;
use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;
use mailwire_core::Connection;

/// Takes from a fixed block and gives nothing back: a proof is short.
struct Arena;

const ROOM: usize = 1 << 20;
static mut BLOCK: [u8; ROOM] = [0; ROOM];
static mut USED: usize = 0;

// SAFETY: `main.c` has one thread; each block is inside `BLOCK`, aligned, and handed out once.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe {
            let base = &raw mut BLOCK as *mut u8;
            let at = USED + base.add(USED).align_offset(layout.align());
            if at.saturating_add(layout.size()) > ROOM {
                return core::ptr::null_mut();
            }
            USED = at + layout.size();
            base.add(at)
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ARENA: Arena = Arena;

unsafe extern "C" {
    fn abort() -> !;
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    unsafe { abort() }
}

/// The precompiled `core` names it, though nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// How many of the proofs failed.
#[unsafe(no_mangle)]
pub extern "C" fn mailwire_proof() -> u32 {
    [smtp::message_arrives(), pop3::message_is_fetched(), imap()]
        .into_iter()
        .filter(|held| !held)
        .count() as u32
}

/// There is no session yet; the core below it links.
fn imap() -> bool {
    mailwire_imap::core::sasl::MechanismName::new("PLAIN").is_ok()
}

/// Carries over what one has to send; how much it was.
fn pass(from: &mut impl Connection, to: &mut impl Connection) -> usize {
    let mut moved = 0;
    while from.wire_mut().output().has_remaining() {
        let output = from.wire_mut().output();
        let chunk = output.chunk();
        let passed = chunk.len();
        if passed == 0 {
            break;
        }
        to.wire_mut().receive(chunk);
        output.advance(passed);
        moved += passed;
    }
    moved
}
