//! Digests against the vectors, from memory, files and file objects, whole and in sections.

use std::fs::File;
use std::io::{Cursor, Seek};

use cohong_client::oas::{
    Error, Section, compute_combine_tree_etag_from_list, compute_etag_from_file,
    compute_etag_from_file_obj, compute_etag_from_string, compute_hash_from_file,
    compute_hash_from_file_obj, compute_tree_etag_from_file, compute_tree_etag_from_file_obj,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::server::{etag, tree_etag};
use crate::{content, vectors};

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().expect(name)
}

#[test]
fn every_vector_in_every_way() {
    let all = vectors();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    let mut checked = 0;
    for case in all["hashes"].as_array().expect("hashes") {
        let name = text(case, "name");
        let bytes = content(0, case["size"].as_u64().expect("a size"));
        std::fs::write(&path, &bytes).expect("written");
        let wanted = (
            text(case, "etag").to_owned(),
            text(case, "tree_etag").to_owned(),
        );
        let whole = Section::default();
        let odd = Section {
            chunk_size: 100_003,
            ..whole
        };
        for how in [
            whole,
            odd,
            Section {
                size: Some(0),
                chunk_size: 0,
                ..whole
            },
        ] {
            let hashes = compute_hash_from_file(&path, how).expect(name);
            assert_eq!(hashes, wanted, "{name}");
        }
        assert_eq!(compute_etag_from_string(&bytes), wanted.0, "{name}");
        assert_eq!(compute_etag_from_file(&path, whole).expect(name), wanted.0);
        assert_eq!(
            compute_tree_etag_from_file(&path, odd).expect(name),
            wanted.1
        );
        let mut object = File::open(&path).expect("opened");
        assert_eq!(
            compute_etag_from_file_obj(&mut object, odd).expect(name),
            wanted.0
        );
        let mut object = Cursor::new(bytes);
        assert_eq!(
            compute_tree_etag_from_file_obj(&mut object, whole).expect(name),
            wanted.1
        );
        assert_eq!(
            compute_hash_from_file_obj(&mut object, odd).expect(name),
            wanted
        );
        checked += 1;
    }
    assert_eq!(checked, 16, "a lost vector is noticed");
}

#[test]
fn parts_are_sections_and_combine() {
    let all = vectors();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    for case in all["part_combination"]["cases"].as_array().expect("cases") {
        let name = text(case, "name");
        std::fs::write(
            &path,
            content(0, case["total_size"].as_u64().expect("a size")),
        )
        .expect("written");
        let mut trees = Vec::new();
        for part in case["parts"].as_array().expect("parts") {
            let (first, last) = text(part, "range").split_once('-').expect("a range");
            let (first, last): (u64, u64) = (first.parse().expect("n"), last.parse().expect("n"));
            let section = Section {
                offset: first,
                size: Some(last + 1 - first),
                ..Section::default()
            };
            let (etag, tree) = compute_hash_from_file(&path, section).expect(name);
            assert_eq!(
                (etag.as_str(), tree.as_str()),
                (text(part, "etag"), text(part, "tree_etag"))
            );
            assert_eq!(compute_etag_from_file(&path, section).expect(name), etag);
            assert_eq!(
                compute_tree_etag_from_file(&path, section).expect(name),
                tree
            );
            trees.push(tree.to_lowercase());
        }
        let combined = compute_combine_tree_etag_from_list(&trees).expect(name);
        assert_eq!(combined, text(case, "combined_from_parts"), "{name}");
    }
    for case in all["combine_lists"]["cases"].as_array().expect("cases") {
        let inputs: Vec<&str> = case["inputs"]
            .as_array()
            .expect("inputs")
            .iter()
            .map(|input| input.as_str().expect("text"))
            .collect();
        let root = compute_combine_tree_etag_from_list(&inputs).expect("digests");
        assert_eq!(root, text(case, "root"), "{}", inputs.len());
    }
    let nothing: [&str; 0] = [];
    assert_eq!(
        compute_combine_tree_etag_from_list(&nothing),
        Ok(String::new())
    );
    for bad in ["", "00", &"g".repeat(32), &"é".repeat(16)] {
        let error = compute_combine_tree_etag_from_list(&[bad]).expect_err(bad);
        assert!(error.to_string().contains("32 hexadecimal"), "{error}");
    }
}

#[test]
fn a_file_object_stands_at_the_section_afterwards() {
    let mut object = Cursor::new(content(0, 3 << 20));
    for (offset, size) in [
        (0, None),
        (5, None),
        (5, Some(7)),
        (5, Some(2 << 20)),
        (9 << 20, None),
    ] {
        let section = Section {
            offset,
            size,
            ..Section::default()
        };
        compute_hash_from_file_obj(&mut object, section).expect("hashed");
        assert_eq!(object.stream_position().expect("a position"), offset);
    }
}

#[test]
fn sections_beyond_the_end_and_missing_files_are_errors() {
    let beyond = Section {
        offset: 1,
        size: Some(3),
        ..Section::default()
    };
    let large = Section {
        offset: 1,
        size: Some(3 << 20),
        ..Section::default()
    };
    for section in [beyond, large] {
        let mut object = Cursor::new(b"abc");
        let error = compute_hash_from_file_obj(&mut object, section).expect_err("too long");
        assert!(
            matches!(&error, Error::Io(_)) && error.to_string().contains("too early"),
            "{error}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let error = compute_hash_from_file(folder.path().join("f"), beyond).expect_err("missing");
    assert!(
        matches!(&error, Error::Io(_)) && error.to_string().contains("cannot open"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn digests_follow_the_rule(
        blocks in 0_usize..7, rest in 0_usize..3, offset in 0_usize..2000, chunk in 1_usize..3_000_000,
    ) {
        let bytes = content(3, (blocks << 20 | rest) as u64 + offset as u64);
        let part = &bytes[offset..];
        let section = Section { offset: offset as u64, size: None, chunk_size: chunk };
        let hashes = compute_hash_from_file_obj(&mut Cursor::new(&bytes), section).expect("hashed");
        prop_assert_eq!(hashes, (etag(part), tree_etag(part)));
    }
}
