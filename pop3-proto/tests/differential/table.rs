//! The differences, classified: who is right, by which section.

use crate::Kind;

pub(crate) struct Row {
    /// What `difference` says.
    pub(crate) key: &'static str,
    pub(crate) right: Right,
    pub(crate) section: &'static str,
    pub(crate) why: &'static str,
    pub(crate) kind: Kind,
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Here,
    There,
    /// The RFC leaves it open, or it is a matter of what a value holds.
    Both,
}

use Kind::{Answer, Command, Greeting};
use Right::{Both, Here, There};

pub(crate) fn knows(key: &str) -> bool {
    TABLE.iter().any(|row| row.key == key)
}

const fn row(
    key: &'static str,
    (right, section): (Right, &'static str),
    why: &'static str,
    (kind, example): (Kind, &'static str),
) -> Row {
    Row { key, right, section, why, kind, example }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
];
