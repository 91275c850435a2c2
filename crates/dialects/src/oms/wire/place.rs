//! Places in sources that requests ask about, and what is found there (sheet section 6).

use cohong_core::engine::Secret;
use cohong_core::model::SyncSource;
use cohong_core::ports::SourceCredentials;
use serde::Serialize;

use super::fields::Fields;
use crate::oms::error::OmsError;
use crate::oms::limits::{
    BUCKET_CHARS_MAX, RECORDS_MAX, SECURITY_TOKEN_CHARS_MAX, SHORT_CHARS_MAX, TEXT_CHARS_MAX,
};
use crate::oms::words::CLOUDS;

/// A place with what it is read with.
pub(crate) struct Place {
    /// Where it is.
    pub(crate) source: SyncSource,
    /// Credentials for it.
    pub(crate) keys: SourceCredentials,
}

impl Place {
    /// Reads the question for a prefix. The prefix may be longer than a key, which finds nothing.
    pub(crate) fn of_prefix(fields: &Fields) -> Result<Self, OmsError> {
        Self::read(fields, fields.needed("file_name", BUCKET_CHARS_MAX)?)
    }

    /// Reads the question for a page of a folder: also how many records it has, and behind which name.
    pub(crate) fn of_folder(fields: &Fields) -> Result<(Self, usize, String), OmsError> {
        let path = fields.needed("file_path", BUCKET_CHARS_MAX)?;
        if !path.is_empty() && !path.ends_with('/') {
            return Err(OmsError::value("file_path ends with a slash, or is empty"));
        }
        let page_size = fields.needed_number("page_size", &(1..=RECORDS_MAX))?;
        let behind = fields.needed("behind_filename", BUCKET_CHARS_MAX)?;
        let page_size = usize::try_from(page_size).unwrap_or(usize::MAX);
        Ok((Self::read(fields, path)?, page_size, behind.to_owned()))
    }

    fn read(fields: &Fields, prefix: &str) -> Result<Self, OmsError> {
        fields.needed("cloud_type", TEXT_CHARS_MAX)?;
        let token = fields.text("security_token", SECURITY_TOKEN_CHARS_MAX)?;
        Ok(Self {
            source: SyncSource {
                cloud: cloud(fields, "cloud_type", "Aliyun")?.into(),
                region: fields.needed("data_center", SHORT_CHARS_MAX)?.into(),
                bucket: fields.needed("bucket_name", BUCKET_CHARS_MAX)?.into(),
                prefix: prefix.into(),
            },
            keys: SourceCredentials {
                token: token.map(Secret::new),
                ..credentials(fields, "ak", "sk")?
            },
        })
    }
}

/// Reads the question where a bucket is: kind of store, bucket and credentials.
pub(crate) fn bucket_anywhere(
    fields: &Fields,
) -> Result<(&'static str, Box<str>, SourceCredentials), OmsError> {
    let bucket = fields.needed("bucket_name", BUCKET_CHARS_MAX)?.into();
    let (cloud, keys) = account(fields)?;
    Ok((cloud, bucket, keys))
}

/// Reads which kind of store, and credentials for it.
pub(crate) fn account(fields: &Fields) -> Result<(&'static str, SourceCredentials), OmsError> {
    fields.needed("cloud_type", TEXT_CHARS_MAX)?;
    let cloud = cloud(fields, "cloud_type", "Aliyun")?;
    Ok((cloud, credentials(fields, "ak", "sk")?))
}

/// Reads credentials for a source.
pub(crate) fn credentials(
    fields: &Fields,
    access: &str,
    secret: &str,
) -> Result<SourceCredentials, OmsError> {
    Ok(SourceCredentials {
        access: fields.needed(access, SHORT_CHARS_MAX)?.into(),
        secret: Secret::new(fields.needed(secret, SHORT_CHARS_MAX)?),
        token: None,
    })
}

/// Reads where objects come from: the members that name cloud, region and bucket. The vendor's console takes a
/// path for a bucket as well (sheet section 4.2).
pub(crate) fn source(
    fields: &Fields,
    [cloud_name, region, bucket]: [&str; 3],
) -> Result<SyncSource, OmsError> {
    let cloud = cloud(fields, cloud_name, "Aliyun")?;
    let app_id = fields.text("app_id", TEXT_CHARS_MAX)?;
    if cloud == "Tencent" && app_id.is_none_or(str::is_empty) {
        return Err(OmsError::missing("app_id"));
    }
    let region = fields.needed(region, SHORT_CHARS_MAX)?;
    let path = fields.needed(bucket, BUCKET_CHARS_MAX)?;
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    if name.is_empty() {
        return Err(OmsError::value(format!("{bucket} is empty")));
    }
    Ok(SyncSource {
        cloud: cloud.into(),
        region: region.into(),
        bucket: name.into(),
        prefix: prefix.into(),
    })
}

