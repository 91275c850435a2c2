//! Pages of Azure, which go on from a marker that only its own answer tells, not from a key.

use cohong_core::ports::{SourceFault, SourcePage};
use serde::Deserialize;

use super::{key, unescaped, unreadable};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    blobs: Blobs,
    #[serde(default)]
    next_marker: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blobs {
    #[serde(default)]
    blob: Vec<Blob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blob {
    name: Name,
    properties: Properties,
}

/// Escaped where XML could not hold it.
#[derive(Deserialize)]
struct Name {
    #[serde(rename = "@Encoded", default)]
    encoded: bool,
    #[serde(rename = "$text", default)]
    text: String,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "Content-Length")]
    size: u64,
}

/// What asks for a page.
pub(in crate::source) fn query<'a>(
    prefix: &'a str,
    marker: &'a str,
    limit: &'a str,
) -> Vec<(&'static str, &'a str)> {
    let query = [
        ("restype", "container"),
        ("comp", "list"),
        ("maxresults", limit),
        ("prefix", prefix),
        ("marker", marker),
    ];
    let said = query.into_iter().filter(|(_, value)| !value.is_empty());
    said.collect()
}

/// Reads a page, and the marker of the next one; empty at the end.
pub(in crate::source) fn page(body: &[u8]) -> Result<(SourcePage, String), SourceFault> {
    // The vendor begins with a byte order mark.
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let text = text.trim_start_matches('\u{feff}');
    let page: Page = quick_xml::de::from_str(text).map_err(|_| unreadable())?;
    let blob = |blob: Blob| {
        let name = if blob.name.encoded {
            unescaped(&blob.name.text)?
        } else {
            blob.name.text
        };
        Ok((key(&name)?, blob.properties.size))
    };
    let objects = page.blobs.blob.into_iter().map(blob);
    let read = SourcePage {
        objects: objects.collect::<Result<_, _>>()?,
        more: !page.next_marker.is_empty(),
    };
    Ok((read, page.next_marker))
}

#[cfg(test)]
mod tests {
    use cohong_core::model::ObjectKey;

    use super::*;

    #[test]
    fn a_page_and_where_the_next_one_begins() {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults \
                    ServiceEndpoint=\"https://a.example/\" ContainerName=\"box\"><MaxResults>3</MaxResults><Blobs>\
                    <Blob><Name>a/b &amp;+%41</Name><Properties><Etag>0x8D</Etag><Content-Length>3</Content-Length>\
                    </Properties><OrMetadata/></Blob>\
                    <Blob><Name> c </Name><Properties><Content-Length>0</Content-Length></Properties></Blob>\
                    <Blob><Name Encoded=\"true\">d%EF%BF%BE+</Name><Properties><Content-Length>5</Content-Length>\
                    </Properties></Blob></Blobs><NextMarker>2!72!x</NextMarker></EnumerationResults>";
        let (page, marker) = page(body.as_bytes()).unwrap();
        let wanted = [("a/b &+%41", 3), (" c ", 0), ("d\u{fffe}+", 5)];
        let wanted = wanted.map(|(key, size)| (ObjectKey::new(key).unwrap(), size));
        assert_eq!(page.objects, wanted);
        assert!(page.more);
        assert_eq!(marker, "2!72!x");
    }

    #[test]
    fn the_last_page_may_be_empty() {
        let body =
            "<EnumerationResults ContainerName=\"b\"><Blobs /><NextMarker /></EnumerationResults>";
        let (page, marker) = page(body.as_bytes()).unwrap();
        assert!(page.objects.is_empty() && !page.more && marker.is_empty());
        assert!(super::page(b"<html></html>").is_err());
    }
}
