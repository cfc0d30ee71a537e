//! A connection to a server that is named by HOST:PORT, and if there is none, how a program then ends.

use crate::exit::Exit;
use std::{io, time::Duration};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// So long the system may take to connect.
const CONNECT: Duration = Duration::from_secs(60);

/// HOST of HOST:PORT; of an IPv6 address without the brackets.
///
/// # Errors
/// It is not of that form.
pub fn host(server: &str) -> Result<&str, (Exit, String)> {
    match server.rsplit_once(':') {
        Some((host, _)) => Ok(host.trim_start_matches('[').trim_end_matches(']')),
        None => Err((Exit::Usage, format!("{server}: HOST:PORT is wanted"))),
    }
}

/// Connects.
///
/// # Errors
/// What to tell the user, and the exit code.
pub async fn dial(server: &str) -> Result<TcpStream, (Exit, String)> {
    let addresses: Vec<_> = match lookup_host(server).await {
        Ok(addresses) => addresses.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err((Exit::Usage, format!("{server}: {error}")));
        }
        // EAI_AGAIN has no kind of its own.
        Err(error) if error.to_string().contains("emporary") => {
            return Err((Exit::TempFail, format!("{server}: {error}")));
        }
        Err(error) => return Err((Exit::NoHost, format!("{server}: {error}"))),
    };
    match timeout(CONNECT, TcpStream::connect(&addresses[..])).await {
        Ok(Ok(tcp)) => Ok(tcp),
        Ok(Err(error)) => Err((Exit::TempFail, format!("{server}: {error}"))),
        Err(_) => Err((Exit::TempFail, format!("{server}: no connection in time"))),
    }
}