/// The kind of store that a member names.
fn cloud(fields: &Fields, name: &str, default: &'static str) -> Result<&'static str, OmsError> {
    let clouds = CLOUDS.map(|cloud| (cloud, ()));
    Ok(fields.word(name, &clouds, default)?.0)
}

/// What a folder holds, as far as a page goes: objects, and folders within it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: String,
    page_size: usize,
    records: Vec<Record>,
}

/// An object, or a folder without size.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    name: String,
    size: String,
}

/// A page of a folder.
#[derive(Serialize)]
pub(crate) struct FolderPage<'a> {
    next_page: bool,
    next_marker: &'a str,
    records: &'a [Record],
}

impl Folder {
    pub(crate) fn new(path: &str, page_size: usize) -> Self {
        Self {
            path: path.to_owned(),
            page_size,
            records: Vec::new(),
        }
    }

    /// What all keys in it begin with.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Adds a key, unless it is in a folder that is there already. Keys come in order.
    pub(crate) fn take(&mut self, key: &str, size: u64) {
        let Some(rest) = key.strip_prefix(&self.path).filter(|rest| !rest.is_empty()) else {
            return;
        };
        let (name, size) = match rest.find('/') {
            Some(slash) => (&key[..=self.path.len() + slash], "--".to_owned()),
            None => (key, size.to_string()),
        };
        if self.is_full() || self.records.last().is_some_and(|last| last.name == name) {
            return;
        }
        self.records.push(Record {
            name: name.to_owned(),
            size,
        });
    }

    /// Records that are missing until it is known whether there is another page.
    pub(crate) fn missing(&self) -> usize {
        (self.page_size + 1).saturating_sub(self.records.len())
    }

    /// Whether nothing is missing.
    pub(crate) fn is_full(&self) -> bool {
        self.missing() == 0
    }

    /// Where to go on behind a key: behind the whole folder that it is in.
    pub(crate) fn skip(&self, key: &str) -> String {
        match self.records.last() {
            Some(last) if last.name.ends_with('/') && key.starts_with(&last.name) => {
                Self::beyond(last.name.clone())
            }
            _ => key.to_owned(),
        }
    }

    /// A text behind a name and, when it is that of a folder, behind all keys within.
    pub(crate) fn beyond(mut name: String) -> String {
        if name.ends_with('/') {
            name.push(char::MAX);
        }
        name
    }

    /// The page.
    pub(crate) fn page(&self) -> FolderPage<'_> {
        let shown = self.records.len().min(self.page_size);
        let records = &self.records[..shown];
        FolderPage {
            next_page: self.is_full(),
            next_marker: records.last().map_or("", |last| &last.name),
            records,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_one_record_each() {
        let keys = ["p/", "p/a", "p/b/1", "p/b/2", "p/c", "p/d//", "p/e"];
        let mut folder = Folder::new("p/", 4);
        for key in keys {
            folder.take(key, 7);
        }
        let page = folder.page();
        let found: Vec<(&str, &str)> = page
            .records
            .iter()
            .map(|record| (&*record.name, &*record.size))
            .collect();
        let wanted = [("p/a", "7"), ("p/b/", "--"), ("p/c", "7"), ("p/d/", "--")];
        assert_eq!(found, wanted);
        assert_eq!((page.next_page, page.next_marker), (true, "p/d/"));
    }

    #[test]
    fn a_folder_is_passed_over_as_a_whole() {
        let mut folder = Folder::new("", 10);
        folder.take("b/1", 0);
        assert_eq!(folder.skip("b/1"), format!("b/{}", char::MAX));
        folder.take("c", 0);
        assert_eq!(folder.skip("c"), "c");
        assert_eq!(Folder::beyond("b".into()), "b");
        assert_eq!(Folder::beyond(String::new()), "");
        assert_eq!(folder.missing(), 9);
        assert!(!folder.page().next_page);
    }
}
