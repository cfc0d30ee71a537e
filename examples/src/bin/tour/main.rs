//! The tour: a message of several parts goes from a laptop to two mailboxes and from one of them to a desk, over real
//! sockets, and every line of it is shown. Nothing is needed but this program; nothing leaves the machine.
//!
//! The exit code is 0 only if what lay in both mailboxes, and what was fetched, is what was sent, octet for octet.

mod acts;
mod message;
mod screen;
mod world;

use clap::Parser;
use std::process::ExitCode;
use world::World;

/// A message goes from a laptop to two mailboxes and on to a desk, and every line of it is shown.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// No colours (as with NO_COLOR in the environment, or into a pipe)
    #[arg(long)]
    plain: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match tour(arguments.plain).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tour: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Was what came what was sent?
async fn tour(plain: bool) -> Result<bool, acts::Error> {
    let world = World::new().await?;
    let mut screen = screen::Screen::new(plain);
    screen.opening(&world)?;
    let (mut played, mut is_right) = (Vec::new(), true);
    for act in acts::ACTS {
        let outcome = act.play(&world).await?;
        screen.act(played.len() + 1, act, &outcome)?;
        is_right &= outcome.is_right;
        played.push((act, outcome.statistics));
    }
    screen.closing(&played, is_right)?;
    Ok(is_right)
}
