//! JSON in and out: octets as strings of U+0000 to U+00FF, data that is repeated or cut, the answer lines.

use serde_json::{Value, json};

/// Why an operation has no result.
pub enum Fault {
    /// The line does not say what an operation needs.
    Unreadable(String),
    /// The library cannot do it yet.
    Unsupported(String),
}

impl Fault {
    pub fn unsupported(what: &str) -> Self {
        Fault::Unsupported(what.into())
    }
}

/// The lines that answer one operation.
#[derive(Default)]
pub struct Answers {
    lines: Vec<u8>,
}

impl Answers {
    pub fn say(&mut self, line: Value) {
        self.lines.extend_from_slice(line.to_string().as_bytes());
        self.lines.push(b'\n');
    }

    /// The closing line.
    pub fn ready(&mut self, result: Result<Value, Fault>) {
        let mut line = match result {
            Ok(fields) => fields,
            Err(Fault::Unreadable(why)) => json!({"fault": why}),
            Err(Fault::Unsupported(what)) => json!({"unsupported": what}),
        };
        line["out"] = "ready".into();
        self.say(line);
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.lines
    }
}

/// The string that stands under `key`.
pub fn text<'a>(op: &'a Value, key: &str) -> Result<&'a str, Fault> {
    op[key].as_str().ok_or_else(|| Fault::Unreadable(format!("no `{key}`")))
}

/// Octets as a string.
pub fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// The octets of a string.
pub fn octets_of(text: &str) -> Result<Vec<u8>, Fault> {
    text.chars()
        .map(u8::try_from)
        .collect::<Result<_, _>>()
        .map_err(|_| Fault::Unreadable("a character above U+00FF is no octet".into()))
}

/// `data`: a string, `{repeat, count}`, or a list of these.
pub fn octets(data: &Value) -> Result<Vec<u8>, Fault> {
    match data {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => octets_of(text),
        Value::Array(parts) => {
            parts.iter().try_fold(Vec::new(), |all, part| Ok([all, octets(part)?].concat()))
        }
        _ => {
            let count = data["count"].as_u64().and_then(|count| usize::try_from(count).ok());
            let count = count.ok_or_else(|| Fault::Unreadable("no `count`".into()))?;
            Ok(octets_of(text(data, "repeat")?)?.repeat(count))
        }
    }
}

/// `sizes`: the octets of each read, round and round.
pub struct Reads<'a> {
    rest: &'a [u8],
    sizes: Vec<usize>,
    next: usize,
    first: bool,
}

/// The reads into which `op` cuts `data`; at least one, which may be empty.
pub fn reads<'a>(op: &Value, data: &'a [u8]) -> Reads<'a> {
    let sizes = op["sizes"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let sizes = sizes.filter_map(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    Reads { rest: data, sizes: sizes.collect(), next: 0, first: true }
}

impl<'a> Iterator for Reads<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() && !core::mem::take(&mut self.first) {
            return None;
        }
        self.first = false;
        let size = match self.sizes.len() {
            0 => self.rest.len(),
            n => self.sizes[self.next % n].min(self.rest.len()),
        };
        self.next += 1;
        let (read, rest) = self.rest.split_at(size);
        self.rest = rest;
        Some(read)
    }
}
