//! Pages of keys.

pub(super) mod azure;

use cohong_core::model::ObjectKey;
use cohong_core::ports::{SourceFault, SourcePage};
use serde::Deserialize;

use super::speech::Speech;

/// What the vendors' pages have in common.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    is_truncated: bool,
    encoding_type: Option<String>,
    #[serde(default)]
    contents: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    size: u64,
}

/// What asks for a page.
pub(super) fn query<'a>(
    prefix: &'a str,
    after: &'a str,
    limit: &'a str,
) -> Vec<(&'static str, &'a str)> {
    let mut query = vec![
        ("list-type", "2"),
        ("encoding-type", "url"),
        ("max-keys", limit),
    ];
    if !prefix.is_empty() {
        query.push(("prefix", prefix));
    }
    if !after.is_empty() {
        query.push(("start-after", after));
    }
    query
}

/// Reads a page.
pub(super) fn page(speech: Speech, body: &[u8]) -> Result<SourcePage, SourceFault> {
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let page: Page = match speech {
        Speech::S3 | Speech::Oss => quick_xml::de::from_str(text).map_err(|_| unreadable())?,
        Speech::Tos => serde_json::from_str(text).map_err(|_| unreadable())?,
        Speech::Azure | Speech::Http => return Err(unreadable()),
    };
    let escaped = is_escaped(page.encoding_type.as_deref());
    let object = |found: Entry| Ok((key(&plain(&found.key, escaped)?)?, found.size));
    Ok(SourcePage {
        more: page.is_truncated,
        objects: page
            .contents
            .into_iter()
            .map(object)
            .collect::<Result<_, _>>()?,
    })
}

/// A list of buckets in XML; Azure calls them containers.
#[derive(Deserialize)]
struct XmlService {
    #[serde(rename = "Buckets", alias = "Containers")]
    buckets: XmlBuckets,
}

#[derive(Deserialize)]
struct XmlBuckets {
    #[serde(rename = "Bucket", alias = "Container", default)]
    each: Vec<Bucket>,
}

/// A list of buckets in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct JsonService {
    buckets: Option<Vec<Bucket>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Bucket {
    name: Box<str>,
}

/// Reads the names of a list of buckets.
pub(super) fn buckets(speech: Speech, body: &[u8]) -> Result<Vec<Box<str>>, SourceFault> {
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let text = text.trim_start_matches('\u{feff}');
    let all = match speech {
        Speech::S3 | Speech::Oss | Speech::Azure => {
            let service: XmlService = quick_xml::de::from_str(text).map_err(|_| unreadable())?;
            service.buckets.each
        }
        Speech::Tos => {
            let service: JsonService = serde_json::from_str(text).map_err(|_| unreadable())?;
            service.buckets.unwrap_or_default()
        }
        Speech::Http => return Err(unreadable()),
    };
    Ok(all.into_iter().map(|bucket| bucket.name).collect())
}

/// Whether a page of this encoding has its texts escaped.
pub(super) fn is_escaped(encoding: Option<&str>) -> bool {
    encoding == Some("url")
}

/// A text of a page as it is. Some vendors write a blank as `+`, and all escape a plus sign.
pub(super) fn plain(text: &str, escaped: bool) -> Result<String, SourceFault> {
    if escaped {
        unescaped(&text.replace('+', "%20"))
    } else {
        Ok(text.to_owned())
    }
}

fn unescaped(text: &str) -> Result<String, SourceFault> {
    let bytes = cohong_sign::decode(text).map_err(|_| unreadable())?;
    String::from_utf8(bytes).map_err(|_| unreadable())
}

/// A key of a page.
pub(super) fn key(text: &str) -> Result<ObjectKey, SourceFault> {
    ObjectKey::new(text).map_err(|_| {
        SourceFault::Broken("it lists a key that no object of this server can have".into())
    })
}

pub(super) fn unreadable() -> SourceFault {
    SourceFault::Broken("its page of keys cannot be read".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_every_vendor_are_read() {
        let s3 = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                  <Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
                  <Contents><Key>a%20b%2B%2F</Key><Size>3</Size><ETag>&quot;x&quot;</ETag></Contents>\
                  <CommonPrefixes><Prefix>p</Prefix></CommonPrefixes>\
                  <Contents><Key>%E5%85%AC+x</Key><Size>0</Size></Contents></ListBucketResult>";
        let tos = r#"{"Name":"b","EncodingType":"url","IsTruncated":true,
            "Contents":[{"Key":"a%20b%2B%2F","Size":3},{"Key":"%E5%85%AC%20x","Size":0}]}"#;
        let plain = r#"{"Name":"b","IsTruncated":true,"Contents":[{"Key":"a b+/","Size":3},{"Key":"公 x","Size":0}]}"#;
        let wanted =
            [("a b+/", 3), ("公 x", 0)].map(|(key, size)| (ObjectKey::new(key).unwrap(), size));
        for (speech, body) in [
            (Speech::S3, s3),
            (Speech::Oss, s3),
            (Speech::Tos, tos),
            (Speech::Tos, plain),
        ] {
            let page = page(speech, body.as_bytes()).unwrap();
            assert_eq!(page.objects, wanted, "{speech:?}");
            assert!(page.more);
        }
        let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        let page = page(Speech::S3, empty.as_bytes()).unwrap();
        assert!(page.objects.is_empty() && !page.more);
    }

    #[test]
    fn buckets_of_every_vendor_are_read() {
        let s3 = "<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets>\
                  <Bucket><Name>a</Name><CreationDate>d</CreationDate></Bucket>\
                  <Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>";
        let azure = "\u{feff}<EnumerationResults><Containers><Container><Name>a</Name><Properties><Etag>e</Etag>\
                     </Properties></Container><Container><Name>b</Name></Container></Containers><NextMarker/>\
                     </EnumerationResults>";
        let tos = r#"{"Owner":{"ID":"o"},"Buckets":[{"Name":"a","Location":"l"},{"Name":"b"}]}"#;
        for (speech, body) in [
            (Speech::S3, s3),
            (Speech::Oss, s3),
            (Speech::Azure, azure),
            (Speech::Tos, tos),
        ] {
            let names = buckets(speech, body.as_bytes()).unwrap();
            assert_eq!(names, ["a".into(), "b".into()], "{speech:?}");
        }
        let none = [
            (Speech::S3, "<R><Buckets></Buckets></R>"),
            (Speech::S3, "<R><Buckets/></R>"),
            (Speech::Azure, "<R><Containers /></R>"),
            (Speech::Tos, r#"{"Buckets":[]}"#),
            (Speech::Tos, r#"{"Buckets":null}"#),
        ];
        for (speech, body) in none {
            let names = buckets(speech, body.as_bytes()).unwrap();
            assert!(names.is_empty(), "{body}");
        }
        assert!(buckets(Speech::Tos, b"<R/>").is_err());
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let cases = [
            (Speech::S3, "<html></html>"),
            (Speech::S3, "{}"),
            (Speech::S3, ""),
            (
                Speech::S3,
                "<R><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
                 <Contents><Key>%FF</Key><Size>1</Size></Contents></R>",
            ),
            (
                Speech::Tos,
                "{\"IsTruncated\":false,\"Contents\":[{\"Key\":\"\",\"Size\":1}]}",
            ),
            (Speech::Http, "{}"),
            (Speech::Azure, "{}"),
        ];
        for (speech, body) in cases {
            assert!(page(speech, body.as_bytes()).is_err(), "{speech:?} {body}");
        }
        assert!(page(Speech::S3, b"\xff").is_err());
    }
}
