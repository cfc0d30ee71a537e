//! TLS for both ends: rustls with ring, named in so many words, for two providers of cryptography in one
//! build would make the default a matter of luck.
//!
//! Certificates are always checked; there is no way to switch that off. Who has a certificate that no public
//! authority has signed names his own authority.

use crate::stream::{Prefixed, Stream};
use bytes::Bytes;
use mailwire_core::{
    Secured,
    sasl::{ChannelBinding, ChannelBindingType},
};
use rustls::{
    ClientConfig, ConfigBuilder, ProtocolVersion, RootCertStore, ServerConfig,
    client::WantsClientCert,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// How long the handshake of implicit TLS may take, where no session has a deadline yet. The five minutes that a
/// greeting has (RFC 5321 §4.5.3.2.1) would be too long for a port that takes few connections.
pub const HANDSHAKE: Duration = Duration::from_secs(60);

/// It has taken longer.
pub fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake takes too long")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
}

/// Whom a client trusts.
#[derive(Clone, Debug)]
pub struct Trust(Arc<RootCertStore>);

impl Trust {
    /// The authorities in a PEM file, and no others.
    ///
    /// # Errors
    /// It cannot be read, or holds no certificate.
    pub fn from_pem_file(file: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).map_err(invalid)? {
            roots.add(certificate.map_err(invalid)?).map_err(invalid)?;
        }
        if roots.is_empty() {
            return Err(invalid(format_args!("{}: no certificate in it", file.display())));
        }
        Ok(Trust(Arc::new(roots)))
    }

    /// Exactly these authorities.
    ///
    /// # Errors
    /// One is no certificate.
    pub fn only(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(invalid)?;
        }
        Ok(Trust(Arc::new(roots)))
    }

    /// The authorities that this system trusts.
    ///
    /// # Errors
    /// There are none.
    pub fn of_the_system() -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(invalid("this system has no list of authorities: name one"));
        }
        Ok(Trust(Arc::new(roots)))
    }
}

/// TLS at a client: whom it trusts, and the name that the server's certificate must have.
#[derive(Clone)]
pub struct ClientTls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTls").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClientTls {
    /// `name`: a host name or an IP address.
    ///
    /// # Errors
    /// It is neither.
    pub fn new(trust: &Trust, name: &str) -> io::Result<Self> {
        Self::connecting(Self::trusting(trust)?.with_no_client_auth(), name)
    }

    /// The same with a certificate of the client's own, by which a server may know it (SASL's EXTERNAL): PEM files
    /// of it, with those that lead to its authority, and of its key.
    ///
    /// # Errors
    /// A file cannot be read; they do not fit each other; `name` is neither.
    pub fn with_pem_files(trust: &Trust, name: &str, chain: &Path, key: &Path) -> io::Result<Self> {
        let (chain, key) = pem_files(chain, key)?;
        let config = Self::trusting(trust)?.with_client_auth_cert(chain, key).map_err(invalid)?;
        Self::connecting(config, name)
    }

    fn trusting(trust: &Trust) -> io::Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
        Ok(ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_root_certificates(trust.0.clone()))
    }

    fn connecting(config: ClientConfig, name: &str) -> io::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).map_err(invalid)?;
        Ok(ClientTls { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// The handshake. `ahead` is empty at a client: the session has seen to it.
    ///
    /// # Errors
    /// The handshake's, an untrusted certificate among them.
    pub async fn connect(&self, stream: Stream, ahead: Bytes) -> io::Result<(Stream, Secured)> {
        let stream = Prefixed::new(ahead, tcp(stream)?);
        let tls = self.connector.connect(self.name.clone(), stream).await?;
        Ok((Stream::Tls(Box::new(TlsStream::Client(tls))), Secured::Tls))
    }
}

/// TLS at a server.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerTls")
    }
}

impl ServerTls {
    /// The server's certificate, with those that lead to its authority, and its key.
    ///
    /// # Errors
    /// They do not fit each other.
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> io::Result<Self> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(invalid)?;
        Ok(ServerTls(TlsAcceptor::from(Arc::new(config))))
    }

    /// The same from PEM files.
    ///
    /// # Errors
    /// One cannot be read; they do not fit each other.
    pub fn from_pem_files(chain: &Path, key: &Path) -> io::Result<Self> {
        let (chain, key) = pem_files(chain, key)?;
        ServerTls::new(chain, key)
    }

    /// The handshake. `ahead`: its first octets, as far as the session has read them already.
    ///
    /// # Errors
    /// The handshake's.
    pub async fn accept(&self, stream: Stream, ahead: Bytes) -> io::Result<(Stream, Secured)> {
        let stream = Prefixed::new(ahead, tcp(stream)?);
        let tls = self.0.accept(stream).await?;
        Ok((Stream::Tls(Box::new(TlsStream::Server(tls))), Secured::Tls))
    }
}

fn pem_files(
    chain: &Path,
    key: &Path,
) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let said = |file: &Path, error| invalid(format_args!("{}: {error}", file.display()));
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|error| said(chain, error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| said(key, error))?;
    Ok((certificates, key))
}

fn tcp(stream: Stream) -> io::Result<tokio::net::TcpStream> {
    match stream {
        Stream::Tcp(tcp) => Ok(tcp),
        Stream::Gone | Stream::Tls(_) => Err(io::Error::other("TLS is in place already")),
    }
}

/// What SCRAM's -PLUS mechanisms are bound to: `tls-exporter`, RFC 9266.
///
/// Not before TLS 1.3: there it would want the extended master secret, and a check of it (RFC 9266 §4.2).
pub fn channel_binding(stream: &Stream) -> Option<ChannelBinding> {
    let Stream::Tls(tls) = stream else { return None };
    if tls.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    let (out, label, context) = ([0; 32], b"EXPORTER-Channel-Binding", Some(&[][..]));
    let exported = match &**tls {
        TlsStream::Client(tls) => tls.get_ref().1.export_keying_material(out, label, context),
        TlsStream::Server(tls) => tls.get_ref().1.export_keying_material(out, label, context),
    };
    ChannelBinding::new(ChannelBindingType::TlsExporter, exported.ok()?.to_vec())
}

/// Version and cipher suite in words; `None` without TLS.
pub fn describe(stream: &Stream) -> Option<String> {
    let Stream::Tls(tls) = stream else { return None };
    let state = tls.get_ref().1;
    let version = match state.protocol_version()? {
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        _ => "TLS",
    };
    let suite = state.negotiated_cipher_suite()?.suite();
    Some(format!("{version}, {}", suite.as_str().unwrap_or("a cipher suite without a name")))
}
