//! Filters: RFC 6352 §10.5.

use super::*;

/// Which of the stored cards a filter means: the letters of their names.
fn found(host: &Host, filter: &str) -> String {
    let reply = query(
        host,
        "<getetag/>",
        &format!("<C:filter {filter}</C:filter>"),
    );
    assert_eq!(reply.status, 207, "{}", reply.text());
    let names = names(&reply).into_iter();
    names
        .map(|name| name.trim_end_matches(".vcf").to_owned())
        .collect()
}

fn cards() -> Host {
    let host = host();
    let all: [(&str, &[&str]); 4] = [
        (
            "a",
            &[
                "FN:Jöhn Döe",
                "N:Döe;Jöhn;;;",
                "item1.EMAIL;TYPE=work,internet:jm@example.com",
                "EMAIL;TYPE=home:john@example.org",
                "item1.X-ABLABEL:Office",
                "CATEGORIES:Friends,Band",
            ],
        ),
        (
            "b",
            &[
                "FN:Alpha Beta",
                "N:Beta;Alpha;;;",
                "TEL;TYPE=\"voice,home\":+1 555",
                "NOTE:x\\, y\\nz",
            ],
        ),
        (
            "c",
            &[
                "FN:ALPHA CHI",
                "N:Chi;Alpha;;;",
                "EMAIL:alpha@example.com",
                "X-CUSTOM:1",
            ],
        ),
        ("d", &["FN:Straße", "N:Straße;;;;", "NICKNAME:Joe;Jr"]),
    ];
    for (name, lines) in all {
        let uid = format!("UID:{name}");
        let mut lines = lines.to_vec();
        lines.push(&uid);
        store(&host, &format!("{name}.vcf"), &lines);
    }
    host
}

fn text(property: &str, attributes: &str, value: &str) -> String {
    format!(
        "><C:prop-filter name='{property}'><C:text-match {attributes}>{value}</C:text-match>\
         </C:prop-filter>"
    )
}

#[test]
fn s10_5_no_filter_means_all() {
    let host = cards();
    assert_eq!(found(&host, ">"), "abcd");
    let reply = query(&host, "<getetag/>", "");
    assert_eq!(names(&reply).len(), 4);
}

#[test]
fn s10_5_1_a_property_is_there_or_not() {
    let host = cards();
    assert_eq!(found(&host, "><C:prop-filter name='EMAIL'/>"), "ac");
    assert_eq!(found(&host, "><C:prop-filter name='x-custom'/>"), "c");
    let not = "><C:prop-filter name='EMAIL'><C:is-not-defined/></C:prop-filter>";
    assert_eq!(found(&host, not), "bd");
}

#[test]
fn s10_5_1_groups() {
    let host = cards();
    assert_eq!(found(&host, "><C:prop-filter name='item1.EMAIL'/>"), "a");
    assert_eq!(found(&host, &text("ITEM1.email", "", "jm@")), "a");
    assert_eq!(found(&host, &text("item1.EMAIL", "", "john@")), "");
}

#[test]
fn s10_5_4_match_types() {
    let host = cards();
    let fn_ = |kind: &str, value: &str| text("FN", &format!("match-type='{kind}'"), value);
    assert_eq!(found(&host, &text("FN", "", "alp")), "bc");
    assert_eq!(found(&host, &fn_("contains", "ha b")), "b");
    assert_eq!(found(&host, &fn_("equals", "alpha beta")), "b");
    assert_eq!(found(&host, &fn_("starts-with", "alpha")), "bc");
    assert_eq!(found(&host, &fn_("ends-with", "chi")), "c");
    // Too short for an index.
    assert_eq!(found(&host, &fn_("starts-with", "j")), "a");
    // The text has no escapes left.
    let note = text("NOTE", "match-type='equals'", "x, y\nz");
    assert_eq!(found(&host, &note), "b");
    assert_eq!(found(&host, &text("NICKNAME", "", "joe;jr")), "d");
    let wrong = format!("<C:filter {}</C:filter>", fn_("like", "x"));
    assert_eq!(query(&host, "<getetag/>", &wrong).status, 400);
}

