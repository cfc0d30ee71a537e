//! Values of the extensions: what they add to MAIL, RCPT and the EHLO reply.

use super::{mailbox, shows, wire};
use mailwire_smtp::extension::{
    BurlSources, DateTime, EhloParams, Limit, LimitValue, Limits, MaxFutureRelease, MinByTime,
    OtherLimit, PriorityProfile, SolicitationKeywords, Unsolicited,
};
use mailwire_smtp::parameter::{
    AltAddress, By, ByMode, HoldFor, HoldUntil, MailParameter, MtPriority, Mtrk, NoSupportAction,
    Orcpt, RcptParameter, Rrvs, Submitter, TransId, XrcptForward, Xverp,
};
use mailwire_smtp::{Capability, Dialect};
use proptest::prelude::*;

pub(crate) fn every_wire_type() {
    wire::<AltAddress>();
    wire::<BurlSources>();
    wire::<By>();
    wire::<DateTime>();
    wire::<EhloParams>();
    wire::<HoldFor>();
    wire::<HoldUntil>();
    wire::<Limit>();
    wire::<LimitValue>();
    wire::<Limits>();
    wire::<MaxFutureRelease>();
    wire::<MinByTime>();
    wire::<MtPriority>();
    wire::<Mtrk>();
    wire::<OtherLimit>();
    wire::<PriorityProfile>();
    wire::<Rrvs>();
    wire::<SolicitationKeywords>();
    wire::<Submitter>();
    wire::<TransId>();
    wire::<Unsolicited>();
    wire::<XrcptForward>();
    wire::<Xverp>();
}

fn date_time() -> impl Strategy<Value = DateTime> {
    let moment = -62_167_219_200_i64..=253_402_300_799;
    let fraction = prop_oneof![Just(0), 0..1_000_000_000_u32, Just(500_000_000)];
    (moment, fraction, -1439..=1439_i16).prop_map(|(seconds, nanosecond, offset)| {
        let utc = DateTime::from_unix_seconds(seconds).unwrap();
        assert_eq!(utc.unix_seconds(), seconds);
        let there = utc.with_nanosecond(nanosecond).unwrap().with_offset_minutes(offset).unwrap();
        assert_eq!(there.unix_seconds(), seconds - i64::from(offset) * 60);
        there
    })
}

fn whole_second() -> impl Strategy<Value = DateTime> {
    date_time().prop_map(|moment| moment.with_nanosecond(0).unwrap())
}

fn hold_for() -> impl Strategy<Value = HoldFor> {
    (1..=HoldFor::MAX).prop_map(|seconds| HoldFor::new(seconds).unwrap())
}

fn hold_until() -> impl Strategy<Value = HoldUntil> {
    date_time().prop_map(|m| HoldUntil::new(m.with_offset_minutes(0).unwrap()).unwrap())
}

fn solicitation_keywords() -> impl Strategy<Value = SolicitationKeywords> {
    prop::collection::vec("[a-zA-Z][a-zA-Z0-9._:-]{0,20}", 1..5)
        .prop_map(|words| SolicitationKeywords::new(words.iter().map(String::as_str)).unwrap())
}

