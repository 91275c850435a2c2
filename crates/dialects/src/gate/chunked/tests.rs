use std::path::Path;
use std::sync::{Arc, Mutex};

use cohong_sign::s3::{Signer, Version};
use cohong_sign::{Credentials, Timestamp};
use futures_util::{FutureExt, stream};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const SIGNATURE: &str = "x-amz-trailer-signature";
const CRC: &str = "x-amz-checksum-crc32c";

/// What came out: the bytes, and the lines behind them or the kind of the failure.
type Outcome = (Vec<u8>, Result<Vec<(String, String)>, ErrorKind>);

fn run(form: &Chunked, pieces: Vec<Bytes>) -> Outcome {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    let body = Box::pin(stream::iter(pieces.into_iter().map(Ok)));
    let mut stream = decode(body, form.clone(), move |name, value| {
        told.lock()
            .expect("lines")
            .push((name.into(), value.into()));
        Ok(())
    });
    let mut bytes = Vec::new();
    let mut outcome = None;
    while let Some(piece) = stream.next().now_or_never().expect("ready") {
        assert!(outcome.is_none(), "a stream ends after a failure");
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(BodyError::Refused(error)) => outcome = Some(error.kind()),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(stream.next().now_or_never().expect("ready").is_none());
    let lines = lines.lock().expect("lines").clone();
    (bytes, outcome.map_or(Ok(lines), Err))
}

fn whole(form: &Chunked, wire: impl AsRef<[u8]>) -> Outcome {
    run(form, vec![Bytes::copy_from_slice(wire.as_ref())])
}

fn signer() -> Signer<'static> {
    Signer {
        version: Version::V4,
        credentials: Credentials {
            access_key: "AK",
            secret: "secret",
            security_token: None,
        },
        region: "r",
        time: Timestamp::parse("20260304T050607Z").expect("time"),
    }
}

fn trailer(names: &[&str]) -> Trailer {
    Trailer {
        names: names.iter().map(ToString::to_string).collect(),
        signature: SIGNATURE,
    }
}

fn unsigned(length: u64, names: &[&str]) -> Chunked {
    Chunked {
        length,
        signer: None,
        trailer: Some(trailer(names)),
    }
}

fn signed(length: u64, trailer: Option<Trailer>) -> Chunked {
    Chunked {
        length,
        signer: Some(signer().chunks("seed")),
        trailer,
    }
}

/// The wire form of signed chunks, the last of which is empty, without what follows it.
fn chunks(signer: &mut ChunkSigner, chunks: &[&[u8]]) -> Vec<u8> {
    let mut wire = Vec::new();
    for chunk in chunks.iter().chain(&[&b""[..]]) {
        let signature = signer.chunk(&Sha256::digest(chunk).into());
        let head = format!("{:x};chunk-signature={signature}\r\n", chunk.len());
        wire.extend_from_slice(head.as_bytes());
        wire.extend_from_slice(chunk);
        if !chunk.is_empty() {
            wire.extend_from_slice(b"\r\n");
        }
    }
    wire
}

/// The wire form of a signed body with a signed line behind it.
fn with_trailer(parts: &[&[u8]]) -> Vec<u8> {
    let mut signer = signer().chunks("seed");
    let mut wire = chunks(&mut signer, parts);
    let signature = signer.trailer(format!("{CRC}:AAAAAA==\n").as_bytes());
    let tail = format!("{CRC}:AAAAAA==\r\n{SIGNATURE}:{signature}\r\n\r\n");
    wire.extend_from_slice(tail.as_bytes());
    wire
}

