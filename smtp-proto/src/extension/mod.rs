//! What the extensions add besides parameters: the arguments of their EHLO keywords and their commands.
//!
//! A file is one extension. What an extension adds to MAIL or RCPT stands in its file, too, and is seen as
//! [`crate::parameter`]'s; only the parameters of SIZE, AUTH and DSN, which are on everybody's way, have files there.

pub(crate) mod alt_address;
mod auth;
mod burl;
pub(crate) mod checkpoint;
mod content_conversion;
mod date_time;
pub(crate) mod deliver_by;
mod ehlo_params;
pub(crate) mod future_release;
mod limits;
pub(crate) mod message_tracking;
pub(crate) mod mt_priority;
pub(crate) mod no_soliciting;
pub(crate) mod rrvs;
mod size;
pub(crate) mod submitter;
pub(crate) mod xrcptforward;
pub(crate) mod xverp;

pub use auth::{Auth, AuthResponse, Mechanisms};
pub(crate) use auth::{INITIAL_RESPONSE, auth};
pub use burl::BurlSources;
pub use date_time::DateTime;
pub use deliver_by::MinByTime;
pub use ehlo_params::EhloParams;
pub use future_release::MaxFutureRelease;
pub(crate) use limits::recipient_domain;
pub use limits::{Limit, LimitValue, Limits, OtherLimit};
pub use mt_priority::PriorityProfile;
pub use no_soliciting::{SolicitationKeywords, Unsolicited};
pub use size::SizeLimit;
