//! `EmailSubmission/query` and `EmailSubmission/queryChanges`. RFC 8621 §7.3, §7.4.

use super::Submissions;
use crate::standard::{FewQuery, Test, Wanted};
use serde_json::Value;

impl FewQuery for Submissions {
    const CAN_CALCULATE_CHANGES: bool = true;

    const SORTS: &'static [(&'static str, &'static str)] = &[
        ("emailId", "emailId"),
        ("threadId", "threadId"),
        ("sendAt", "sentAt"),
    ];

    fn test(name: &str, value: Value) -> Option<Test> {
        let one_of = |properties, value| match value {
            Value::Array(ids) => Some(Test {
                properties,
                wanted: Wanted::OneOf(ids),
            }),
            _ => None,
        };
        match name {
            "identityIds" => one_of(&["identityId"], value),
            "emailIds" => one_of(&["emailId"], value),
            "threadIds" => one_of(&["threadId"], value),
            "undoStatus" if value.is_string() => Some(Test::is(&["undoStatus"], value)),
            "before" | "after" => Test::date(&["sendAt"], &value, name == "before"),
            _ => None,
        }
    }
}
