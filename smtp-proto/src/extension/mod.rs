//! What the extensions of the slice add besides parameters: the arguments of their EHLO keywords and
//! their commands.

mod auth;
mod size;

pub(crate) use auth::auth;
pub use auth::{Auth, AuthResponse, Mechanisms};
pub use size::SizeLimit;
