//! Addresses: paths, mailboxes, local parts, domains, address literals. RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3.

mod address_literal;
mod domain;
mod host;
mod local_part;
mod mailbox;
mod path;
pub(crate) mod unitext;
pub(crate) mod xtext;

pub(crate) use domain::domain;
pub(crate) use host::{HostParts, host, parts as host_parts};
pub(crate) use local_part::quoted_string;
pub(crate) use mailbox::mailbox;
pub(crate) use path::{PathParts, forward_path, reverse_path};

pub use address_literal::{AddressLiteral, GeneralAddressLiteral};
pub use domain::Domain;
pub use host::Host;
pub use local_part::LocalPart;
pub use mailbox::Mailbox;
pub use path::{ForwardPath, Path, ReversePath};

use mailwire_core::Production;

/// The productions of an address, for a server that answers 553 where one was expected.
static PRODUCTIONS: &[&Production] = &[
    &address_literal::ADDRESS_LITERAL,
    &domain::DOMAIN,
    &local_part::LOCAL_PART,
    &local_part::DOT_STRING,
    &local_part::QUOTED_STRING,
    &local_part::LOCAL_PART_LENGTH,
    &mailbox::MAILBOX,
    &mailbox::PATH_LENGTH,
    &path::A_D_L,
    &path::PATH,
    &path::FORWARD_PATH,
    &path::REVERSE_PATH,
];

/// Is it a production of addresses?
pub(crate) fn is_of_address(production: &Production) -> bool {
    PRODUCTIONS.contains(&production)
}
