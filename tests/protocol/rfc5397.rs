//! Who one is: <https://www.rfc-editor.org/rfc/rfc5397>.

use super::properties;
use chapar_tests::support::shared;

#[test]
fn s3_current_user_principal_names_whoever_asks() {
    for user in ["alice", "bob"] {
        let mut client = shared().client(user);
        let path = format!("/dav/drive/user/{user}/");
        let found = properties(&mut client, &path, "<D:current-user-principal/>");
        let href = found
            .property("current-user-principal")
            .unwrap()
            .child("href")
            .unwrap();
        assert_eq!(href.text, format!("/dav/principals/user/{user}/"));
        let itself = properties(&mut client, &href.text, "<D:resourcetype/><D:displayname/>");
        assert!(
            itself
                .property("resourcetype")
                .unwrap()
                .child("principal")
                .is_some()
        );
    }
}
