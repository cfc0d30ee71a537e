//! What servers do before and around their connections: listen, hear that they are to end, say what happens.

use std::{
    io::{self, Write},
    net::SocketAddr,
};
use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Listens at HOST:PORT. Replies leave at once: what is accepted from this listener has TCP_NODELAY, where the system
/// hands it on.
///
/// # Errors
/// There is no such address, or somebody else listens there.
pub async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in lookup_host(address).await? {
        let bound = || {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            // As TcpListener::bind does.
            #[cfg(not(windows))]
            socket.set_reuseaddr(true)?;
            socket.set_nodelay(true)?;
            socket.bind(address)?;
            socket.listen(1024)
        };
        match bound() {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Ready when the program is to end.
///
/// # Errors
/// The system tells of no signals.
#[cfg(unix)]
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

#[cfg(not(unix))]
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async { _ = tokio::signal::ctrl_c().await })
}

/// A line on standard output; whoever listened there may be gone.
pub fn say(line: &str) {
    let mut out = io::stdout().lock();
    _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
