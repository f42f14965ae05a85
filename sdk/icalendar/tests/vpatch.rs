//! draft-daboo-icalendar-vpatch-00: its examples, and what is wrong or too much.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use icalendar::Budget;
use icalendar::patch::{PatchError, apply};
use support::{parse, stream};

/// An event with what the examples change in it.
fn event() -> String {
    stream(
        "BEGIN:VEVENT\nUID:1234\nDTSTAMP:20160901T000000Z\nDTSTART:20160902T103000Z\n\
         DURATION:PT1H\nSUMMARY:Test event\nURL:http://example.com/\n\
         EXDATE:20160903T120000Z,20160904T120000Z\n\
         ATTENDEE;RSVP=TRUE;MEMBER=\"mailto:calext@example.com\",\"mailto:a@example.com\":\
         mailto:cyrus@example.com\nATTENDEE:mailto:murch@example.com\nEND:VEVENT\n",
    )
}

fn patch(actions: &str) -> String {
    stream(&format!(
        "BEGIN:VPATCH\nUID:abcd\nDTSTAMP:20160901T000000Z\n{actions}END:VPATCH\n"
    ))
}

fn try_apply(object: &str, patch: &str) -> Result<String, PatchError> {
    let applied = apply(&parse(object), &parse(patch), &mut Budget::default())?;
    Ok(String::from_utf8(applied.to_bytes()).unwrap())
}

/// The event after a PATCH to it.
fn patched(lines: &str) -> String {
    let action =
        format!("BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT[UID=1234]\n{lines}END:PATCH\n");
    try_apply(&event(), &patch(&action)).unwrap()
}

#[test]
fn components_are_added_replaced_and_removed() {
    let alarm =
        "BEGIN:VALARM\nUID:4567\nACTION:DISPLAY\nTRIGGER:-PT30M\nDESCRIPTION:Go\nEND:VALARM\n";
    let with = event().replace(
        "END:VEVENT",
        &format!("{}END:VEVENT", alarm.replace('\n', "\r\n")),
    );
    assert_eq!(patched(alarm), with);
    let later = alarm.replace("PT30M", "PT15M");
    let action = format!("BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT\n{later}END:PATCH\n");
    assert_eq!(
        try_apply(&with, &patch(&action)).unwrap(),
        with.replace("PT30M", "PT15M")
    );
    let remove = "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT\nPATCH-DELETE:/VALARM[UID=4567]\n\
        END:PATCH\n";
    assert_eq!(try_apply(&with, &patch(remove)).unwrap(), event());
    let new = "BEGIN:VEVENT\nUID:1234\nDTSTAMP:20160901T000000Z\nDTSTART:20160903T123000Z\n\
        SUMMARY:Changed\nEND:VEVENT\n";
    assert_eq!(patched(new), stream(new));
    let remove =
        "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR\nPATCH-DELETE:/VEVENT[UID=1234]\nEND:PATCH\n";
    assert_eq!(try_apply(&event(), &patch(remove)).unwrap(), stream(""));
}

#[test]
fn properties_are_added_updated_and_removed() {
    let event = event();
    assert_eq!(
        patched("STATUS;PATCH-ACTION=CREATE:CONFIRMED\n"),
        event.replace("END:VEVENT", "STATUS:CONFIRMED\r\nEND:VEVENT")
    );
    let updated = patched("SUMMARY:Title was changed\nLOCATION:New place\n");
    let expected = event.replace("SUMMARY:Test event\r\n", "").replace(
        "END:VEVENT",
        "SUMMARY:Title was changed\r\nLOCATION:New place\r\nEND:VEVENT",
    );
    assert_eq!(updated, expected);
    let accepted = "ATTENDEE;PATCH-ACTION=BYVALUE;PARTSTAT=ACCEPTED:mailto:murch@example.com\n";
    assert_eq!(
        patched(accepted),
        event.replace(
            "ATTENDEE:mailto:murch",
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:murch"
        )
    );
    let by_param = patched("ATTENDEE;PATCH-ACTION=\"BYPARAM@RSVP=TRUE\":mailto:new@example.com\n");
    assert!(by_param.contains("mailto:new@") && by_param.contains("mailto:murch@"));
    assert!(!by_param.contains("cyrus@"));
    // Two of one name do not take each other's place.
    let two = patched("COMMENT:one\nCOMMENT:two\n");
    assert!(two.contains("COMMENT:one\r\nCOMMENT:two"));
    assert_eq!(
        patched("PATCH-DELETE:#URL\n"),
        event.replace("URL:http://example.com/\r\n", "")
    );
    assert_eq!(
        patched("PATCH-DELETE:#ATTENDEE[=mailto:murch@example.com]\n"),
        event.replace("ATTENDEE:mailto:murch@example.com\r\n", "")
    );
    assert_eq!(
        patched("PATCH-DELETE:#EXDATE=20160903T120000Z\n"),
        event.replace("20160903T120000Z,", "")
    );
}

