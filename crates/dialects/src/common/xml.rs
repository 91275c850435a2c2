//! XML that vendors write and clients send: without namespaces, bounded by the caller's size, lenient
//! where clients are.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// First line of every document.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A document that cannot be read; says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the XML document is malformed: {0}")]
pub(crate) struct BadXml(String);

/// Reads a document with this root. Unknown elements and attributes are passed over; control characters
/// may stand as they are or as references, as vendors' SDKs send them.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8], root: &str) -> Result<T, BadXml> {
    let bad = |error: &dyn std::fmt::Display| BadXml(error.to_string());
    let text = std::str::from_utf8(text).map_err(|error| bad(&error))?;
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|error| bad(&error))? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == root => {
                break;
            }
            Event::Start(_) | Event::Empty(_) | Event::Eof => {
                return Err(BadXml(format!("its root is not {root}")));
            }
            Event::DocType(_) => return Err(BadXml("it has a document type".into())),
            _ => {}
        }
    }
    quick_xml::de::from_str(text).map_err(|error| bad(&error))
}

/// Writes a document, whose root is in a namespace where there is one.
pub(crate) fn write(root: &str, namespace: Option<&str>, body: &impl Serialize) -> Vec<u8> {
    let mut text = PROLOG.to_owned();
    let serializer = quick_xml::se::Serializer::with_root(&mut text, Some(root));
    let written = serializer.and_then(|serializer| body.serialize(serializer));
    written.expect("bodies are structures of texts, numbers and lists of them");
    if let Some(namespace) = namespace {
        let behind = PROLOG.len() + 1 + root.len();
        text.insert_str(behind, &format!(" xmlns=\"{namespace}\""));
    }
    references(&text).into_owned().into_bytes()
}

/// Writes a document of texts, one element each.
pub(crate) fn flat(root: &str, elements: &[(&str, &str)]) -> String {
    let mut text = format!("{PROLOG}<{root}>");
    for (name, value) in elements {
        let value = escape(*value);
        text.extend(["<", name, ">", &value, "</", name, ">"]);
    }
    text.extend(["</", root, ">"]);
    references(&text).into_owned()
}

/// Control characters as references: XML 1.0 has no other way to name them, and a carriage return would
/// be read as a line feed. Clients that list such keys ask for `encoding-type=url`.
fn references(text: &str) -> Cow<'_, str> {
    let named = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(named) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if named(c) {
            out.extend(["&#", &u32::from(c).to_string(), ";"]);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A boolean in any spelling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flag(#[serde(deserialize_with = "flag")] pub(crate) bool);

/// Reads a boolean; clients write Python's spelling too.
pub(crate) fn flag<'de, D: Deserializer<'de>>(source: D) -> Result<bool, D::Error> {
    let text = String::deserialize(source)?;
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") => Ok(true),
        word if word.eq_ignore_ascii_case("false") || word.is_empty() => Ok(false),
        _ => Err(serde::de::Error::custom("a boolean is true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Doc {
        #[serde(default, deserialize_with = "flag")]
        quiet: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        none: Option<String>,
        #[serde(default)]
        object: Vec<Item>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Item {
        key: String,
    }

    fn doc(quiet: bool, keys: &[&str]) -> Doc {
        let item = |key: &&str| Item {
            key: (*key).to_owned(),
        };
        Doc {
            quiet,
            none: None,
            object: keys.iter().map(item).collect(),
        }
    }

    #[test]
    fn documents_are_read_leniently() {
        let good = [
            (
                "<Doc><Object><Key>a</Key></Object></Doc>",
                doc(false, &["a"]),
            ),
            (
                "<?xml version=\"1.0\"?>\n<Doc xmlns=\"x\"><Object><Key>a &amp; b</Key><More><X/></More></Object>\
                 <Quiet>True</Quiet><Object><Key>c</Key></Object></Doc>",
                doc(true, &["a & b", "c"]),
            ),
            (
                "<Doc><Object><Key>a\u{c}b</Key></Object></Doc>",
                doc(false, &["a\u{c}b"]),
            ),
            (
                "<Doc><Object><Key>a&#01;&#x0C;b</Key></Object></Doc>",
                doc(false, &["a\u{1}\u{c}b"]),
            ),
            (
                "<Doc><Object><Key>  a </Key></Object></Doc>",
                doc(false, &["  a "]),
            ),
            ("<Doc/>", doc(false, &[])),
        ];
        for (text, wanted) in good {
            assert_eq!(read::<Doc>(text.as_bytes(), "Doc"), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_such_document_is_refused() {
        let nested = format!("<Doc>{}", "<a>".repeat(100_000));
        for text in [
            "",
            "text",
            "{}",
            "<Other/>",
            "<Doc>",
            "<Doc><Object></Doc>",
            "<Doc><Object/></Doc>",
            "<Doc><Quiet>perhaps</Quiet></Doc>",
            "<Doc><Object><Key>&unknown;</Key></Object></Doc>",
            "<!DOCTYPE Doc [<!ENTITY e \"x\">]><Doc><Object><Key>&e;</Key></Object></Doc>",
            nested.as_str(),
        ] {
            let read = read::<Doc>(text.as_bytes(), "Doc");
            assert!(
                read.is_err(),
                "{}: {read:?}",
                text.get(..60).unwrap_or(text)
            );
        }
        assert!(read::<Doc>(b"<Doc><Object><Key>\xff</Key></Object></Doc>", "Doc").is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let keys = ["a<b>&\"'", "c\r\n\td", "e\u{c}", "中", "", " f "];
        let all = doc(true, &keys);
        let text = write("Doc", None, &all);
        assert!(
            text.starts_with(
                b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Doc><Quiet>true</Quiet>"
            )
        );
        assert_eq!(read::<Doc>(&text, "Doc"), Ok(doc(true, &keys)));
        let text = write("Doc", Some("urn:x"), &all);
        assert!(
            text.windows(19)
                .any(|part| part == b"<Doc xmlns=\"urn:x\">")
        );
        assert_eq!(read::<Doc>(&text, "Doc"), Ok(doc(true, &keys)));
        let text = flat("Error", &[("Code", "A"), ("Key", "<\u{1}\r>")]);
        assert!(text.ends_with("<Error><Code>A</Code><Key>&lt;&#1;&#13;&gt;</Key></Error>"));
    }
}