/// Forms and their wire bytes, as the vendor's signers made them.
fn vectors() -> Vec<(Chunked, String, Vec<u8>)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/s3.json");
    let json: Value =
        serde_json::from_str(&std::fs::read_to_string(file).expect("vectors/s3.json"))
            .expect("JSON");
    let credential = |field: &str| json["credentials"][field].as_str().expect("text");
    let signer = Signer {
        version: Version::V4,
        credentials: Credentials {
            access_key: credential("access_key"),
            secret: credential("secret_key"),
            security_token: None,
        },
        region: credential("region"),
        time: Timestamp::parse(credential("timestamp")).expect("time"),
    };
    let all = json["signatures"].as_array().expect("signatures").iter();
    let found = all.filter_map(|entry| {
        let wire = entry["body_wire"].as_str()?.to_owned();
        let headers = &entry["headers"];
        let length = headers["X-Amz-Decoded-Content-Length"]
            .as_str()
            .expect("length");
        let form = Chunked {
            length: length.parse().expect("a number"),
            signer: entry["seed_signature"]
                .as_str()
                .map(|seed| signer.chunks(seed)),
            trailer: headers["X-Amz-Trailer"]
                .as_str()
                .map(|name| trailer(&[name])),
        };
        let parts = entry["chunks"].as_array();
        let data = match entry["decoded"].as_str() {
            Some(data) => data.to_owned(),
            None => parts
                .expect("chunks")
                .iter()
                .map(|c| c["data"].as_str().expect("text"))
                .collect(),
        };
        Some((form, wire, data.into_bytes()))
    });
    found.collect()
}

#[test]
fn what_the_vendor_sends_is_read() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 4);
    for (form, wire, data) in vectors {
        let lines = match (&form.trailer, &form.signer) {
            (None, _) => vec![],
            (Some(_), None) => vec![("x-amz-checksum-crc32".to_owned(), "tJ7p6Q==".to_owned())],
            (Some(_), Some(_)) => vec![(CRC.to_owned(), "ZdBHvQ==".to_owned())],
        };
        assert_eq!(whole(&form, &wire), (data, Ok(lines)), "{wire}");
    }
}

/// All but the blank line at the end, which some clients leave out, has to be there.
#[test]
fn a_body_cut_short_is_refused_wherever_it_is_cut() {
    for (form, wire, data) in vectors() {
        let good = whole(&form, &wire);
        for end in 0..wire.len() {
            let got = whole(&form, &wire[..end]);
            if end >= wire.len() - 2 {
                assert_eq!(got, good, "cut at {end}: {wire}");
                continue;
            }
            assert!(data.starts_with(&got.0));
            // Between two lines only the line that is not there tells.
            let missing = [
                Err(ErrorKind::IncompleteBody),
                Err(ErrorKind::InvalidTrailer),
            ];
            assert!(missing.contains(&got.1), "cut at {end}: {got:?}");
        }
    }
}

/// Whatever is changed of a signed body, nothing else comes out than what was signed.
#[test]
fn a_changed_byte_of_a_signed_body_is_refused() {
    for (form, wire, data) in vectors() {
        if form.signer.is_none() {
            continue;
        }
        let good = whole(&form, &wire);
        let mut refused = 0;
        for at in 0..wire.len() {
            for bit in 0..8 {
                let mut wire = wire.clone().into_bytes();
                wire[at] ^= 1 << bit;
                let got = whole(&form, &wire);
                assert!(data.starts_with(&got.0), "{at} {bit}: {got:?}");
                if got.1.is_err() {
                    refused += 1;
                } else {
                    assert_eq!(got, good, "{at} {bit}");
                }
            }
        }
        // Letters of digits and names may be small or capital, and blank lines may be of other blanks.
        assert!(
            refused > wire.len() * 13 / 2,
            "{refused} of {}",
            wire.len() * 8
        );
    }
}

