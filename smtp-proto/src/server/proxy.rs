//! XCLIENT and XFORWARD at a server: what a proxy says about its client. Postfix's `XCLIENT_README`,
//! `XFORWARD_README`.
//!
//! Whoever may say who the client is may be anybody, so neither is offered but by configuration, and the
//! application decides each time. Not here: what it does with what was said.

use super::{Event, Fault, Kind, Server, canned};
use crate::{
    proxy::{Attribute, Xclient, XclientAttribute, Xforward, XforwardAttribute},
    state::State,
};
use mailwire_core::implement::Step;

impl Server {
    pub(super) fn xclient(&mut self, xclient: Xclient) -> Step<Event> {
        if !self.config.xclient {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("XCLIENT is not offered here"));
        }
        if xclient.iter().any(|attribute| matches!(attribute, XclientAttribute::Other(_))) {
            return self
                .refuse(canned::PROXY_ATTRIBUTE, Fault::NotOffered("an attribute of XCLIENT"));
        }
        let login = xclient
            .iter()
            .any(|attribute| matches!(attribute, XclientAttribute::Login(Attribute::Value(_))));
        let pending = self.open(Kind::Xclient { login });
        Step::Event(Event::Xclient { xclient, pending })
    }

    /// XCLIENT was accepted: another client, of whom nothing is known but what was just said. What protects
    /// the connection stays. `login`: the proxy has authenticated it.
    pub(super) fn restart(&mut self, login: bool) {
        self.end_transaction();
        self.state = State::Greeted;
        (self.extended, self.authenticated, self.transactions) = (false, login, 0);
        self.greet();
    }

    pub(super) fn xforward(&mut self, xforward: Xforward) -> Step<Event> {
        if !self.config.xforward {
            return self.refuse(
                canned::NOT_IMPLEMENTED,
                Fault::NotOffered("XFORWARD is not offered here"),
            );
        }
        if xforward.iter().any(|attribute| matches!(attribute, XforwardAttribute::Other(_))) {
            return self
                .refuse(canned::PROXY_ATTRIBUTE, Fault::NotOffered("an attribute of XFORWARD"));
        }
        let pending = self.open(Kind::Xforward);
        Step::Event(Event::Xforward { xforward, pending })
    }
}
