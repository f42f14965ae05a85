//! The module's own options, from the operator's configuration: `wit/config.wit`.

/// Returns the value of an option that the module's descriptor names; none if it is not set.
pub fn option(name: &str) -> Option<String> {
    crate::backend::config::get(name)
}
