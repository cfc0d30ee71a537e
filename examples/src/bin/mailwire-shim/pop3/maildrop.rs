//! The maildrop that everybody has.

/// The unique-id and the octets of each message.
pub const MESSAGES: &[(&str, &str)] = &[
    ("one", "From: a@x\r\n\r\nhello\r\n"),
    ("two", "From: b@x\r\n\r\n.\r\n..\r\n.dot\r\nend\r\n"),
];
