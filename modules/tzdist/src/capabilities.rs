//! The action "capabilities": what the service can do. RFC 7808 §5.1.

use crate::database::Database;
use crate::format::Format;
use crate::list::{PUBLISHER, sync_token};
use crate::{MOUNT, json};
use module::Response;
use serde_json::{Value, json};

/// RFC 7808 §6.1.
pub(crate) fn answer(database: &Database) -> Response {
    let capabilities = json!({
        "version": 1,
        "info": {
            "primary-source": format!("{PUBLISHER}:{}", database.version()),
            "formats": Format::ALL.map(Format::media_type),
            "truncated": {"any": true, "untruncated": true},
        },
        "actions": [
            action("capabilities", "/capabilities", &[]),
            action("list", "/zones{?changedsince}", &[("changedsince", false)]),
            action("get", "/zones{/tzid}{?start,end}", &[("start", false), ("end", false)]),
            action(
                "expand",
                "/zones{/tzid}/observances{?start,end}",
                &[("start", true), ("end", true)],
            ),
            action("find", "/zones{?pattern}", &[("pattern", true)]),
            action("leapseconds", "/leapseconds", &[]),
        ],
    });
    json(sync_token(database), &capabilities)
}

/// An action with the names of its parameters and whether each is required; none may occur twice.
fn action(name: &str, template: &str, parameters: &[(&str, bool)]) -> Value {
    let parameters = parameters
        .iter()
        .map(|(name, required)| json!({"name": name, "required": required, "multi": false}));
    json!({
        "name": name,
        "uri-template": format!("{MOUNT}{template}"),
        "parameters": parameters.collect::<Vec<Value>>(),
    })
}
