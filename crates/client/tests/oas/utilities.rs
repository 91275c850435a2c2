//! What has a length, and opening files.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use cohong_client::oas::{Error, Mode, content_length, is_file_like, open_file};

#[test]
fn lengths_of_what_has_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    std::fs::write(&path, "12345").expect("written");
    let mut file = open_file(Some(&path), None, Mode::default()).expect("opened");
    assert_eq!(content_length(&mut file), Ok(5));
    file.seek(SeekFrom::Start(2)).expect("positioned");
    assert_eq!(content_length(&mut file), Ok(3));
    file.seek(SeekFrom::Start(9)).expect("positioned");
    assert_eq!(content_length(&mut file), Ok(0));
    let mut cursor = Cursor::new("12345");
    cursor.set_position(4);
    assert_eq!(content_length(&mut cursor), Ok(1));
    assert_eq!(content_length(&mut "é"), Ok(2));
    assert_eq!(content_length(&mut String::from("abc")), Ok(3));
    assert_eq!(content_length(&mut vec![1_u8]), Ok(1));
    assert_eq!(content_length(&mut &[1_u8, 2][..]), Ok(2));
    assert!(is_file_like(&file) && is_file_like(&cursor) && is_file_like(&std::io::stdin()));
    assert!(!is_file_like(&"a") && !is_file_like(&vec![0]) && !is_file_like(&&b"a"[..]));
}

#[test]
fn pipes_and_devices_have_no_length() {
    let (pipe, _other) = std::io::pipe().expect("a pipe");
    let mut pipe = std::fs::File::from(std::os::fd::OwnedFd::from(pipe));
    let mut device = std::fs::File::open("/dev/zero").expect("a device");
    for file in [&mut pipe, &mut device] {
        let error = content_length(file).expect_err("no length");
        assert!(error.to_string().contains("no length"), "{error}");
    }
    assert!(content_length(&mut std::io::stdin()).is_err());
}

#[test]
fn files_are_opened_as_the_mode_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    for mode in [Mode::Rb, Mode::RbPlus] {
        let error = open_file(Some(&path), None, mode).expect_err("missing");
        assert!(matches!(error, Error::Io(_)), "{error}");
    }
    for (mode, before, reads, writes) in [
        (Mode::Rb, "12", true, false),
        (Mode::RbPlus, "12", true, true),
        (Mode::Wb, "", false, true),
        (Mode::WbPlus, "", true, true),
    ] {
        std::fs::write(&path, "12").expect("written");
        let mut file = open_file(Some(&path), None, mode).expect("opened");
        let mut text = String::new();
        assert_eq!(file.read_to_string(&mut text).is_ok(), reads, "{mode:?}");
        assert!(!reads || text == before, "{mode:?}");
        assert_eq!(file.write_all(b"3").is_ok(), writes, "{mode:?}");
    }
    let mut given = open_file(Some(&path), None, Mode::Rb).expect("opened");
    given.seek(SeekFrom::Start(1)).expect("positioned");
    let mut same = open_file(Some(&path), Some(given), Mode::Wb).expect("as it is");
    assert_eq!(same.stream_position().expect("a position"), 1);
    let error = open_file(None, None, Mode::Rb).expect_err("neither");
    assert!(matches!(error, Error::Value(_)), "{error}");
}
