//! On whose behalf a proxy speaks: XCLIENT, and for the log XFORWARD. Postfix's XCLIENT_README, XFORWARD_README
//!
//! Who may say that he is somebody else may be anybody: both are offered to named addresses alone.

use super::Connected;
use mailwire_smtp::{
    proxy::{Attribute, Xclient, XclientAttribute, Xforward, XforwardAttribute},
    server::Config,
};
use std::{net::IpAddr, sync::Arc};

/// Who may say on whose behalf it speaks.
#[derive(Clone, Debug)]
pub struct Proxies {
    addresses: Vec<IpAddr>,
    /// What they are offered.
    pub(super) config: Arc<Config>,
}

impl Proxies {
    /// These addresses, which are offered what all are, and XCLIENT and XFORWARD.
    pub fn new(addresses: Vec<IpAddr>, config: &Config) -> Self {
        let mut config = config.clone();
        (config.xclient, config.xforward) = (true, true);
        Proxies { addresses, config: Arc::new(config) }
    }

    /// Is it one of them?
    pub(super) fn are(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.addresses.iter().any(|it| it.to_canonical() == address)
    }
}

impl Connected<'_> {
    /// Another client, of whom nothing is known but this. What it calls itself it says again by EHLO.
    pub(super) fn on_xclient(&mut self, xclient: &Xclient) {
        (self.hello, self.exchange, self.user) = (None, None, None);
        (self.name, self.forwarded) = (None, None);
        for attribute in xclient.iter() {
            match attribute {
                XclientAttribute::Addr(Attribute::Value(address)) => self.address = *address,
                XclientAttribute::Name(Attribute::Value(name)) => {
                    self.name = name.as_str().parse().ok();
                }
                XclientAttribute::Login(Attribute::Value(login)) => {
                    self.user = Some(login.as_str().to_owned());
                }
                _ => {}
            }
        }
    }

    pub(super) fn on_xforward(&mut self, xforward: &Xforward) {
        for attribute in xforward.iter() {
            if let XforwardAttribute::Addr(address) = attribute {
                self.forwarded = address.value().copied();
            }
        }
    }
}