#[test]
fn spellings_of_unsigned_chunks() {
    use ErrorKind::{IncompleteBody, InvalidArgument, InvalidTrailer};
    let one = |value: &str| Ok(vec![(CRC.to_owned(), value.to_owned())]);
    let long = format!("5;{}\r\n", "e".repeat(HEAD_BYTES_MAX - 3));
    let padded = format!("{}5\r\nhello\r\n0\r\n{CRC}:v\r\n", "0".repeat(11));
    for (wire, want) in [
        ("5\r\nhello\r\n0\r\nC:v\r\n\r\n", one("v")),
        ("2\r\nhe\r\n3\r\nllo\r\n0\r\nC:v\r\n\r\n", one("v")),
        ("5\r\nhello\r\n0\r\nC:v\r\n", one("v")),
        ("5\r\nhello\r\n0\r\nC:v\r\n\r\n\r\n", one("v")),
        ("5\r\nhello\r\n0\r\n\r\nC: \t v \r\n\r\n", one("v")),
        ("5\r\nhello\r\n0\r\nC:v\n\r\n", one("v")),
        ("5\r\nhello\r\n0\r\nC:a:b\r\n\r\n", one("a:b")),
        (
            "5\r\nhello\r\n0\r\nX-AMZ-Checksum-CRC32C:v\r\n\r\n",
            one("v"),
        ),
        ("5;a=b;c\r\nhello\r\n0;x\r\nC:v\r\n\r\n", one("v")),
        (
            "5;chunk-signature=00\r\nhello\r\n0\r\nC:v\r\nx-amz-trailer-signature:0\r\n\r\n",
            one("v"),
        ),
        (&padded, one("v")),
        ("", Err(IncompleteBody)),
        ("5\r\nhello\r\n", Err(IncompleteBody)),
        ("5\r\nhello\r\n0\r\nC:v", Err(IncompleteBody)),
        ("4\r\nhell\r\n0\r\nC:v\r\n\r\n", Err(IncompleteBody)),
        ("6\r\nhello!\r\n0\r\nC:v\r\n\r\n", Err(IncompleteBody)),
        (
            "5\r\nhello\r\n1\r\n!\r\n0\r\nC:v\r\n\r\n",
            Err(IncompleteBody),
        ),
        ("ffffffffffffffff\r\n", Err(IncompleteBody)),
        ("hello", Err(IncompleteBody)),
        ("hello\r\n", Err(InvalidArgument)),
        ("\r\nhello\r\n", Err(InvalidArgument)),
        ("+5\r\nhello\r\n", Err(InvalidArgument)),
        ("-5\r\nhello\r\n", Err(InvalidArgument)),
        ("0x5\r\nhello\r\n", Err(InvalidArgument)),
        ("5\nhello\r\n", Err(InvalidArgument)),
        ("10000000000000005\r\nhello\r\n", Err(InvalidArgument)),
        ("5\r\nhello0\r\nC:v\r\n\r\n", Err(InvalidArgument)),
        ("5\r\nhello!\r\n0\r\nC:v\r\n\r\n", Err(InvalidArgument)),
        (&long, Err(InvalidArgument)),
        ("5\r\nhello\r\n0\r\n\r\n", Err(InvalidTrailer)),
        ("5\r\nhello\r\n0\r\nC\r\n\r\n", Err(InvalidTrailer)),
        ("5\r\nhello\r\n0\r\nC:v\r\nC:v\r\n\r\n", Err(InvalidTrailer)),
        (
            "5\r\nhello\r\n0\r\nC:v\r\nx-other:v\r\n\r\n",
            Err(InvalidTrailer),
        ),
        ("5\r\nhello\r\n0\r\nx-other:v\r\n\r\n", Err(InvalidTrailer)),
        (
            "5\r\nhello\r\n0\r\nC:v\r\n\r\nmore\r\n",
            Err(InvalidTrailer),
        ),
        ("5\r\nhello\r\n0\r\nC:v\r\n0\r\n\r\n", Err(InvalidTrailer)),
    ] {
        let wire = wire.replace("\nC:", &format!("\n{CRC}:"));
        let got = whole(&unsigned(5, &[CRC]), &wire);
        assert_eq!(got.1, want, "{wire:?}");
        assert!(want.is_err() || got.0 == b"hello", "{wire:?}");
    }
}

