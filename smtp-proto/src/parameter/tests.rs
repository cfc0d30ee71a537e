//! The parameters of MAIL and RCPT by their wire forms.

use super::*;
use crate::table::table;
use crate::{Dialect, address::Mailbox, quirk};
use alloc::{format, string::ToString};

fn mail(i: Input<'_>) -> PResult<'_, MailParameters> {
    let mut all = MailParameters::new();
    let (rest, ()) = all.read(i)?;
    Ok((rest, all))
}

fn rcpt(i: Input<'_>) -> PResult<'_, RcptParameters> {
    let mut all = RcptParameters::new();
    let (rest, ()) = all.read(i)?;
    Ok((rest, all))
}

#[test]
fn of_mail() {
    table(mail, MailParameters::encode)
        .ok("", MailParameters::new(), "5321 §4.1.1.2")
        .keeps(" SIZE=0", "1870 §5")
        .becomes(" SIZE=007", " SIZE=7", "1870 §5")
        .keeps(" SIZE=18446744073709551615", "1870 §5")
        .becomes(" body=8bitmime", " BODY=8BITMIME", "6152 §2")
        .keeps(" BODY=7BIT SMTPUTF8", "6531 §3.4")
        .keeps(" BODY=BINARYMIME", "3030 §3")
        .keeps(" AUTH=<> RET=FULL", "4954 §5")
        .keeps(" AUTH=e+3Dmc2@example.com", "4954 §5")
        .keeps(" AUTH=<username>", "4954 §5, not a mailbox: kept")
        .keeps(" RET=HDRS ENVID=urn:uuid:1", "3461 §4.4")
        .becomes(" ENVID=a+2bb", " ENVID=a+2Bb", "3461 §4")
        .keeps(" X-FOO=bar Y", "5321 §4.1.2")
        .keeps(" X=\u{fc}", "6531 §3.3")
        .keeps(" BY=120;R", "2852 §4")
        .keeps(" BY=-5;NT HOLDUNTIL=2005-01-01T00:00:00Z", "4865 §3")
        .keeps(" HOLDFOR=120 BY=120;R", "4865 §5.2.2")
        .keeps(" SOLICIT=org.example:ADV:ADLT", "3865 §2.3")
        .keeps(" MTRK=dGVzdA:86400 ENVID=a@b", "3885 §3.1")
        .keeps(" SUBMITTER=a+2Bb@c.example", "4405 §4")
        .keeps(" CONPERM TRANSID=<12345@claremont.edu>", "1845 §5, 4141 §4.2")
        .becomes(" mt-priority=-9 requiretls", " MT-PRIORITY=-9 REQUIRETLS", "6710 §3, 8689 §4.1")
        .keeps(" ALT-ADDRESS=a@b.example", "5336 §3.4")
        .keeps(" XVERP", "Postfix")
        .keeps(" XVERP=+= SIZE=5", "Postfix")
        .keeps(" PRDR", "Exim")
        .err(" BY=0;R", 4, "by-value", "2852 §4")
        .err(" BY", 3, "by-value", "2852 §4")
        .err(" MT-PRIORITY=10", 13, "priority-value", "6710 §7")
        .err(" CONPERM=1", 8, "esmtp-param", "4141 §4.2")
        .err(" REQUIRETLS=yes", 11, "esmtp-param", "8689 §4.1")
        .err(" PRDR=1", 5, "esmtp-param", "Exim")
        .err(" XVERP=+=-", 9, "esmtp-param", "Postfix")
        .err(
            " HOLDFOR=5 HOLDUNTIL=2005-01-01T00:00:00Z",
            11,
            "Mail-parameters without duplicates",
            "4865 §4.2",
        )
        .err(
            " HOLDUNTIL=2005-01-01T00:00:00Z X=1 HOLDFOR=5",
            36,
            "Mail-parameters without duplicates",
            "4865 §4.2",
        )
        .err(" HOLDFOR=121 BY=120;R", 13, "Mail-parameters without duplicates", "4865 §5.2.2")
        .err(" BY=-1;N HOLDFOR=1", 9, "Mail-parameters without duplicates", "4865 §5.2.2")
        .err(" TRANSID=<a@b> TRANSID=<a@b>", 15, "Mail-parameters without duplicates", "1845 §3")
        .err(" SIZE", 5, "size-value", "1870 §5")
        .err(" SIZE=", 6, "size-value", "1870 §5")
        .err(" SIZE=x", 6, "size-value", "1870 §5")
        .err(" SIZE=-1", 6, "size-value", "1870 §5")
        .err(" SIZE=18446744073709551616", 6, "size-value", "1870 §5, never wrapped")
        .err(alloc::format!(" SIZE={}", "9".repeat(300)), 6, "size-value", "1870 §5")
        .err(" SIZE=000000000000000000001", 6, "size-value", "1870 §5, 20 digits at most")
        .err(" BODY=9BIT", 6, "body-value", "6152 §2")
        .err(" SMTPUTF8=1", 9, "esmtp-param", "6531 §3.4")
        .err(" RET=ALL", 5, "ret-value", "3461 §4.3")
        .err(" ENVID=a=b", 8, "esmtp-param", "3461 §4")
        .err(" ENVID=+0D", 7, "envid xtext", "3461 §4.4")
        .err(alloc::format!(" ENVID={}", "x".repeat(101)), 107, "envid xtext", "3461 §4.4")
        .err(" AUTH=+0D+0A", 6, "AUTH= xtext of a mailbox", "4954 §5")
        .err(" AUTH=\u{fc}", 6, "AUTH= xtext of a mailbox", "4954 §5")
        .err(" SIZE=1 size=2", 8, "Mail-parameters without duplicates", "5321 §4.1.1.2")
        .err(" X=1 x=2", 5, "Mail-parameters without duplicates", "5321 §4.1.1.2")
        .err(" A=1 B=2 C=3 D=4 B", 17, "Mail-parameters without duplicates", "5321 §4.1.1.2")
        .err(" -X", 1, "esmtp-param", "5321 §4.1.2")
        .err(" X=", 3, "esmtp-param", "5321 §4.1.2")
        .err(" X=a=b", 4, "esmtp-param", "5321 §4.1.2")
        .err(" X_Y=a", 2, "esmtp-param", "5321 §4.1.2")
        .err(b" X=\xff", 3, "esmtp-param", "6531 §3.3")
        .err("SIZE=1", 0, "SP", "5321 §4.1.1.2")
        .quirk(
            "  SIZE=1   BODY=7BIT",
            quirk::BLANKS_BEFORE_PARAMETER,
            " SIZE=1 BODY=7BIT",
            "5321 §4.1.1.2",
        )
        .ascii()
        .err(" X=\u{fc}", 3, "esmtp-param", "6531 §3.3");
}

#[test]
fn of_rcpt() {
    table(rcpt, RcptParameters::encode)
        .keeps(" NOTIFY=NEVER", "3461 §4.1")
        .becomes(" notify=success,Failure", " NOTIFY=SUCCESS,FAILURE", "3461 §4.1")
        .becomes(" NOTIFY=DELAY,SUCCESS", " NOTIFY=SUCCESS,DELAY", "3461 §4.1")
        .keeps(" ORCPT=rfc822;a+2Bb@c.example", "3461 §4.2")
        .keeps(" ORCPT=utf-8;j\\x{F6}rg@d.example", "6533 §3")
        .keeps(" ORCPT=utf-8;j\u{f6}rg@d.example", "6533 §3 unitext")
        .keeps(" SIZE=5", "5321 §4.1.1.11, unknown to RCPT")
        .keeps(" CONNEG RRVS=2014-04-03T23:01:00Z;C", "4141 §5.2, 7293 §3.1")
        .keeps(" ALT-ADDRESS=a@b.example XRCPTFORWARD=dXNlcj1h", "5336 §3.4, Dovecot")
        .keeps(" REQUIRETLS BY=1;R", "5321 §4.1.1.11, unknown to RCPT")
        .err(" CONNEG=1", 7, "esmtp-param", "4141 §5.2")
        .err(" RRVS", 5, "rrvs-param", "7293 §3.1")
        .err(" RRVS=2014-04-03T23:01:00Z;CX", 28, "esmtp-param", "7293 §3.1")
        .err(" ALT-ADDRESS=a ALT-ADDRESS=b", 15, "Rcpt-parameters without duplicates", "5336 §3.4")
        .err(" NOTIFY=", 8, "notify-esmtp-value", "3461 §4.1")
        .err(" NOTIFY=NEVER,DELAY", 8, "notify-esmtp-value", "3461 §4.1")
        .err(" NOTIFY=SUCCESS,", 8, "notify-esmtp-value", "3461 §4.1")
        .err(" ORCPT=rfc822", 13, "original-recipient-address", "3461 §4.2")
        .err(" ORCPT=;a", 7, "original-recipient-address", "3461 §4.2")
        .err(" ORCPT=rfc822;", 14, "original-recipient-address", "3461 §4.2")
        .err(" ORCPT=rfc822;a+0D", 15, "original-recipient-address", "3461 §4.2")
        .err(
            alloc::format!(" ORCPT=rfc822;{}", "x".repeat(494)),
            507,
            "original-recipient-address",
            "3461 §4.2",
        );
}

#[test]
fn unknown_ones_are_found_by_keyword() {
    let all: MailParameters = "SIZE=1 X-Foo=bar SMTPUTF8".parse().unwrap();
    assert_eq!(all.unknown().unwrap().keyword(), b"X-Foo");
    assert_eq!(all.unknown().unwrap().value(), Some(&b"bar"[..]));
    assert!(all.find("x-foo").is_some() && all.find("body").is_none());
    assert!(all.is_smtputf8());
    assert_eq!(all.size(), Some(1));
    assert_eq!(all.to_string(), "SIZE=1 X-Foo=bar SMTPUTF8");
}

#[test]
fn what_excludes_another_cannot_be_added() {
    // RFC 4865 §4.2, §5.2.2
    let until: HoldUntil = "2005-01-01T00:00:00Z".parse().unwrap();
    let hold = MailParameter::HoldFor(HoldFor::new(60).unwrap());
    let one = MailParameters::new().with(hold.clone()).unwrap();
    assert!(one.clone().with(MailParameter::HoldUntil(until)).is_err());
    let by = |seconds| MailParameter::By(By::new(seconds, ByMode::Notify).unwrap());
    assert!(one.clone().with(by(59)).is_err());
    let both = one.with(by(60)).unwrap();
    assert_eq!((both.hold_for(), both.hold_until()), (HoldFor::new(60).ok(), None));
    assert_eq!(both.by().map(By::seconds), Some(60));
    let other = MailParameters::new().with(MailParameter::HoldUntil(until)).unwrap();
    assert!(other.clone().with(hold).is_err() && other.with(by(1)).is_ok());
}

#[test]
fn each_has_its_accessor() {
    let mail: MailParameters =
        "BY=1;R HOLDUNTIL=2005-01-01T00:00:00Z SOLICIT=a MTRK=dGVzdA SUBMITTER=a@b CONPERM \
        TRANSID=<a@b> MT-PRIORITY=3 REQUIRETLS ALT-ADDRESS=c@d XVERP PRDR"
            .parse()
            .unwrap();
    assert!(mail.by().is_some() && mail.hold_until().is_some() && mail.hold_for().is_none());
    assert!(mail.is_conperm() && mail.is_requiretls() && mail.is_prdr());
    assert_eq!(mail.solicit().map(SolicitationKeywords::as_str), Some("a"));
    assert_eq!(mail.mtrk().map(Mtrk::certifier), Some(&b"test"[..]));
    assert_eq!(mail.submitter().map(Submitter::as_str), Some("a@b"));
    assert_eq!(mail.trans_id().map(TransId::as_str), Some("<a@b>"));
    assert_eq!(mail.mt_priority().map(MtPriority::get), Some(3));
    assert_eq!(mail.alt_address().map(AltAddress::as_str), Some("c@d"));
    assert_eq!(mail.xverp(), Some(Xverp::USUAL));
    let rcpt: RcptParameters =
        "CONNEG RRVS=2014-04-03T23:01:00Z ALT-ADDRESS=c@d XRCPTFORWARD=x".parse().unwrap();
    assert!(rcpt.is_conneg() && rcpt.rrvs().is_some());
    assert_eq!(rcpt.alt_address().map(AltAddress::as_str), Some("c@d"));
    assert_eq!(rcpt.xrcpt_forward().map(XrcptForward::as_str), Some("x"));
    let none = MailParameters::new();
    assert!(!none.is_conperm() && !none.is_requiretls() && !none.is_prdr());
}

#[test]
fn values_that_would_break_the_wire_cannot_be_made() {
    for (keyword, value) in [
        ("X\r\nDATA", "1"),
        ("SI ZE", "1"),
        ("X=Y", "1"),
        ("", "1"),
        ("-X", "1"),
        ("X", "1 BODY=BINARYMIME"),
        ("X", "1\r\nDATA"),
        ("X", "a=b"),
        ("X", ""),
        ("size", "1"), // has a member of its own
    ] {
        assert!(OtherMailParameter::new(keyword, Some(value)).is_err(), "{keyword} {value}");
    }
    assert!(OtherMailParameter::new("NOTIFY", Some("1")).is_ok(), "RCPT's, not MAIL's");
    assert!(OtherRcptParameter::new("NOTIFY", Some("1")).is_err());
    assert!("SIZE=1".parse::<OtherMailParameter>().is_err());
    for bad in ["\u{fc}", "", "a\r\nDATA", &"x".repeat(101), &"+".repeat(34)] {
        assert!(Envid::new(bad).is_err(), "{bad:?}");
    }
    for (text, wire) in [("a b", "ENVID=a+20b"), ("a+b=c", "ENVID=a+2Bb+3Dc")] {
        assert_eq!(MailParameter::Envid(Envid::new(text).unwrap()).to_string(), wire);
    }
    for (kind, address) in [("rfc 822", "a"), ("", "a"), ("rfc822", ""), ("rfc822", "a\r\n")] {
        assert!(Orcpt::new(kind, address).is_err(), "{kind} {address}");
    }
    assert!(MailAuth::new(&"j\u{f6}rg@b".parse().unwrap()).is_err());
    assert!(Orcpt::new("utf-8", "a\r\n@b").is_err() && Orcpt::new("utf-8", "nobody").is_err());
}

#[test]
fn original_recipients_of_any_script() {
    // RFC 6533 §3
    let utf8 = |text: &str| format!("utf-8;{text}").parse::<Orcpt>().unwrap();
    for (wire, address) in [
        ("j\\x{F6}rg@d.example", Some("j\u{f6}rg@d.example")),
        ("j\u{f6}rg@d.example", Some("j\u{f6}rg@d.example")),
        ("a\\x{2B}b@d.example", Some("a+b@d.example")),
        ("a+b@d.example", Some("a+b@d.example")), // a plain utf-8-address
        ("j\\x{D800}rg@d.example", None),
        ("j\\x{0F6}rg@d.example", None),
        ("a\\x{0D}b@d.example", None),
        ("a\\x{09}b@d.example", None), // a HEXPOINT, but no mailbox has it
        ("nobody", None),
    ] {
        let orcpt = utf8(wire);
        assert_eq!(orcpt.address().as_deref(), address, "{wire}");
        assert_eq!(orcpt.mailbox(), address.map(|text| text.parse().unwrap()));
        assert_eq!(orcpt.to_string(), format!("utf-8;{wire}"), "kept without alteration");
    }
    let mailbox: Mailbox = "\"j\u{f6}rg a\"@b\u{fc}cher.example".parse().unwrap();
    let plain = Orcpt::new_utf8(&mailbox, Dialect::ascii()).unwrap();
    assert_eq!(plain.xtext(), "\"j\\x{F6}rg\\x{20}a\"@b\\x{FC}cher.example");
    assert!(plain.is_ascii());
    let native = Orcpt::new_utf8(&mailbox, Dialect::utf8()).unwrap();
    assert_eq!(native.xtext(), "\"j\u{f6}rg\\x{20}a\"@b\u{fc}cher.example");
    assert_eq!((plain.mailbox(), native.mailbox()), (Some(mailbox.clone()), Some(mailbox)));
    assert_eq!(Orcpt::new("UTF-8", "a+b@c").unwrap().to_string(), "utf-8;a\\x{2B}b@c");
    assert_eq!(Orcpt::new("x400", "a@b").unwrap().mailbox(), None);
    let long = format!("{}@d.example", "\u{1f600}".repeat(16)).parse().unwrap();
    assert!(Orcpt::new_utf8(&long, Dialect::ascii()).is_ok());
}

#[test]
fn every_keyword_has_its_member() {
    for keyword in MailParameter::KEYWORDS.iter().chain(RcptParameter::KEYWORDS) {
        let known = |other: Result<(), InvalidValue>| other.is_err();
        assert!(
            known(OtherMailParameter::new(keyword, None).map(drop))
                || known(OtherRcptParameter::new(keyword, None).map(drop)),
            "{keyword}"
        );
    }
}

#[test]
fn parameters_are_small() {
    // They lie in a command, which moves from the parser to the application.
    assert!(size_of::<MailParameters>() <= 56 && size_of::<RcptParameters>() <= 56);
}

#[test]
fn the_order_of_the_wire_is_kept() {
    // RFC 5321 §4.1.2: those with a place of their own, others between and behind them
    for line in [
        "",
        "SIZE=18446744073709551615",
        "ENVID=a+2Bb RET=FULL SMTPUTF8 BODY=7BIT SIZE=0",
        "BODY=BINARYMIME AUTH=<> SIZE=5 RET=HDRS ENVID=x BY=60;R X-Y=z",
        "X-Y HOLDFOR=5 BODY=8BITMIME SMTPUTF8",
    ] {
        let mail: MailParameters = line.parse().unwrap();
        assert_eq!(mail.to_string(), line);
        let mut out = Vec::new();
        mail.encode(&mut out);
        assert_eq!(out, behind_blank(line));
        let again = mail.iter().try_fold(MailParameters::new(), MailParameters::with).unwrap();
        assert_eq!(again, mail, "made one by one");
        let find = |keyword: &str| mail.find(keyword).map(|found| found.to_string());
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let keyword = word.split('=').next().unwrap();
            assert_eq!(find(keyword).as_deref(), Some(word));
            assert!(format!("{line} {word}").parse::<MailParameters>().is_err(), "{word} twice");
            assert!(mail.clone().with(mail.find(keyword).unwrap()).is_err(), "{word} twice");
        }
        let shown = [
            mail.size().map(|n| Size(n).to_string()),
            mail.body().map(|b| MailParameter::Body(b).to_string()),
            mail.ret().map(|r| MailParameter::Ret(r).to_string()),
            mail.envid().map(|e| MailParameter::Envid(e.clone()).to_string()),
            mail.is_smtputf8().then(|| "SMTPUTF8".into()),
        ];
        let size = find("SIZE").map(|size| size.replace("SIZE=", ""));
        assert_eq!(shown, [size, find("BODY"), find("RET"), find("ENVID"), find("SMTPUTF8")]);
    }
    for line in
        ["", "ORCPT=rfc822;a@b NOTIFY=NEVER", "CONNEG NOTIFY=DELAY ORCPT=x;y", "NOTIFY=DELAY X"]
    {
        let rcpt: RcptParameters = line.parse().unwrap();
        assert_eq!(rcpt.to_string(), line);
        let again = rcpt.iter().try_fold(RcptParameters::new(), RcptParameters::with).unwrap();
        assert_eq!(again, rcpt, "made one by one");
        assert_eq!(rcpt.notify().is_some(), line.contains("NOTIFY"));
        assert_eq!(rcpt.orcpt().is_some(), line.contains("ORCPT"));
        let long = format!("ORCPT=x;{}", "y".repeat(40));
        assert_eq!(
            long.parse::<RcptParameters>().unwrap().find("orcpt").unwrap().to_string(),
            long
        );
    }
}

fn behind_blank(line: &str) -> Vec<u8> {
    if line.is_empty() { Vec::new() } else { format!(" {line}").into_bytes() }
}
