//! Servers that say what they were told to say.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread::JoinHandle,
};

/// A server that greets with the first of these and answers each line with the next; DATA takes its message.
/// Gives the lines that came.
pub(crate) fn scripted(replies: &[&str]) -> (String, JoinHandle<Vec<String>>) {
    let (address, play) = scripted_each(&[replies.to_vec()]);
    (address, std::thread::spawn(|| play.join().unwrap().concat()))
}

/// The connection is closed without a word.
pub(crate) const CLOSE: &str = "(close)";

/// The same with a script for each connection.
pub(crate) fn scripted_each(scripts: &[Vec<&str>]) -> (String, JoinHandle<Vec<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let own = |replies: &Vec<&str>| replies.iter().map(|it| format!("{it}\r\n")).collect();
    let scripts: Vec<Vec<String>> = scripts.iter().map(own).collect();
    let play = std::thread::spawn(move || {
        let accepted = scripts.iter().map(|replies| (listener.accept().unwrap().0, replies));
        accepted.map(|(server, replies)| played(server, replies)).collect()
    });
    (address, play)
}

fn played(mut server: TcpStream, replies: &[String]) -> Vec<String> {
    let mut lines = BufReader::new(server.try_clone().unwrap()).split(b'\n');
    let mut said = Vec::new();
    let say = |server: &mut TcpStream, reply: &str| server.write_all(reply.as_bytes());
    let mut replies = replies.iter();
    _ = say(&mut server, replies.next().unwrap());
    let mut in_body = false;
    for line in lines.by_ref().map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        let ends = line == "." || !in_body;
        said.push(line);
        let Some(reply) = replies.next_if_ready(ends) else {
            if ends {
                break;
            }
            continue;
        };
        if reply.starts_with(CLOSE) {
            break;
        }
        in_body = reply.starts_with("354");
        _ = say(&mut server, reply);
        if reply.starts_with("421") {
            break;
        }
    }
    said
}

trait NextIf<'a> {
    fn next_if_ready(&mut self, ready: bool) -> Option<&'a String>;
}

impl<'a> NextIf<'a> for std::slice::Iter<'a, String> {
    fn next_if_ready(&mut self, ready: bool) -> Option<&'a String> {
        if ready { self.next() } else { None }
    }
}
