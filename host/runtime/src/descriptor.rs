//! Checks what a module says of itself before any of it is believed: it reaches headers, routes and
//! logs.

use crate::module::{Descriptor, Mount};

/// Most entries of each list.
const ENTRIES_MAX: usize = 64;
/// Longest text, in bytes.
const TEXT_MAX: usize = 1024;

/// Returns why a descriptor is refused. `name` is that of the file.
pub(crate) fn check(name: &str, descriptor: &Descriptor) -> Result<(), String> {
    if descriptor.name != name {
        return Err(format!(
            "it calls itself {:?}: rename the file to {}.wasm",
            short(&descriptor.name),
            short(&descriptor.name)
        ));
    }
    let lists = [
        descriptor.mounts.len(),
        descriptor.well_known.len(),
        descriptor.compliance.len(),
        descriptor.homes.len(),
        descriptor.mailbox_types.len(),
        descriptor.options.len(),
        descriptor.capabilities.len(),
    ];
    if lists.iter().any(|len| *len > ENTRIES_MAX) {
        return Err(format!(
            "its descriptor has a list of more than {ENTRIES_MAX} entries"
        ));
    }
    if let Some(text) = texts(descriptor).find(|text| !is_plain(text)) {
        return Err(format!(
            "its descriptor has a text that is too long or has control characters: {:?}",
            short(text)
        ));
    }
    for mount in &descriptor.mounts {
        check_mount(mount)?;
    }
    for entry in &descriptor.well_known {
        if entry.name.is_empty() || entry.name.contains('/') {
            return Err(format!("{:?} is not a well-known name", entry.name));
        }
        if !entry.target.starts_with('/') {
            return Err(format!("{:?} is not a path", entry.target));
        }
    }
    Ok(())
}

/// Puts the operator's prefixes in the place of a module's own: in mounts, in the targets of
/// well-known names, and in homes.
pub(crate) fn apply_prefixes(descriptor: &mut Descriptor, prefixes: &[(String, String, String)]) {
    let own: Vec<&(String, String, String)> = prefixes
        .iter()
        .filter(|(module, _, _)| *module == descriptor.name)
        .collect();
    let apply = |path: &mut String| {
        for (_, from, to) in &own {
            let from = from.trim_end_matches('/');
            if let Some(rest) = path.strip_prefix(from)
                && (rest.is_empty() || rest.starts_with('/'))
            {
                *path = format!("{}{rest}", to.trim_end_matches('/'));
                return;
            }
        }
    };
    for mount in &mut descriptor.mounts {
        if mount.path.len() > 1 {
            mount.path.truncate(mount.path.trim_end_matches('/').len());
        }
        apply(&mut mount.path);
        if mount.path.is_empty() {
            mount.path.push('/');
        }
    }
    for entry in &mut descriptor.well_known {
        apply(&mut entry.target);
    }
    for home in &mut descriptor.homes {
        apply(&mut home.path);
    }
}

/// Says why a module can't be in force together with one that is.
pub(crate) fn conflict(descriptor: &Descriptor, holder: &Descriptor) -> Option<String> {
    let mut mounts = descriptor.mounts.iter();
    let taken = mounts.find(|mount| holder.mounts.iter().any(|held| held.path == mount.path));
    if let Some(mount) = taken {
        return Some(format!(
            "{} is already a mount of module {}: give one of them another prefix",
            mount.path, holder.name
        ));
    }
    let mut names = descriptor.well_known.iter();
    let taken = names.find(|entry| holder.well_known.iter().any(|held| held.name == entry.name))?;
    Some(format!(
        "/.well-known/{} already leads to module {}: switch one of them off",
        taken.name, holder.name
    ))
}

fn check_mount(mount: &Mount) -> Result<(), String> {
    let path = mount.path.as_str();
    let inner = path
        .strip_prefix('/')
        .map(|rest| rest.trim_end_matches('/'));
    let well_formed = inner.is_some_and(|inner| {
        inner.is_empty()
            || inner
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..")
    });
    if !well_formed || path.contains(['?', '#', ' ']) {
        return Err(format!("{path:?} can't be a mount"));
    }
    let bad = mount.methods.iter().find(|method| !is_token(method));
    match bad {
        Some(method) => Err(format!("{method:?} is not a method")),
        None => Ok(()),
    }
}

fn texts(descriptor: &Descriptor) -> impl Iterator<Item = &str> {
    let own = [&descriptor.name, &descriptor.version, &descriptor.summary];
    let mounts = descriptor.mounts.iter().flat_map(|mount| {
        std::iter::once(&mount.path)
            .chain(&mount.methods)
            .chain(&mount.realm)
    });
    let well_known = descriptor
        .well_known
        .iter()
        .flat_map(|entry| [&entry.name, &entry.target]);
    let homes = descriptor
        .homes
        .iter()
        .flat_map(|home| [&home.namespace, &home.property, &home.path]);
    let options = descriptor
        .options
        .iter()
        .flat_map(|option| [&option.name, &option.help]);
    own.into_iter()
        .chain(mounts)
        .chain(well_known)
        .chain(homes)
        .chain(options)
        .chain(&descriptor.compliance)
        .chain(&descriptor.mailbox_types)
        .chain(&descriptor.capabilities)
        .map(String::as_str)
}

fn is_plain(text: &str) -> bool {
    text.len() <= TEXT_MAX && !text.chars().any(char::is_control)
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::module::{Access, Extent, WellKnown};

    fn descriptor(path: &str) -> Descriptor {
        Descriptor {
            name: "files".to_owned(),
            mounts: vec![Mount {
                path: path.to_owned(),
                extent: Extent::Prefix,
                methods: vec!["GET".to_owned()],
                access: Access::Anonymous,
                realm: None,
            }],
            ..Descriptor::default()
        }
    }

    #[test]
    fn malformed_descriptors_are_refused() {
        assert_eq!(check("files", &descriptor("/dav/files/")), Ok(()));
        assert_eq!(check("files", &descriptor("/")), Ok(()));
        for path in ["", "dav", "/a//b", "/a/../b", "/a?b", "/a\nb"] {
            assert!(check("files", &descriptor(path)).is_err(), "{path:?}");
        }
        assert!(check("other", &descriptor("/a")).is_err());
        let mut realm = descriptor("/a");
        realm.mounts[0].realm = Some("a\r\nSet-Cookie: b".to_owned());
        assert!(check("files", &realm).is_err());
    }

    #[test]
    fn prefixes_replace_whole_segments() {
        let mut one = descriptor("/dav/files/");
        one.well_known.push(WellKnown {
            name: "files".to_owned(),
            target: "/dav/files/".to_owned(),
        });
        let prefixes = [("files".to_owned(), "/dav/files".to_owned(), "/f".to_owned())];
        apply_prefixes(&mut one, &prefixes);
        assert_eq!(one.mounts[0].path, "/f");
        assert_eq!(one.well_known[0].target, "/f/");
        let mut other = descriptor("/dav/filesystem");
        apply_prefixes(&mut other, &prefixes);
        assert_eq!(other.mounts[0].path, "/dav/filesystem");
    }
}
