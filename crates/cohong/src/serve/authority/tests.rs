use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn what_all_names_of_a_pattern_end_in_is_found() {
    for (pattern, expected) in [
        ("oss.example.org", Some("oss.example.org")),
        ("tos-*.volces.com", Some("volces.com")),
        ("s3.*.amazonaws.com", Some("amazonaws.com")),
        ("*.oas.aliyuncs.com", Some("oas.aliyuncs.com")),
        ("a-*-b.example.org", Some("example.org")),
        ("*.x-*.example.org", Some("example.org")),
        ("tos-*", None),
    ] {
        assert_eq!(fixed(pattern), expected, "{pattern}");
    }
}

#[test]
fn the_key_is_made_once_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join(FOLDER);
    let first = own_key(&ca).expect("made");
    let mode = fs::metadata(ca.join(KEY))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let read = own_key(&ca).expect("read");
    assert_eq!(first.serialize_der(), read.serialize_der());
    assert_eq!(fs::read_dir(&ca).expect("a folder").count(), 1);
}

#[test]
fn what_is_no_key_is_told_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    for text in [
        "",
        "nonsense",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        fs::write(folder.path().join(KEY), text).expect("written");
        let error = own_key(folder.path()).expect_err("no key").to_string();
        assert!(
            error.contains("key.pem") && error.contains("restore"),
            "{error}"
        );
        let kept = fs::read_to_string(folder.path().join(KEY)).expect("read");
        assert_eq!(kept, text);
    }
}

#[test]
fn certificates_are_dated_in_whole_days_under_numbers_of_their_own() {
    let made = || dated(CertificateParams::default(), 30);
    let (one, two) = (made(), made());
    assert!(one.serial_number.is_some() && one.serial_number != two.serial_number);
    let days = (one.not_after - one.not_before).whole_days();
    assert_eq!(days, 31);
}
