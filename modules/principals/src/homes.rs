//! What other modules say of themselves, told to clients: the homes of a principal and the classes
//! of the `DAV` header.

use dav::{Stored, StoredProperty, percent_encode};
use module::{Descriptor, Response};
use xml::{Name, Writer};

/// The homes of a principal, a property each; several modules may add to one.
///
/// `DAV:allprop` does not have them: RFC 4791 §6.2.1 and RFC 6352 §7.1.1 want it so.
pub(crate) fn properties(
    modules: &[Descriptor],
    id: &str,
    want: &Stored<'_>,
) -> Vec<StoredProperty> {
    let Stored::Names(names) = want else {
        return Vec::new();
    };
    let mut properties = Vec::new();
    for name in *names {
        let homes = modules.iter().flat_map(|module| &module.homes);
        let named = homes.filter(|home| name.is(&home.namespace, &home.property));
        let hrefs: Vec<String> = named.map(|home| fill_in(&home.path, id)).collect();
        if !hrefs.is_empty() {
            properties.push(StoredProperty {
                is_own: false,
                name: name.clone(),
                xml: element(name, &hrefs),
            });
        }
    }
    properties
}

/// The path of a home, for this principal.
fn fill_in(path: &str, id: &str) -> String {
    let mut encoded = String::new();
    percent_encode(&mut encoded, id);
    path.replace("{principal}", &encoded)
}

fn element(name: &Name, hrefs: &[String]) -> Vec<u8> {
    let mut writer = Writer::new(&[]);
    writer.start(name);
    for href in hrefs {
        // The element stands alone: it declares what it uses.
        let href_name = Name::dav("href");
        writer.start(&href_name);
        writer.attribute("xmlns:D", xml::DAV);
        writer.text(href);
        writer.end(&href_name);
    }
    writer.end(name);
    writer.into_bytes()
}

/// Adds the classes of all modules to the `DAV` header. RFC 4918 §10.1.
pub(crate) fn advertise(modules: &[Descriptor], response: &mut Response) {
    let Some(own) = response.headers.get("dav") else {
        return;
    };
    let mut tokens: Vec<&str> = own.split(',').map(str::trim).collect();
    for token in modules.iter().flat_map(|module| &module.compliance) {
        if !tokens.contains(&token.as_str()) {
            tokens.push(token);
        }
    }
    let all = tokens.join(", ");
    response.headers.set("dav", all);
}
