//! Folders that the operator lets a module read: `module_folders`, `zoneinfo_dir`. It reads those, and
//! nothing beside them.

use chapar_tests::support::Server;

#[test]
fn a_module_reads_the_folder_that_it_was_granted() {
    let root = tempfile::tempdir().unwrap();
    let zones = root.path().join("zones");
    std::fs::create_dir_all(zones.join("Europe")).unwrap();
    let own = Server::builder().start();
    let mut client = own.anonymous();
    let tzif = [("accept", "application/tzif")];
    let moscow = "/tzdist/zones/Europe%2FMoscow";
    let moscow = client.send("GET", moscow, &tzif, b"").expect(200).body;
    // It is another clock than the module's, and one that the folder only leads to.
    std::fs::write(zones.join("Europe/Vienna"), &moscow).unwrap();
    std::fs::write(root.path().join("outside"), &moscow).unwrap();
    std::os::unix::fs::symlink(root.path().join("outside"), zones.join("Europe/Rome")).unwrap();
    let granted = Server::builder()
        .option("zoneinfo_dir", &zones.display().to_string())
        .start();
    let mut client = granted.anonymous();
    let mut zone = |name: &str| {
        let path = format!("/tzdist/zones/Europe%2F{name}");
        client.send("GET", &path, &tzif, b"").expect(200).body
    };
    assert_eq!(zone("Vienna"), moscow);
    assert_ne!(zone("Rome"), moscow);
    assert_ne!(zone("Paris"), moscow);
}
