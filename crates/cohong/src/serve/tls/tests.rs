use std::fs::Permissions;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;

struct World {
    folder: tempfile::TempDir,
    tls: TlsFiles,
}

/// Certificate and key in PEM.
fn made() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (cert.pem(), signing_key.serialize_pem())
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tls = TlsFiles {
            certificate: folder.path().join("cert.pem"),
            private_key: folder.path().join("key.pem"),
        };
        let world = Self { folder, tls };
        let (certificate, key) = made();
        world.write(certificate.as_bytes(), key.as_bytes());
        world
    }

    fn write(&self, certificate: &[u8], key: &[u8]) {
        std::fs::write(&self.tls.certificate, certificate).expect("written");
        std::fs::write(&self.tls.private_key, key).expect("written");
    }
}

#[test]
fn files_that_fit_are_loaded() {
    let world = World::new();
    assert!(load(&world.tls).is_ok());
    // A chain behind the certificate, and what people write between the sections of such files.
    let ((certificate, key), (root, _)) = (made(), made());
    let chain = format!("the server\n{certificate}\nits root\n{root}");
    world.write(chain.as_bytes(), key.as_bytes());
    assert!(load(&world.tls).is_ok());
    let both = format!("{key}{certificate}");
    world.write(both.as_bytes(), both.as_bytes());
    assert!(load(&world.tls).is_ok(), "one file for both");
}

#[test]
fn files_that_do_not_are_refused_by_their_names() {
    let world = World::new();
    let ((certificate, key), (_, other)) = (made(), made());
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let encrypted = key.replace(" PRIVATE", " ENCRYPTED PRIVATE");
    let cut = &certificate[..certificate.len() / 2];
    let large = certificate.repeat(2000);
    // Certificate, key, what the error names.
    let cases: &[(&str, &str, &str)] = &[
        ("", &key, "cert.pem has no certificate"),
        (&key, &key, "cert.pem has no certificate"),
        (cut, &key, "cert.pem has no certificate"),
        (no_der, &key, "cert.pem is of no kind"),
        (&large, &key, "cert.pem is larger"),
        (&certificate, "", "key.pem has no private key"),
        (&certificate, &certificate, "key.pem has no private key"),
        (&certificate, &encrypted, "key.pem has no private key"),
        (&certificate, no_key, "key.pem is of no kind"),
        (&certificate, &other, "does not belong"),
    ];
    for (certificate, key, named) in cases {
        world.write(certificate.as_bytes(), key.as_bytes());
        let error = load(&world.tls).expect_err(named).to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
    world.write(certificate.as_bytes(), key.as_bytes());
    std::fs::remove_file(&world.tls.private_key).expect("removed");
    let error = load(&world.tls).expect_err("no key").to_string();
    assert!(
        error.contains("tls.private_key") && error.contains("key.pem"),
        "{error}"
    );
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn a_key_that_everybody_reads_is_told() {
    let world = World::new();
    for (mode, told) in [(0o600, false), (0o640, false), (0o644, true)] {
        let path = &world.tls.private_key;
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
        assert_eq!(exposed(&world.tls).is_some(), told, "{mode:o}");
    }
    drop(world.folder);
}

#[tokio::test]
async fn what_changes_is_used_and_what_is_broken_is_not() {
    let world = World::new();
    let (mut reload, certificates) = Reload::start(world.tls.clone()).expect("started");
    let mut before = certificates.borrow().clone();
    let mut look = |changed: bool, why: &str| {
        reload.found(read(&world.tls));
        let now = certificates.borrow().clone();
        assert_eq!(!Arc::ptr_eq(&before, &now), changed, "{why}");
        before = now;
    };
    look(false, "nothing happened");
    let ((certificate, key), (second, second_key)) = (made(), made());
    world.write(certificate.as_bytes(), key.as_bytes());
    look(true, "both are new");
    look(false, "seen already");
    world.write(second.as_bytes(), key.as_bytes());
    look(false, "half of a renewal");
    world.write(second.as_bytes(), second_key.as_bytes());
    look(true, "the other half");
    world.write(b"", b"");
    look(false, "broken");
    std::fs::remove_file(&world.tls.certificate).expect("removed");
    look(false, "gone");
    world.write(second.as_bytes(), second_key.as_bytes());
    look(true, "back again");
}
