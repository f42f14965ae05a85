//! The XML reader: what it reads stays within the limits, and written it reads as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use xml::{Element, Limits, Name, Writer, parse};

const LIMITS: Limits = Limits {
    bytes: 1 << 16,
    depth: 12,
    elements: 100,
    attributes: 12,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(element) = parse(bytes, &LIMITS) else {
        return;
    };
    let (depth, elements) = measure(&element);
    assert!(depth <= LIMITS.depth && elements <= LIMITS.elements);

    let mut written = Vec::new();
    element.write_standalone(&mut written, &[]);
    let again = parse(&written, &Limits::default()).expect("what was written is well-formed");
    let mut rewritten = Vec::new();
    again.write_standalone(&mut rewritten, &[]);
    assert_eq!(same(&element), same(&again));
    assert_eq!(written, rewritten);

    // Any text that was read passes through the writer.
    let text = element.text();
    let mut writer = Writer::new(&[]);
    let root = Name::dav("prop");
    writer.start_root(&root);
    writer.attribute("a", &text);
    writer.text(&text);
    writer.end(&root);
    let root = parse(&writer.into_bytes(), &Limits::default()).expect("well-formed");
    assert_eq!(root.text(), text);
    assert_eq!(root.attribute("a").unwrap_or_default(), text);
});

/// How deep it is, and how many elements it has.
fn measure(element: &Element) -> (usize, usize) {
    element
        .elements()
        .map(measure)
        .fold((1, 1), |(depth, count), (inner, more)| {
            (depth.max(inner + 1), count + more)
        })
}

/// What an element means, whatever its prefixes are.
fn same(element: &Element) -> String {
    let mut attributes: Vec<String> = element
        .attributes
        .iter()
        .map(|attribute| format!("{}={:?}", attribute.name, attribute.value))
        .collect();
    attributes.sort();
    let children: Vec<String> = element
        .children
        .iter()
        .map(|node| match node {
            xml::Node::Element(element) => same(element),
            xml::Node::Text(text) => format!("{text:?}"),
        })
        .collect();
    format!("{}{attributes:?}{children:?}", element.name)
}