pub(crate) fn mail_parameter() -> impl Strategy<Value = MailParameter> {
    let time = prop_oneof![-999_999_999..=999_999_999, -3..=3];
    let mode = prop_oneof![Just(ByMode::Notify), Just(ByMode::Return)];
    let token = || "[a-z0-9!#$%&'*+^_`{|}~-]{1,9}(\\.[A-Z0-9]{1,9})?";
    let address = || mailbox().prop_filter("ASCII only", |mailbox| mailbox.is_ascii());
    prop_oneof![
        (time, mode, any::<bool>()).prop_filter_map("R has a time to come", |(n, mode, trace)| {
            let by = By::new(n, mode).ok()?;
            Some(MailParameter::By(if trace { by.with_trace() } else { by }))
        }),
        hold_for().prop_map(MailParameter::HoldFor),
        hold_until().prop_map(MailParameter::HoldUntil),
        solicitation_keywords().prop_map(MailParameter::Solicit),
        (prop::collection::vec(any::<u8>(), 1..40), prop::option::of(0..1_000_000_000_u32))
            .prop_map(|(certifier, timeout)| MailParameter::Mtrk(
                Mtrk::new(&certifier, timeout).unwrap()
            )),
        address().prop_map(|mailbox| MailParameter::Submitter(Submitter::new(&mailbox).unwrap())),
        (token(), token()).prop_map(|(local, domain)| {
            let id = TransId::new(&local, &domain).unwrap();
            assert_eq!((id.local(), id.domain()), (&*local, &*domain));
            MailParameter::TransId(id)
        }),
        (-9..=9_i8).prop_map(|n| MailParameter::MtPriority(MtPriority::new(n).unwrap())),
        address().prop_map(|m| MailParameter::AltAddress(AltAddress::new(&m).unwrap())),
        prop::option::of((prop::char::range('!', '~'), prop::char::range('!', '~'))).prop_map(
            |both| {
                let said = both.map(|(first, second)| Xverp::new(first, second).unwrap());
                MailParameter::Xverp(said.unwrap_or(Xverp::USUAL))
            }
        ),
        prop::sample::select(vec![
            MailParameter::Conperm,
            MailParameter::RequireTls,
            MailParameter::Prdr
        ]),
    ]
}

pub(crate) fn rcpt_parameter() -> impl Strategy<Value = RcptParameter> {
    let action = prop_oneof![Just(NoSupportAction::Reject), Just(NoSupportAction::Continue)];
    let dialect = prop_oneof![Just(Dialect::ascii()), Just(Dialect::utf8())];
    prop_oneof![
        (whole_second(), action)
            .prop_map(|(since, action)| RcptParameter::Rrvs(Rrvs::new(since, action).unwrap())),
        Just(RcptParameter::Conneg),
        mailbox()
            .prop_filter_map("ASCII only", |mailbox| AltAddress::new(&mailbox).ok())
            .prop_map(RcptParameter::AltAddress),
        "[!-<>-~]{1,40}"
            .prop_map(|text| RcptParameter::XrcptForward(XrcptForward::new(&text).unwrap())),
        (mailbox(), dialect).prop_map(|(mailbox, dialect)| {
            let orcpt = Orcpt::new_utf8(&mailbox, dialect).unwrap();
            assert_eq!(orcpt.mailbox(), Some(mailbox), "{orcpt}");
            assert!(dialect.utf8 || orcpt.is_ascii());
            RcptParameter::Orcpt(orcpt)
        }),
    ]
}

fn words() -> impl Strategy<Value = EhloParams> {
    prop::collection::vec("[!-~]{1,12}", 0..5)
        .prop_map(|words| EhloParams::new(words.iter().map(String::as_str)).unwrap())
}

fn limit() -> impl Strategy<Value = Limit> {
    let value = || (1..1_000_000_u32).prop_map(|n| LimitValue::new(n).unwrap());
    prop_oneof![
        value().prop_map(Limit::MailMax),
        value().prop_map(Limit::RcptMax),
        value().prop_map(Limit::RcptDomainMax),
        ("X[a-zA-Z0-9_-]{0,9}", "[!-:<-~]{1,9}")
            .prop_map(|(name, value)| Limit::Other(OtherLimit::new(&name, &value).unwrap())),
    ]
}

