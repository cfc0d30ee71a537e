//! A bar for maildrops that take a while, on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailwire_examples::fetch::{Progress, Step};
use std::io::{self, IsTerminal};

/// Below so many octets there is nothing to see.
const LARGE: u64 = 1024 * 1024;

/// Only where somebody looks.
pub fn bar() -> Option<Progress> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let mut bar = Bar(None);
    Some(Progress(Box::new(move |step| bar.step(step))))
}

struct Bar(Option<ProgressBar>);

impl Bar {
    fn step(&mut self, step: Step) {
        match (step, &self.0) {
            (Step::Begin { messages, octets }, _) if octets >= LARGE => {
                let bar = ProgressBar::with_draw_target(Some(octets), ProgressDrawTarget::stderr());
                let template =
                    "{msg}  {bytes:>11} of {total_bytes}  {wide_bar}  {bytes_per_sec}  {eta}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_message(format!("{messages} messages"));
                self.0 = Some(bar);
            }
            (Step::Octets(octets), Some(bar)) => bar.inc(octets as u64),
            _ => {}
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
