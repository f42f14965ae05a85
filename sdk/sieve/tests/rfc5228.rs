//! Scripts by the clauses of RFC 5228.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use sieve::{Argument, Fault, Script, SieveError};

fn parse(script: &str) -> Result<Script, SieveError> {
    Script::parse(script.as_bytes())
}

fn fault(script: &str) -> Fault {
    parse(script).expect_err(script).fault
}

#[test]
fn s9_the_extended_example_is_read() {
    let script = parse(include_str!("fixtures/rfc5228_9.sieve")).unwrap();
    assert_eq!(script.requires, ["fileinto"]);
    let names: Vec<&str> = script.commands.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["if", "elsif", "elsif", "else"]);
    let any_of = script.commands[2].test.as_ref().unwrap();
    assert_eq!(any_of.name, "anyof");
    assert_eq!(any_of.tests.len(), 2);
    assert_eq!(any_of.tests[0].name, "not");
    assert_eq!(
        any_of.tests[0].tests[0].arguments[0],
        Argument::Tag("all".to_owned())
    );
    assert_eq!(
        script.commands[3].block[0].arguments,
        [Argument::Text("personal".to_owned())]
    );
}

#[test]
fn s2_3_comments_and_s2_4_literals() {
    let script = parse(
        "# one\r\n/* two * /\r\n */ if /* three */ size :over 100K { # four\r\n discard; }\r\n\
         if header \"a\\\"b\\\\c\\d\" [\"x\", \"y\"] { stop; }",
    );
    // RFC 5322 §2.2: a field name may have quotes and backslashes.
    let script = script.unwrap();
    assert_eq!(
        script.commands[0].test.as_ref().unwrap().arguments[1],
        Argument::Number(100 << 10)
    );
    assert_eq!(
        script.commands[1].test.as_ref().unwrap().arguments[0].texts(),
        ["a\"b\\cd"]
    );
    let script =
        parse("require \"reject\"; reject text: # why\r\nline\r\n..dot\r\n.\r\n;\r\nstop;");
    let script = script.unwrap();
    assert_eq!(
        script.commands[0].arguments[0].texts(),
        ["line\r\n.dot\r\n"]
    );
    assert_eq!(script.commands[1].line, 6);
    assert_eq!(
        fault("if size :over 9999999999G { stop; }"),
        Fault::NumberTooBig
    );
    assert!(matches!(
        fault("keep; /* open"),
        Fault::Unterminated("comment")
    ));
    assert!(matches!(
        fault("redirect \"open"),
        Fault::Unterminated("string")
    ));
    assert!(matches!(
        fault("redirect text:\r\nopen\r\n"),
        Fault::Unterminated("text")
    ));
}

#[test]
fn s2_4_2_4_encoded_characters() {
    let mailbox = |text: &str| {
        let script = format!("require [\"fileinto\", \"encoded-character\"]; fileinto \"{text}\";");
        parse(&script).map(|script| script.commands[0].arguments[0].texts()[0].clone())
    };
    // The table of the clause.
    assert_eq!(mailbox("$${hex:40}").unwrap(), "$@");
    assert_eq!(mailbox("${hex: 40 }").unwrap(), "@");
    assert_eq!(mailbox("${HEX: 40}").unwrap(), "@");
    assert_eq!(mailbox("${hex:40").unwrap(), "${hex:40");
    assert_eq!(mailbox("${hex:400}").unwrap(), "${hex:400}");
    assert_eq!(mailbox("${hex:4${hex:30}}").unwrap(), "${hex:40}");
    assert_eq!(mailbox("${unicode:40}").unwrap(), "@");
    assert_eq!(mailbox("${ unicode:40}").unwrap(), "${ unicode:40}");
    assert_eq!(mailbox("${UNICODE:40}").unwrap(), "@");
    assert_eq!(mailbox("${unicode:Cool}").unwrap(), "${unicode:Cool}");
    assert!(matches!(
        mailbox("${unicode:200000}").unwrap_err().fault,
        Fault::Value { .. }
    ));
    assert!(matches!(
        mailbox("${Unicode:DF01}").unwrap_err().fault,
        Fault::Value { .. }
    ));
    assert!(matches!(
        mailbox("${hex:ff}").unwrap_err().fault,
        Fault::Value { .. }
    ));
    let plain = parse("require \"fileinto\"; fileinto \"${hex:40}\";").unwrap();
    assert_eq!(plain.commands[0].arguments[0].texts(), ["${hex:40}"]);
}