#[test]
fn parameters_are_set_and_removed() {
    let folded = |text: &str| text.replace("\r\n ", "");
    let event = folded(&event());
    let on = "#ATTENDEE[=mailto:cyrus@example.com]";
    let set = folded(&patched(&format!(
        "PATCH-PARAMETER;PARTSTAT=ACCEPTED:{on}\n"
    )));
    let with = event.replace(
        "\"mailto:a@example.com\":",
        "\"mailto:a@example.com\";PARTSTAT=ACCEPTED:",
    );
    assert_eq!(set, with);
    let removed = folded(&patched(&format!("PATCH-DELETE:{on};RSVP\n")));
    assert_eq!(removed, event.replace(";RSVP=TRUE", ""));
    let one = folded(&patched(&format!(
        "PATCH-DELETE:{on}\\;MEMBER=mailto:calext@example.com\n"
    )));
    assert_eq!(one, event.replace("\"mailto:calext@example.com\",", ""));
}

fn daily() -> String {
    stream(
        "BEGIN:VEVENT\nUID:1234\nDTSTAMP:20160901T000000Z\nDTSTART;VALUE=DATE:20160905\n\
         SUMMARY:Test event\nRRULE:FREQ=DAILY\nEND:VEVENT\n",
    )
}

#[test]
fn instances_get_overrides_and_lose_them() {
    let actions = "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT[RID=20160906]\n\
        SUMMARY:Test event - modified\nEND:PATCH\n";
    let with = try_apply(&daily(), &patch(actions)).unwrap();
    let expected = daily().replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\r\nUID:1234\r\nDTSTAMP:20160901T000000Z\r\n\
         DTSTART;VALUE=DATE:20160906\r\nRECURRENCE-ID;VALUE=DATE:20160906\r\n\
         SUMMARY:Test event - modified\r\nEND:VEVENT\r\nEND:VCALENDAR",
    );
    assert_eq!(with, expected);
    let actions = "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR\nPATCH-DELETE:/VEVENT[RID=20160906]\n\
        END:PATCH\nBEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT[RID=M]\n\
        EXDATE;PATCH-ACTION=CREATE:20160906\nEND:PATCH\n";
    let without = try_apply(&with, &patch(actions)).unwrap();
    let expected = daily().replace("END:VEVENT", "EXDATE:20160906\r\nEND:VEVENT");
    assert_eq!(without, expected);
    // The rule does not reach there.
    let actions =
        "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT[RID=20150906]\nSUMMARY:x\nEND:PATCH\n";
    assert_eq!(try_apply(&daily(), &patch(actions)).unwrap(), daily());
}

#[test]
fn patches_go_by_their_order() {
    let one = |order: u8, text: &str| {
        format!(
            "BEGIN:VPATCH\nUID:{order}\nDTSTAMP:20160901T000000Z\nPATCH-ORDER:{order}\n\
             BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT\nSUMMARY:{text}\nEND:PATCH\nEND:VPATCH\n"
        )
    };
    let both = stream(&format!("{}{}", one(2, "second"), one(1, "first")));
    let result = try_apply(&event(), &both).unwrap();
    assert!(result.contains("SUMMARY:second") && !result.contains("first"));
}