pub(crate) fn capability() -> impl Strategy<Value = Capability> {
    let bare = Capability::KEYWORDS.iter().filter_map(|keyword| keyword.parse().ok());
    let bare: Vec<Capability> =
        bare.filter(|known| !matches!(known, Capability::Other(_))).collect();
    prop_oneof![
        prop::sample::select(bare),
        (0..1_000_000_000_u32).prop_map(|n| Capability::DeliverBy(MinByTime::new(n).unwrap())),
        (hold_for(), hold_until()).prop_map(|(interval, until)| {
            Capability::FutureRelease(MaxFutureRelease::new(interval, until))
        }),
        prop::collection::vec(limit(), 1..5)
            .prop_map(|all| Capability::Limits(Limits::new(all).unwrap())),
        "[a-zA-Z0-9._-]{1,20}"
            .prop_map(|name| Capability::MtPriority(PriorityProfile::new(&name).unwrap())),
        prop::option::of(solicitation_keywords())
            .prop_map(|classes| Capability::NoSoliciting(Unsolicited(classes))),
        words().prop_map(|words| Capability::Burl(BurlSources(words))),
        words().prop_map(Capability::Xclient),
        words().prop_map(Capability::Xforward),
        words().prop_map(Capability::XExps),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn date_times(moment in date_time()) {
        shows(&moment);
    }

    #[test]
    fn parameters(mail in mail_parameter(), rcpt in rcpt_parameter()) {
        shows(&mail);
        shows(&rcpt);
        match &mail {
            MailParameter::By(by) => shows(by),
            MailParameter::HoldFor(hold) => shows(hold),
            MailParameter::HoldUntil(hold) => shows(hold),
            MailParameter::Solicit(classes) => shows(classes),
            MailParameter::Mtrk(mtrk) => shows(mtrk),
            MailParameter::Submitter(submitter) => {
                shows(submitter);
                prop_assert!(submitter.mailbox().is_ok());
            }
            MailParameter::TransId(id) => shows(id),
            MailParameter::MtPriority(priority) => shows(priority),
            MailParameter::AltAddress(address) => shows(address),
            MailParameter::Xverp(xverp) => shows(xverp),
            _ => {}
        }
        match &rcpt {
            RcptParameter::Rrvs(rrvs) => shows(rrvs),
            RcptParameter::AltAddress(address) => shows(address),
            RcptParameter::XrcptForward(forward) => shows(forward),
            _ => {}
        }
    }

    #[test]
    fn capabilities(capability in capability()) {
        shows(&capability);
        prop_assert!(!matches!(capability, Capability::Other(_)));
        match &capability {
            Capability::DeliverBy(min) => shows(min),
            Capability::FutureRelease(max) => shows(max),
            Capability::Limits(limits) => {
                shows(limits);
                for limit in limits.iter() {
                    shows(limit);
                    match limit {
                        Limit::RcptMax(value) => shows(value),
                        Limit::Other(other) => shows(other),
                        _ => {}
                    }
                }
            }
            Capability::MtPriority(profile) => shows(profile),
            Capability::NoSoliciting(classes) => shows(classes),
            Capability::Burl(sources) => shows(sources),
            Capability::Xclient(words) => shows(words),
            _ => {}
        }
    }

    /// Whatever stands there: it is read in one way, and costs no other line.
    #[test]
    fn almost_capabilities(
        keyword in prop::sample::select(Capability::KEYWORDS),
        tail in "([ =,;:.<>@+_a-cT0-9Z-]|MAILMAX=|RCPTMAX=|2005-01-01T00:00:00Z|imap://){0,9}",
    ) {
        let line = format!("{keyword}{tail}");
        shows(&line.parse::<Capability>().unwrap());
    }

    #[test]
    fn almost_parameters(
        keyword in prop::sample::select(MailParameter::KEYWORDS),
        of_rcpt in prop::sample::select(RcptParameter::KEYWORDS),
        tail in "=([=,;:.<>@+_a-cNRTCZ0-9-]|2005-01-01T00:00:00|utf-8;|\\\\x\\{[0-9A-F]{1,4}\\}|dGVzdA){0,9}",
    ) {
        if let Ok(parameter) = format!("{keyword}{tail}").parse::<MailParameter>() {
            shows(&parameter);
        }
        if let Ok(parameter) = format!("{of_rcpt}{tail}").parse::<RcptParameter>() {
            shows(&parameter);
            if let RcptParameter::Orcpt(orcpt) = &parameter {
                prop_assert!(!orcpt.address().is_some_and(|text| text.contains(['\r', '\n'])));
            }
        }
    }
}