#[test]
fn s8_3_collations() {
    let host = cards();
    let fn_ = |collation: &str, value: &str| {
        found(
            &host,
            &text("FN", &format!("collation='{collation}'"), value),
        )
    };
    // i;unicode-casemap is the default: RFC 6352 §10.5.4.
    assert_eq!(found(&host, &text("FN", "", "JÖHN")), "a");
    assert_eq!(found(&host, &text("FN", "", "JO\u{308}HN")), "a");
    assert_eq!(fn_("i;ascii-casemap", "JÖHN"), "");
    assert_eq!(fn_("i;ascii-casemap", "alpha"), "bc");
    assert_eq!(fn_("i;octet", "Alpha"), "b");
    assert_eq!(fn_("i;unicode-casemap", "straße"), "d");
}

#[test]
fn s10_5_4_negation() {
    let host = cards();
    let not = "negate-condition='yes'";
    assert_eq!(found(&host, &text("FN", not, "alpha")), "ad");
    assert_eq!(found(&host, &text("EMAIL", not, "example.com")), "a");
}

#[test]
fn s10_5_2_parameters() {
    let host = cards();
    let filter = |inner: &str| format!("><C:prop-filter name='EMAIL'>{inner}</C:prop-filter>");
    assert_eq!(found(&host, &filter("<C:param-filter name='TYPE'/>")), "a");
    let not = "<C:param-filter name='TYPE'><C:is-not-defined/></C:param-filter>";
    assert_eq!(found(&host, &filter(not)), "c");
    let home = "<C:param-filter name='type'><C:text-match match-type='equals'>HOME</C:text-match>\
        </C:param-filter>";
    assert_eq!(found(&host, &filter(home)), "a");
    // One property must be both.
    let both = |test: &str, text: &str| {
        format!(
            "><C:prop-filter name='EMAIL' test='{test}'><C:text-match>{text}</C:text-match>{home}\
             </C:prop-filter>"
        )
    };
    assert_eq!(found(&host, &both("allof", "jm@")), "");
    assert_eq!(found(&host, &both("allof", "john@")), "a");
    assert_eq!(found(&host, &both("anyof", "alpha@")), "ac");
    let quoted = format!("><C:prop-filter name='TEL'>{home}</C:prop-filter>");
    assert_eq!(found(&host, &quoted), "b");
}

#[test]
fn s10_5_any_and_all() {
    let host = cards();
    let two = "<C:prop-filter name='FN'><C:text-match>alpha</C:text-match></C:prop-filter>\
        <C:prop-filter name='EMAIL'><C:text-match>example</C:text-match></C:prop-filter>";
    assert_eq!(found(&host, &format!(">{two}")), "abc");
    assert_eq!(found(&host, &format!("test='anyof'>{two}")), "abc");
    assert_eq!(found(&host, &format!("test='allof'>{two}")), "c");
    // With one that no index knows.
    let three = format!("{two}<C:prop-filter name='CATEGORIES'/>");
    assert_eq!(found(&host, &format!("test='anyof'>{three}")), "abc");
    assert_eq!(found(&host, &format!("test='allof'>{three}")), "");
    let texts = |test: &str| {
        format!(
            "><C:prop-filter name='FN' test='{test}'><C:text-match>alpha</C:text-match>\
             <C:text-match>döe</C:text-match></C:prop-filter>"
        )
    };
    assert_eq!(found(&host, &texts("anyof")), "abc");
    assert_eq!(found(&host, &texts("allof")), "");
}

#[test]
fn s8_6_filters_that_make_no_sense_are_refused() {
    let host = cards();
    let refused = |filter: &str| {
        let reply = query(&host, "<getetag/>", filter);
        expect(&reply, 403, &["<C:supported-filter>"]);
    };
    refused("<C:filter test='some'/>");
    refused("<C:filter><C:prop-filter/></C:filter>");
    let many = "<C:prop-filter name='FN'/>".repeat(201);
    refused(&format!("<C:filter>{many}</C:filter>"));
}