#[test]
fn what_is_no_patch_is_refused() {
    let refused = |actions: &str| try_apply(&event(), &patch(actions)).unwrap_err();
    assert_eq!(
        try_apply(&event(), &event()).unwrap_err(),
        PatchError::NoPatch
    );
    let version = PatchError::Version("2".to_owned());
    assert_eq!(refused("PATCH-VERSION:2\n"), version);
    let action = PatchError::Action("VEVENT".to_owned());
    assert_eq!(refused("BEGIN:VEVENT\nEND:VEVENT\n"), action);
    let of = |lines: &str| refused(&format!("BEGIN:PATCH\n{lines}END:PATCH\n"));
    assert_eq!(of("SUMMARY:x\n"), PatchError::Target);
    assert_eq!(of("PATCH-TARGET:/VEVENT\n"), PatchError::Target);
    let bad = |path: &str| of(&format!("PATCH-TARGET:/VCALENDAR\nPATCH-DELETE:{path}\n"));
    for path in [
        "VEVENT",
        "/VEVENT[UID",
        "/VEVENT/VALARM",
        "#",
        "#X[",
        "#X[y]",
        "/[UID=1]",
        "/VEVENT[Z=1]",
    ] {
        assert!(matches!(bad(path), PatchError::Path(_)), "{path}");
    }
    let action = of("PATCH-TARGET:/VCALENDAR\nSUMMARY;PATCH-ACTION=X:y\n");
    assert_eq!(action, PatchError::PatchAction("X".to_owned()));
}

#[test]
fn what_costs_too_much_is_refused() {
    let action = "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR\nEND:PATCH\n";
    let many = patch(&action.repeat(2000));
    assert_eq!(
        try_apply(&event(), &many).unwrap_err(),
        PatchError::TooMany(1000)
    );
    let alarms = "BEGIN:VALARM\nACTION:NONE\nEND:VALARM\n".repeat(2000);
    let object = event().replace("END:VEVENT\r\n", &format!("{alarms}END:VEVENT\r\n"));
    let long = format!(
        "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT/VALARM\nX-A:{}\nEND:PATCH\n",
        "x".repeat(100_000)
    );
    assert_eq!(
        try_apply(&object, &patch(&long)).unwrap_err(),
        PatchError::TooMuch
    );
}

/// Whatever a patch says, it is applied or refused.
#[test]
fn any_patch_gets_an_answer() {
    let actions = "BEGIN:PATCH\nPATCH-TARGET:/VCALENDAR/VEVENT[UID=1234][RID=20160906]\n\
        PATCH-DELETE:#ATTENDEE[@RSVP!TRUE];MEMBER=x\nPATCH-DELETE:/VALARM[UID=1]\n\
        PATCH-PARAMETER;PARTSTAT=A,B:#ATTENDEE\nX;PATCH-ACTION=\"BYPARAM@A=b\":y\n\
        BEGIN:VALARM\nUID:1\nEND:VALARM\nEND:PATCH\n";
    let original = patch(actions).into_bytes();
    let objects = [event(), daily()];
    let mut seed = 1_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let letters = b"[]/#;=!@,:\\\"\r\n XM1";
    for round in 0..5_000 {
        let mut bytes = original.clone();
        for _ in 0..1 + random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, letters[random(letters.len())]),
                _ => bytes[at] = letters[random(letters.len())],
            }
        }
        let Ok(parsed) = icalendar::Calendar::parse(&bytes, &icalendar::Limits::default()) else {
            continue;
        };
        let object = parse(&objects[round % 2]);
        if let Ok(applied) = apply(&object, &parsed, &mut Budget::default()) {
            // What comes of it can be read again.
            let written = applied.to_bytes();
            let again = icalendar::Calendar::parse(&written, &icalendar::Limits::default());
            assert!(again.is_ok(), "{}", String::from_utf8_lossy(&bytes));
        }
    }
}
