//! What the extensions of the slice add besides parameters: the arguments of their EHLO keywords and
//! their commands.

mod auth;
mod size;

pub use auth::{Auth, AuthResponse, Mechanisms};
pub(crate) use auth::{INITIAL_RESPONSE, auth};
pub use size::SizeLimit;