#[test]
fn what_is_not_announced_may_not_follow() {
    for (names, tail, want) in [
        (&[][..], "", Ok(vec![])),
        (&[], "\r\n", Ok(vec![])),
        (&[], "x-amz-trailer-signature:00\r\n", Ok(vec![])),
        (&[], "a:1\r\n", Err(ErrorKind::InvalidTrailer)),
        (&["a", "b"], "a:1\r\n\r\n", Err(ErrorKind::InvalidTrailer)),
        (
            &["a", "b"],
            "b:1\r\na:2\r\n",
            Ok(vec![("b", "1"), ("a", "2")]),
        ),
    ] {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let want = want.map(|lines| lines.into_iter().map(owned).collect());
        let got = whole(&unsigned(0, names), format!("0\r\n{tail}"));
        assert_eq!(got.1, want, "{names:?} {tail:?}");
    }
    // A form without trailer.
    let wire = chunks(&mut signer().chunks("seed"), &[b"hello"]);
    for (tail, want) in [
        ("", Ok(vec![])),
        ("\r\n", Ok(vec![])),
        ("\r\n\r\n", Ok(vec![])),
        ("a:1\r\n", Err(ErrorKind::InvalidTrailer)),
        (
            "x-amz-trailer-signature:00\r\n",
            Err(ErrorKind::InvalidTrailer),
        ),
        ("0", Err(ErrorKind::IncompleteBody)),
    ] {
        let wire = [&wire, tail.as_bytes()].concat();
        assert_eq!(whole(&signed(5, None), wire).1, want, "{tail:?}");
    }
}

#[test]
fn a_trailer_has_to_be_signed_where_chunks_are() {
    let form = signed(5, Some(trailer(&[CRC])));
    let wire = String::from_utf8(with_trailer(&[b"he", b"llo"])).expect("ASCII");
    let want = Ok(vec![(CRC.to_owned(), "AAAAAA==".to_owned())]);
    assert_eq!(whole(&form, &wire), (b"hello".to_vec(), want.clone()));
    assert_eq!(whole(&form, wire.replace("c:AAA", "c:  AAA")).1, want);

    let other = wire.replace("AAAAAA", "AAAAAB");
    assert_eq!(whole(&form, other).1, Err(ErrorKind::BadSignature));
    let cut = &wire[..wire.find(SIGNATURE).expect("signature")];
    assert_eq!(whole(&form, cut).1, Err(ErrorKind::InvalidTrailer));
}

#[test]
fn a_signed_chunk_comes_out_only_when_it_is_good() {
    let wire = chunks(
        &mut signer().chunks("seed"),
        &[b"first", b"second", b"third"],
    );
    let wire = String::from_utf8(wire).expect("ASCII");
    let form = signed(16, None);
    assert_eq!(whole(&form, &wire).1, Ok(vec![]));
    for (from, to) in [
        ("second", "seconD"),
        ("6;chunk-signature=", "6;chunk-signature=0"),
        ("6;chunk-signature=", "6;signature="),
    ] {
        let wire = wire.replace(from, to);
        let want = (b"first".to_vec(), Err(ErrorKind::BadSignature));
        assert_eq!(whole(&form, &wire), want, "{to}");
        let pieces = wire.bytes().map(|byte| Bytes::from(vec![byte])).collect();
        assert_eq!(run(&form, pieces), want, "{to}, byte by byte");
    }
    // Another request's chunks.
    let form = Chunked {
        signer: Some(signer().chunks("another seed")),
        ..form
    };
    assert_eq!(whole(&form, &wire), (vec![], Err(ErrorKind::BadSignature)));
}

