//! The percent codec that canonical strings are built with.
//!
//! Text is decoded once and encoded again, so every spelling of the same bytes signs alike. Decoding is strict:
//! a `%` without two hexadecimal digits is an error for signer and verifier alike, since any guess about it
//! could be another byte string for the client than for the server. In a query `+` is a space where the vendors'
//! Python and Go SDKs write a space so and a plus as `%2B`, and sign the decoded parameter; else it is a plus.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// Everything but `A-Za-z0-9-_.~` is escaped (TOS sheet section 2).
const STRICT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// As [`STRICT`], with `/` kept.
const PATH: &AsciiSet = &STRICT.remove(b'/');

/// A `%` that is not followed by two hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a percent sign must be followed by two hexadecimal digits; write a literal one as %25")]
pub struct BadEscape;

/// One decoded query parameter: name and value. A parameter without `=` has an empty value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Escapes every byte except `A-Za-z0-9-_.~`, with capital hexadecimal digits.
pub fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, STRICT).to_string()
}

/// As [`encode`], but keeps `/`.
pub fn encode_path(bytes: &[u8]) -> String {
    percent_encode(bytes, PATH).to_string()
}

/// Decodes percent escapes; every other byte, `+` included, stands for itself. The result need not be UTF-8.
pub fn decode(text: &str) -> Result<Vec<u8>, BadEscape> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            out.push(byte);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2).ok_or(BadEscape)?;
        let mut value = [0];
        hex::decode_to_slice(digits, &mut value).map_err(|_| BadEscape)?;
        out.extend_from_slice(&value);
        rest = tail;
    }
    Ok(out)
}

/// Splits a raw query (without `?`) into decoded parameters in the order they stand.
///
/// Servers should read parameters through this function, so that they act on exactly what was signed.
/// Empty pieces (`a&&b`) are no parameters. The work is linear in the text, whose length the HTTP layer bounds.
pub fn query_pairs(raw: &str) -> Result<Vec<Pair>, BadEscape> {
    pairs(raw, decode_query)
}

/// As [`query_pairs`], but `+` stands for itself, as with the signatures of S3 (S3 sheet section 2.1).
pub fn plain_query_pairs(raw: &str) -> Result<Vec<Pair>, BadEscape> {
    pairs(raw, decode)
}

fn pairs(
    raw: &str,
    decode: impl Fn(&str) -> Result<Vec<u8>, BadEscape>,
) -> Result<Vec<Pair>, BadEscape> {
    raw.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode_query(text: &str) -> Result<Vec<u8>, BadEscape> {
    if text.contains('+') {
        decode(&text.replace('+', " "))
    } else {
        decode(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encode_sets() {
        let all = b"aZ9-_.~/ +%!*'()\xe4\xb8\xad\0\xff";
        assert_eq!(
            encode(all),
            "aZ9-_.~%2F%20%2B%25%21%2A%27%28%29%E4%B8%AD%00%FF"
        );
        assert_eq!(
            encode_path(all),
            "aZ9-_.~/%20%2B%25%21%2A%27%28%29%E4%B8%AD%00%FF"
        );
    }

    #[test]
    fn decode_table() {
        assert_eq!(decode("a+b%2Bc%2f%FF"), Ok(b"a+b+c/\xff".to_vec()));
        for bad in ["%", "%4", "a%", "%zz", "%4g", "%+1", "%%41", "%\u{e9}"] {
            assert_eq!(decode(bad), Err(BadEscape), "{bad}");
        }
    }

    #[test]
    fn query_table() {
        let pair = |n: &str, v: &str| (n.as_bytes().to_vec(), v.as_bytes().to_vec());
        assert_eq!(query_pairs(""), Ok(vec![]));
        assert_eq!(
            query_pairs("acl&&b=&c=1=2&=v&a+b=x%2By+z&c=0"),
            Ok(vec![
                pair("acl", ""),
                pair("b", ""),
                pair("c", "1=2"),
                pair("", "v"),
                pair("a b", "x+y z"),
                pair("c", "0"),
            ])
        );
        assert_eq!(
            plain_query_pairs("a+b=x%2By+z"),
            Ok(vec![pair("a+b", "x+y+z")])
        );
        assert_eq!(query_pairs("a=%"), Err(BadEscape));
        assert_eq!(query_pairs("%x=1"), Err(BadEscape));
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(decode(&encode_path(&bytes)), Ok(bytes));
        }

        #[test]
        fn decode_never_panics(text in "\\PC{0,40}|[%0-9a-g&=+]{0,40}") {
            let _ = decode(&text);
            let _ = query_pairs(&text);
        }
    }
}
