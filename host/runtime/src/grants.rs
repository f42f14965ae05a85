//! What a module imports, and whether it may. A component imports only what its code uses, so its
//! imports are the truth; interfaces of which it uses no function give it nothing and don't count.

use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentExtern, ComponentItem};

/// Our interfaces that are always there: they give nothing but the request itself.
const HARMLESS: [&str; 7] = [
    "types",
    "descriptor",
    "exchange",
    "blob",
    "identity",
    "config",
    "modules",
];
/// Our interfaces that must be granted.
const GRANTED: [&str; 12] = [
    "annotation",
    "batch",
    "delivery",
    "directory",
    "endpoint",
    "index",
    "lock",
    "mailbox",
    "quota",
    "rights",
    "submission",
    "timer",
];
/// Parts of WASI that are there and empty. `http` is its types: sending has a grant of its own.
const WASI: [&str; 7] = [
    "io",
    "cli",
    "clocks",
    "random",
    "filesystem",
    "sockets",
    "http",
];
/// Sending HTTP requests; grants and capabilities name it so.
const OUTGOING: &str = "outgoing-handler";

/// What an import is to the host.
enum Import<'a> {
    /// Always there.
    Free,
    /// To be granted; the name that grants use.
    Granted(&'a str),
    /// Unknown here.
    Missing,
}

/// Lists what a component imports and uses.
pub(crate) fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    component
        .component_type()
        .imports(engine)
        .filter(|(_, item)| has_functions(engine, item))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Lists what a component exports.
pub(crate) fn exports(engine: &Engine, component: &Component) -> Vec<String> {
    component
        .component_type()
        .exports(engine)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Interfaces that it imports and that this host does not have.
pub(crate) fn missing(imports: &[String]) -> Vec<&str> {
    imports
        .iter()
        .filter(|name| matches!(classify(name), Import::Missing))
        .map(String::as_str)
        .collect()
}

/// Interfaces that it imports and that must be granted, by the names that grants use.
pub(crate) fn wanted(imports: &[String]) -> Vec<&str> {
    imports
        .iter()
        .filter_map(|name| match classify(name) {
            Import::Granted(short) => Some(short),
            Import::Free | Import::Missing => None,
        })
        .collect()
}

/// Whether the operator granted an interface to a module.
pub(crate) fn granted(grants: &[(String, String)], module: &str, interface: &str) -> bool {
    grants
        .iter()
        .any(|(to, what)| (to == "*" || to == module) && (what == "*" || what == interface))
}

/// Checks imports against what the module declares and what it was granted; returns why it may not
/// be loaded. `declared` is none for components that have no descriptor of their own.
pub(crate) fn refusal(
    module: &str,
    imports: &[String],
    declared: Option<&[String]>,
    grants: &[(String, String)],
) -> Option<String> {
    let missing = missing(imports);
    if !missing.is_empty() {
        return Some(format!(
            "it imports {}, which this host does not have",
            missing.join(", ")
        ));
    }
    let wanted = wanted(imports);
    if let Some(declared) = declared {
        let undeclared: Vec<&str> = wanted
            .iter()
            .copied()
            .filter(|name| !declared.iter().any(|declared| declared == name))
            .collect();
        if !undeclared.is_empty() {
            return Some(format!(
                "it imports {}, which its descriptor does not name under capabilities",
                undeclared.join(", ")
            ));
        }
    }
    let ungranted: Vec<&str> = wanted
        .into_iter()
        .filter(|name| !granted(grants, module, name))
        .collect();
    if ungranted.is_empty() {
        return None;
    }
    Some(format!(
        "it imports {}, which it was not granted: allow it with the option module_grants",
        ungranted.join(", ")
    ))
}

fn classify(import: &str) -> Import<'_> {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    match name.split_once('/') {
        Some(("chapar:host", short)) if HARMLESS.contains(&short) => Import::Free,
        Some(("chapar:host", short)) if GRANTED.contains(&short) => Import::Granted(short),
        Some(("wasi:http", OUTGOING)) => Import::Granted(OUTGOING),
        Some((package, _)) => match package.strip_prefix("wasi:") {
            Some(package) if WASI.contains(&package) => Import::Free,
            _ => Import::Missing,
        },
        None => Import::Missing,
    }
}

fn has_functions(engine: &Engine, item: &ComponentExtern<'_>) -> bool {
    match &item.ty {
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine)
            .any(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_))),
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn grants(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(to, what)| ((*to).to_owned(), (*what).to_owned()))
            .collect()
    }

    #[test]
    fn imports_beyond_grants_are_named() {
        let imports = names(&[
            "chapar:host/mailbox@0.1.0",
            "chapar:host/batch@0.1.0",
            "chapar:host/config@0.1.0",
            "wasi:io/streams@0.2.6",
        ]);
        let declared = names(&["mailbox", "batch"]);
        let check =
            |given: &[(&str, &str)]| refusal("files", &imports, Some(&declared), &grants(given));
        assert_eq!(check(&[("files", "*")]), None);
        assert_eq!(check(&[("*", "*")]), None);
        assert_eq!(check(&[("files", "mailbox"), ("*", "batch")]), None);
        let reason = check(&[("files", "mailbox"), ("other", "*")]).unwrap();
        assert!(
            reason.contains("batch") && !reason.contains("mailbox"),
            "{reason}"
        );
    }

    #[test]
    fn undeclared_and_unknown_imports_are_refused() {
        let all = grants(&[("*", "*")]);
        let reason = refusal("a", &names(&["chapar:host/mailbox@0.1.0"]), Some(&[]), &all);
        assert!(reason.unwrap().contains("capabilities"));
        let reason = refusal("a", &names(&["wasi:nn/graph@0.2.0"]), None, &all);
        assert!(reason.unwrap().contains("wasi:nn/graph"));
        let http = names(&["wasi:http/outgoing-handler@0.2.0"]);
        assert!(refusal("a", &http, None, &grants(&[("a", "mailbox")])).is_some());
        assert!(refusal("a", &http, None, &grants(&[("a", "outgoing-handler")])).is_none());
    }
}