#[test]
fn limits_hold() {
    let head = |size: u64| format!("{size:x};chunk-signature={}\r\n", "0".repeat(64));
    let form = signed(1 << 40, None);
    let short = whole(&form, head(SIGNED_BYTES_MAX)).1;
    assert_eq!(short, Err(ErrorKind::IncompleteBody));
    let long = whole(&form, head(SIGNED_BYTES_MAX + 1)).1;
    assert_eq!(long, Err(ErrorKind::TooLarge));
    let blank = |lines: usize| format!("0\r\n{}", "\r\n".repeat(lines));
    let form = unsigned(0, &[]);
    assert_eq!(whole(&form, blank(tail::BYTES_MAX / 2)).1, Ok(vec![]));
    let much = whole(&form, blank(tail::BYTES_MAX / 2 + 1)).1;
    assert_eq!(much, Err(ErrorKind::InvalidTrailer));
    let endless = vec![Bytes::from_static(b"5"); HEAD_BYTES_MAX + 1];
    assert_eq!(run(&form, endless).1, Err(ErrorKind::InvalidArgument));
}

#[test]
fn failures_of_the_body_and_of_the_caller_pass() {
    let gone = || BodyError::Aborted("gone".into());
    let pieces = vec![Ok(Bytes::from_static(b"5\r\nhel")), Err(gone())];
    let body: ByteStream = Box::pin(stream::iter(pieces));
    let mut stream = decode(body, unsigned(5, &[]), |_, _| Ok(()));
    let mut next = || stream.next().now_or_never().expect("ready");
    assert_eq!(next().expect("bytes").expect("good"), "hel");
    assert!(matches!(next(), Some(Err(BodyError::Aborted(_)))));
    assert!(next().is_none());

    let wire = Bytes::from_static(b"0\r\na:1\r\n");
    let body: ByteStream = Box::pin(stream::iter([Ok(wire)]));
    let mut stream = decode(body, unsigned(0, &["a"]), move |_, _| Err(gone()));
    let mut next = || stream.next().now_or_never().expect("ready");
    assert!(matches!(next(), Some(Err(BodyError::Aborted(_)))));
    assert!(next().is_none());
}

proptest! {
    /// However the wire's bytes are cut, the same comes out.
    #[test]
    fn boundaries_mean_nothing(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..4),
        mut cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..40),
        form in 0..3,
    ) {
        let data = parts.concat();
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let (form, wire) = match form {
            0 => {
                let mut wire = Vec::new();
                for part in &parts {
                    wire.extend_from_slice(format!("{:X}\r\n", part.len()).as_bytes());
                    wire.extend_from_slice(part);
                    wire.extend_from_slice(b"\r\n");
                }
                wire.extend_from_slice(format!("0\r\n{CRC}:AAAAAA==\r\n\r\n").as_bytes());
                (unsigned(data.len() as u64, &[CRC]), wire)
            }
            1 => {
                let wire = chunks(&mut signer().chunks("seed"), &slices);
                (signed(data.len() as u64, None), wire)
            }
            _ => (signed(data.len() as u64, Some(trailer(&[CRC]))), with_trailer(&slices)),
        };
        let lines = match form.trailer {
            None => vec![],
            Some(_) => vec![(CRC.to_owned(), "AAAAAA==".to_owned())],
        };
        let mut ends: Vec<usize> = cuts.drain(..).map(|cut| cut.index(wire.len())).collect();
        ends.push(wire.len());
        ends.sort_unstable();
        let mut from = 0;
        let pieces = ends.into_iter().map(|end| {
            let piece = Bytes::copy_from_slice(&wire[from..end]);
            from = end;
            piece
        });
        let pieces = pieces.collect();
        prop_assert_eq!(run(&form, pieces), (data, Ok(lines)));
    }

    /// Whatever comes, it ends without a panic, and never with more bytes than announced.
    #[test]
    fn nothing_panics(wire in "([0-9a-f]{0,3}(;chunk-signature=[0-9a-f]{0,4})?\r\n|[a-z:]{0,9}\r?\n?){0,9}") {
        for form in [unsigned(9, &[CRC]), signed(9, None), signed(9, Some(trailer(&[CRC])))] {
            prop_assert!(whole(&form, &wire).0.len() <= 9);
        }
    }
}
