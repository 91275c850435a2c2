//! Bodies with a structure of their own: chunks inside of them, and forms. Where the pieces that arrive end means nothing.

use bytes::Bytes;
use cohong_core::ports::{BodyError, ByteStream};
use cohong_dialects::common::form::{Limits, open};
use cohong_dialects::gate::chunked::{Chunked, Trailer, decode};
use futures_util::{FutureExt, StreamExt, stream};

use super::Target;

pub(super) const CHUNKED: Target = Target {
    name: "chunked",
    run: chunked,
    words: &[
        "\r\n",
        "0\r\n\r\n",
        "5\r\nhello\r\n",
        ";chunk-signature=",
        "ffffffffffffffff\r\n",
        "x-amz-checksum-crc32:",
        "AAAAAA==",
        "x-amz-trailer-signature:",
        "10000000000000000",
    ],
    more: Vec::new,
};

pub(super) const FORM: Target = Target {
    name: "form",
    run: form,
    words: &[
        "--BB",
        "--BB--",
        "\r\n",
        "\r\n\r\n",
        "Content-Disposition: form-data; ",
        "name=\"file\"",
        "name=\"key\"",
        "filename=\"f\"",
        "Content-Type: text/plain",
        "Content-Transfer-Encoding: base64",
    ],
    more: Vec::new,
};

/// Longest body that is announced here, bytes.
const ANNOUNCED: u64 = 12;

fn pieces(input: &[u8], size: usize) -> ByteStream {
    let pieces: Vec<_> = input
        .chunks(size)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    Box::pin(stream::iter(pieces))
}

/// What comes out and how it ends.
fn drained(mut body: ByteStream) -> (Vec<u8>, Option<String>) {
    let mut out = Vec::new();
    while let Some(item) = body.next().now_or_never().expect("it never waits") {
        match item {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(error) => return (out, Some(kind(&error))),
        }
    }
    (out, None)
}

fn kind(error: &BodyError) -> String {
    match error {
        BodyError::Refused(error) => format!("{:?}", error.kind()),
        other => format!("{other:?}"),
    }
}

fn chunked(input: &[u8]) {
    for names in [&[][..], &["x-amz-checksum-crc32"]] {
        let form = || Chunked {
            length: ANNOUNCED,
            signer: None,
            trailer: (!names.is_empty()).then(|| Trailer {
                names: names.iter().map(|name| (*name).to_owned()).collect(),
                signature: "x-amz-trailer-signature",
            }),
        };
        let read = |size| drained(decode(pieces(input, size), form(), |_, _| Ok(())));
        let whole = read(input.len().max(1));
        assert!(whole.0.len() as u64 <= ANNOUNCED, "more than announced");
        let complete = whole.1.is_none();
        assert!(
            !complete || whole.0.len() as u64 == ANNOUNCED,
            "less than announced: {whole:?}"
        );
        for size in [1, 2, 7] {
            assert_eq!(read(size), whole, "in pieces of {size}");
        }
    }
}

fn form(input: &[u8]) {
    let limits = Limits {
        bytes: 200,
        fields: 5,
    };
    let read = |size| {
        let opened = open(
            "multipart/form-data; boundary=BB",
            pieces(input, size),
            limits,
        );
        let run = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        run.block_on(async {
            let form = opened.await.map_err(|why| why.to_string())?;
            let before: usize = form
                .fields
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum();
            assert!(
                before <= limits.bytes && form.fields.len() <= limits.fields,
                "beyond the limits"
            );
            let mut file = form.file;
            let mut bytes = Vec::new();
            let mut ended_well = true;
            while let Some(item) = file.next().await {
                match item {
                    Ok(piece) => bytes.extend_from_slice(&piece),
                    Err(_) => ended_well = false,
                }
            }
            assert!(bytes.len() <= input.len());
            Ok::<_, String>((
                form.fields,
                form.file_name,
                form.file_type,
                ended_well.then_some(bytes),
            ))
        })
    };
    let whole = read(input.len().max(1));
    for size in [1, 3, 11] {
        let cut = read(size);
        assert_eq!(
            cut.is_ok(),
            whole.is_ok(),
            "in pieces of {size}: {cut:?} or {whole:?}"
        );
        if let (Ok(cut), Ok(whole)) = (cut, &whole) {
            assert_eq!(&cut, whole, "in pieces of {size}");
        }
    }
}
