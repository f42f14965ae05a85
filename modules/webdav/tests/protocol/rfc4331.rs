//! RFC 4331.

use super::*;

#[test]
fn s6_over_quota_is_507_and_changes_nothing() {
    let host = host();
    host.quota("alice", Some(2000), None);
    put(&host, &format!("{HOME}/small"), "1");
    let reply = send(&host, "PUT", &format!("{HOME}/big"), &[], &"x".repeat(3000));
    assert_eq!(reply.status, 507);
    assert!(
        reply.text().contains("quota-not-exceeded"),
        "{}",
        reply.text()
    );
    assert_eq!(get(&host, &format!("{HOME}/big")).status, 404);
}

#[test]
fn s3_quota_properties() {
    let host = host();
    put(&host, &format!("{HOME}/f"), "1");
    let props = "<quota-available-bytes/><quota-used-bytes/>";
    assert!(propfind(&host, HOME, "0", props).text().contains("404"));
    host.quota("alice", Some(10_000), None);
    let reply = propfind(&host, HOME, "0", props);
    let number = |name: &str| element(&reply, name).unwrap().parse::<u64>().unwrap();
    assert_eq!(
        number("D:quota-available-bytes") + number("D:quota-used-bytes"),
        10_000
    );
}
