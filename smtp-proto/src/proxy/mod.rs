//! What a proxy in front of a server says about the client behind it: `XCLIENT` and `XFORWARD`.
//!
//! No RFC has them; they are Postfix's (XCLIENT_README, XFORWARD_README), and other servers and proxies
//! speak them. Both are lists of `name=value`, each name at most once, the value in xtext (RFC 3461 §4);
//! two values in brackets say that there is none. To add an attribute: a line in the set.
//! Not here: who may say such a thing, which is the server's configuration.

#[macro_use]
mod attribute;
mod xclient;
mod xforward;

pub use attribute::{Attribute, Source, Text};
pub use xclient::{OtherXclientAttribute, Xclient, XclientAttribute};
pub use xforward::{OtherXforwardAttribute, Xforward, XforwardAttribute};

pub(crate) use xclient::xclient;
pub(crate) use xforward::xforward;