#[test]
fn s2_6_arguments_are_those_that_the_word_takes() {
    for script in [
        "keep \"x\";",
        "redirect;",
        "redirect [\"a@example.com\"];",
        "redirect \"a@example.com\", \"b@example.com\";",
        "if header \"Subject\" { stop; }",
        "if size 100 { stop; }",
        "if not { stop; }",
        "if allof { stop; }",
        "if true, false { stop; }",
        "if (true, false) { stop; }",
        "stop true;",
        "keep { stop; }",
        "if true;",
        "redirect \"nobody\";",
        "if exists \"Sub ject:\" { stop; }",
    ] {
        let error = parse(script).expect_err(script);
        assert_eq!(error.line, 1, "{script}: {error}");
    }
    assert!(matches!(
        fault("if size :above 1 { stop; }"),
        Fault::UnknownTag { .. }
    ));
    assert!(matches!(
        fault("if header :is :contains \"a\" \"b\" { stop; }"),
        Fault::TwiceTagged {
            group: "match type",
            ..
        }
    ));
    assert!(matches!(
        fault("if header \"a\" :is \"b\" { stop; }"),
        Fault::LateTag(_)
    ));
    assert!(matches!(
        fault("if header :comparator \"i;nothing\" \"a\" \"b\" { stop; }"),
        Fault::Value { .. }
    ));
}

#[test]
fn s2_10_5_extensions_are_required() {
    assert_eq!(
        fault("require \"no-such\"; keep;"),
        Fault::UnknownExtension("no-such".to_owned())
    );
    assert!(matches!(
        fault("fileinto \"x\";"),
        Fault::NotRequired {
            extension: "fileinto",
            ..
        }
    ));
    for script in [
        "if envelope \"from\" \"a@example.com\" { stop; }",
        "if header :count \"gt\" \"a\" \"1\" { stop; }",
        "if address :detail \"to\" \"x\" { stop; }",
        "redirect :copy \"a@example.com\";",
        "keep :flags \"\\\\Seen\";",
        "vacation \"gone\";",
        "if header :comparator \"i;ascii-numeric\" \"a\" \"b\" { stop; }",
    ] {
        assert!(
            matches!(fault(script), Fault::NotRequired { .. }),
            "{script}"
        );
    }
    // §2.7.3: these comparators are always there, and may be required nevertheless.
    assert!(parse("require \"comparator-i;octet\"; keep;").is_ok());
}

#[test]
fn s3_control_commands_stand_where_they_may() {
    assert_eq!(fault("keep; require \"fileinto\";"), Fault::LateRequire);
    assert_eq!(
        fault("if true { require \"fileinto\"; }"),
        Fault::LateRequire
    );
    assert_eq!(fault("else { stop; }"), Fault::NoIf("else".to_owned()));
    assert_eq!(
        fault("if true { } keep; elsif true { }"),
        Fault::NoIf("elsif".to_owned())
    );
    assert_eq!(
        fault("if true { } else { } else { }"),
        Fault::NoIf("else".to_owned())
    );
    assert_eq!(
        fault("whatever;"),
        Fault::UnknownCommand("whatever".to_owned())
    );
    assert_eq!(
        fault("if whatever { }"),
        Fault::UnknownTest("whatever".to_owned())
    );
    assert!(matches!(fault("keep }"), Fault::Unexpected { .. }));
    assert!(matches!(fault("if true { keep;"), Fault::Unexpected { .. }));
    assert!(parse("").unwrap().commands.is_empty());
}

#[test]
fn an_error_says_the_line_and_what_to_do() {
    let script = "require \"fileinto\";\r\n\r\nif true {\r\n  fileinto :copy \"x\";\r\n}\r\n";
    let error = parse(script).unwrap_err();
    assert_eq!(error.to_string(), "line 4: :copy needs require \"copy\"");
    let error = Script::parse(b"keep;\n\n\"\xff").unwrap_err();
    assert_eq!((error.line, error.fault), (3, Fault::NotText));
    assert_eq!(fault("keep;\rstop;"), Fault::NotText);
}
