//! Workloads, the same in every run.

/// Marsaglia's xorshift: enough chance for letters.
struct Letters(u32);

impl Letters {
    fn next(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        b'a' + (self.0 % 26) as u8
    }
}

/// A body of `octets` octets or up to 73 more: lines of 72 characters and CRLF, every hundredth of them
/// beginning with a dot, with words and dots inside.
pub fn body(octets: usize) -> Vec<u8> {
    let mut letters = Letters(0x2545_F491);
    let mut body = Vec::with_capacity(octets + 74);
    for line in 0.. {
        if body.len() >= octets {
            break;
        }
        body.extend((0..72).map(|column| match column {
            0 if line % 100 == 50 => b'.',
            _ if column % 7 == 6 => b' ',
            _ if column % 31 == 30 => b'.',
            _ => letters.next(),
        }));
        body.extend(b"\r\n");
    }
    body
}

/// The wire form of a body that ends in CRLF, made line by line.
pub fn stuffed(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(body.len() + body.len() / 64 + 3);
    for line in body.split_inclusive(|&octet| octet == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend(line);
    }
    wire.extend(b".\r\n");
    wire
}

/// `n` command lines, the same six over and over with other names: EHLO, AUTH, MAIL and RCPT with the
/// parameters of DSN, DATA, QUIT.
pub fn commands(n: usize) -> Vec<u8> {
    let line = |n: usize| {
        let who = n / 6 % 1000;
        match n % 6 {
            0 => format!("EHLO client{who}.example.com\r\n"),
            1 => "AUTH PLAIN AGFsaWNlAHNlY3JldC1wYXNzd29yZA==\r\n".into(),
            2 => format!(
                "MAIL FROM:<alice{who}@example.com> SIZE=123456 BODY=8BITMIME RET=HDRS ENVID=QQ314159{who}\r\n"
            ),
            3 => format!(
                "RCPT TO:<bob{who}@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob{who}@example.org\r\n"
            ),
            4 => "DATA\r\n".into(),
            _ => "QUIT\r\n".into(),
        }
    };
    (0..n).flat_map(|n| line(n).into_bytes()).collect()
}

/// `n` command lines without parameters: MAIL, two times RCPT, RSET.
pub fn plain_commands(n: usize) -> Vec<u8> {
    let line = |n: usize| {
        let who = n / 4 % 1000;
        match n % 4 {
            0 => format!("MAIL FROM:<alice{who}@example.com>\r\n"),
            1 | 2 => format!("RCPT TO:<bob{who}@example.org>\r\n"),
            _ => "RSET\r\n".into(),
        }
    };
    (0..n).flat_map(|n| line(n).into_bytes()).collect()
}

/// `n` replies of one line: those of MAIL, RCPT, DATA and the message.
pub fn replies(n: usize) -> Vec<u8> {
    let all = [
        "250 2.1.0 Sender <alice@example.com> OK\r\n",
        "250 2.1.5 Recipient <bob@example.org> OK\r\n",
        "354 Start mail input; end with <CRLF>.<CRLF>\r\n",
        "250 2.0.0 OK: queued as 4F1A2B3C4D\r\n",
    ];
    all.into_iter().cycle().take(n).collect::<String>().into_bytes()
}

/// An EHLO reply of 20 lines, such as large servers send.
pub const EHLO_REPLY: &str = "250-mx.example.com Hello client.example.com\r\n250-PIPELINING\r\n\
    250-SIZE 52428800\r\n250-VRFY\r\n250-ETRN\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-256 XOAUTH2\r\n\
    250-AUTH=PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n\
    250-BINARYMIME\r\n250-REQUIRETLS\r\n250-MT-PRIORITY MIXER\r\n250-LIMITS RCPTMAX=100 MAILMAX=1000\r\n\
    250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN\r\n250-XFORWARD NAME ADDR PROTO HELO SOURCE\r\n250 HELP\r\n";

/// The answer to LIST, or to UIDL with ids of 24 octets, of `messages` messages.
pub fn listing(messages: usize, unique_ids: bool) -> Vec<u8> {
    let mut letters = Letters(0x2545_F491);
    let mut out = format!("+OK {messages} messages\r\n").into_bytes();
    for message in 1..=messages {
        out.extend(format!("{message} ").into_bytes());
        if unique_ids {
            out.extend((0..24).map(|_| letters.next()));
        } else {
            out.extend((1000 + message * 7919 % 100_000).to_string().into_bytes());
        }
        out.extend(b"\r\n");
    }
    out.extend(b".\r\n");
    out
}

/// What POP3 clients send, over and over: USER, PASS, STAT, UIDL, LIST, RETR, TOP, DELE.
pub fn pop3_commands(commands: usize) -> Vec<u8> {
    let line = |n: usize| match n % 8 {
        0 => "USER alice@example.com\r\n".to_owned(),
        1 => "PASS correct horse battery\r\n".to_owned(),
        2 => "STAT\r\n".to_owned(),
        3 => "UIDL\r\n".to_owned(),
        4 => format!("LIST {}\r\n", n % 999 + 1),
        5 => format!("RETR {}\r\n", n % 999 + 1),
        6 => format!("TOP {} 10\r\n", n % 999 + 1),
        _ => format!("DELE {}\r\n", n % 999 + 1),
    };
    (0..commands).map(line).collect::<String>().into_bytes()
}
