//! Options of what tenants and modules may use: words like `rate=20` and `webdav:cpu=2s`.

use super::options::{parse_bytes, parse_duration};
use super::{ConfigError, Values};
use runtime::UsageLimits;

const EXPECTED: &str = "words like `requests=20 rate=50 cpu=2s cpu_minute=30s memory=64M body=1G`";

/// What a tenant may use.
pub(super) fn of_tenant(values: &Values) -> Result<UsageLimits, ConfigError> {
    let name = "tenant_limits";
    let mut limits = UsageLimits::default();
    for word in values.list(name) {
        set(&mut limits, &word).ok_or_else(|| values.refuse(name, EXPECTED.to_owned()))?;
    }
    Ok(limits)
}

/// What modules may use, by name; `*` for those that are not named.
pub(super) fn of_modules(values: &Values) -> Result<Vec<(String, UsageLimits)>, ConfigError> {
    let name = "module_limits";
    let expected = || values.refuse(name, format!("{EXPECTED}, each after `module:` or `*:`"));
    let mut all: Vec<(String, UsageLimits)> = Vec::new();
    for (module, word) in values.pairs(name).map_err(|_| expected())? {
        let place = match all.iter_mut().find(|(of, _)| *of == module) {
            Some((_, limits)) => set(limits, &word),
            None => {
                let mut limits = UsageLimits::default();
                let set = set(&mut limits, &word);
                all.push((module, limits));
                set
            }
        };
        place.ok_or_else(expected)?;
    }
    Ok(all)
}

fn set(limits: &mut UsageLimits, word: &str) -> Option<()> {
    let (name, value) = word.split_once('=')?;
    let bytes = || parse_bytes(value, 'B').filter(|bytes| *bytes > 0);
    let time = || parse_duration(value, 's').filter(|time| !time.is_zero());
    match name {
        "requests" => limits.requests = Some(value.parse().ok().filter(|count| *count > 0)?),
        "rate" => limits.rate = Some(value.parse().ok().filter(|rate| *rate > 0)?),
        "cpu" => limits.cpu = Some(time()?),
        "cpu_minute" => limits.cpu_minute = Some(time()?),
        "memory" => limits.memory = Some(usize::try_from(bytes()?).ok()?),
        "body" => limits.body = Some(u64::try_from(bytes()?).ok()?),
        _ => return None,
    }
    Some(())
}
