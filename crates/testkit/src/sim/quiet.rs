//! Looks at everything that clients can see while nobody changes it, and compares it with the model.

use cohong_core::Error;
use cohong_core::engine::{
    Cx, ListObjects, ListParts, ListUploads, ListVersions, Listing, ListingEntry, VersionChoice,
};
use cohong_core::model::{VersionTag, Versioning};

use super::client::{Client, bucket_name, cx, upload_target};
use super::model::{At, Bucket, Object, Says, Sealed, Version, md5_of};
use super::oracle::{OWNER, STRANGER};

/// Looks at everything. Panics at the first difference.
pub(super) async fn look(client: Client) {
    let buckets = client.oracle.look(|model| model.buckets.clone());
    for account in [OWNER, STRANGER] {
        let listed = client.engine.list_buckets(&cx("look", account)).await;
        let listed = listed.expect("nothing fails");
        let listed: Vec<String> = listed.iter().map(|found| found.name.to_string()).collect();
        let wanted = buckets.iter().filter(|(_, bucket)| bucket.owner == account);
        let wanted: Vec<String> = wanted.map(|(name, _)| name.clone()).collect();
        assert_eq!(listed, wanted, "buckets of {account}");
    }
    for (name, bucket) in &buckets {
        let looks = Look {
            client: &client,
            name,
            bucket,
        };
        looks.versions().await;
        looks.list_objects().await;
        looks.list_rolled_up().await;
        looks.list_versions().await;
        looks.list_uploads().await;
    }
    client.sim.note("everything is as it should be");
}

struct Look<'a> {
    client: &'a Client,
    name: &'a str,
    bucket: &'a Bucket,
}

impl Look<'_> {
    fn cx(&self) -> Cx {
        cx("look", self.bucket.owner)
    }

    /// A page length that makes listings go over several pages.
    fn limit(&self) -> usize {
        1 + usize::try_from(self.client.sim.random(5)).unwrap_or(0)
    }

    /// Reads every version of every key, the current ones also as such.
    async fn versions(&self) {
        for (key, stack) in &self.bucket.keys {
            let mut choices = vec![VersionChoice::Current];
            choices.extend(
                stack
                    .versions
                    .iter()
                    .map(|version| choice(self.bucket, version)),
            );
            for choice in choices {
                let at = (self.name.to_owned(), key.clone(), choice);
                let wanted = self.bucket.read(key, choice, self.bucket.owner);
                let sealed = wanted
                    .as_ref()
                    .map_or(Sealed::No, |(found, _)| found.sealed);
                let seen = self.read(&at, sealed.key()).await;
                self.refused(&at, sealed).await;
                match (wanted, seen) {
                    (Ok((object, tag)), Ok((read, read_tag))) => {
                        assert_eq!((object, tag), (read, read_tag), "{at:?}");
                    }
                    (Err(kind), Err(error)) => assert_eq!(kind, error.kind(), "{at:?}"),
                    (wanted, seen) => panic!("{at:?} is {seen:?} instead of {wanted:?}"),
                }
            }
        }
    }

    async fn read(&self, at: &At, key: Option<u8>) -> Result<(Object, VersionTag), Error> {
        let says = Says {
            key,
            ..Says::of(self.bucket.owner)
        };
        self.client.read(at, "look", &says).await
    }

    /// No other key opens an object that is encrypted with a client's, and none does it without.
    async fn refused(&self, at: &At, sealed: Sealed) {
        let Some(key) = sealed.key() else { return };
        for other in [Some(key + 1), None] {
            let kind = self.read(at, other).await.map_err(|error| error.kind());
            let kind = kind.expect_err("it is not opened");
            assert_eq!(Err(kind), sealed.opens(other), "{at:?}");
        }
    }

    async fn objects(&self, delimiter: &str, reverse: bool) -> Vec<ListingEntry> {
        let limit = self.limit();
        let mut entries = Vec::new();
        let mut after = String::new();
        loop {
            let req = ListObjects {
                bucket: bucket_name(self.name),
                prefix: String::new(),
                delimiter: delimiter.to_owned(),
                after,
                reverse,
                limit,
            };
            let page = self.client.engine.list_objects(&self.cx(), req).await;
            let Listing {
                entries: found,
                next,
                made: _,
            } = page.expect("nothing fails");
            assert!(found.len() <= limit, "a page is too long");
            entries.extend(found);
            match next {
                Some(next) => after = next,
                None => return entries,
            }
        }
    }

    async fn list_objects(&self) {
        let objects = self.bucket.keys.iter().filter_map(|(key, stack)| {
            let object = stack.object()?;
            Some(format!(
                "{key} {:?} {} {} {}",
                object.kind(),
                object.etag,
                object.bytes.len(),
                object.meta
            ))
        });
        let mut wanted: Vec<String> = objects.collect();
        for reverse in [false, true] {
            let seen = self.objects("", reverse).await;
            let seen: Vec<String> = seen.iter().map(line).collect();
            assert_eq!(seen, wanted, "objects of {}", self.name);
            wanted.reverse();
        }
    }

    async fn list_rolled_up(&self) {
        let live = self
            .bucket
            .keys
            .iter()
            .filter(|(_, stack)| stack.object().is_some());
        let mut wanted: Vec<String> = live.map(|(key, _)| rolled(key)).collect();
        wanted.dedup();
        let seen = self.objects("/", false).await;
        let name = |entry: &ListingEntry| match entry {
            ListingEntry::Object(object) => object.key.as_str().to_owned(),
            ListingEntry::Prefix(prefix) => prefix.clone(),
        };
        let seen: Vec<String> = seen.iter().map(name).collect();
        assert_eq!(seen, wanted, "prefixes of {}", self.name);
    }

    async fn list_versions(&self) {
        let limit = self.limit();
        let (mut key_marker, mut version_marker) = (String::new(), None);
        let mut seen = Vec::new();
        loop {
            let req = ListVersions {
                bucket: bucket_name(self.name),
                prefix: String::new(),
                delimiter: String::new(),
                key_marker,
                version_marker,
                limit,
            };
            let page = self.client.engine.list_versions(&self.cx(), req).await;
            let page = page.expect("nothing fails");
            seen.extend(page.versions.into_iter().map(|version| {
                let etag = version.object.map(|object| object.etag.to_string());
                let key = version.key.as_str().to_owned();
                (key, version.version, version.is_latest, etag)
            }));
            match page.next {
                Some(next) => (key_marker, version_marker) = next,
                None => break,
            }
        }
        let wanted = self.bucket.keys.iter().flat_map(|(key, stack)| {
            stack.versions.iter().enumerate().map(move |(n, version)| {
                let etag = version.object.as_ref().map(|object| object.etag.clone());
                (
                    key.clone(),
                    version.tag(self.bucket.versioning),
                    n == 0,
                    etag,
                )
            })
        });
        let wanted: Vec<(String, VersionTag, bool, Option<String>)> = wanted.collect();
        assert_eq!(seen, wanted, "versions of {}", self.name);
    }

    async fn list_uploads(&self) {
        let limit = self.limit();
        let (mut key_marker, mut upload_marker) = (String::new(), None);
        let mut seen = Vec::new();
        loop {
            let req = ListUploads {
                bucket: bucket_name(self.name),
                prefix: String::new(),
                delimiter: String::new(),
                key_marker,
                upload_marker,
                limit,
            };
            let page = self.client.engine.list_uploads(&self.cx(), req).await;
            let page = page.expect("nothing fails");
            let uploads = page.uploads.into_iter();
            seen.extend(uploads.map(|upload| (upload.key.as_str().to_owned(), upload.upload)));
            match page.next {
                Some(next) => (key_marker, upload_marker) = next,
                None => break,
            }
        }
        let open = self.bucket.uploads.iter();
        let mut wanted: Vec<_> = open.map(|(id, upload)| (upload.key.clone(), *id)).collect();
        wanted.sort_unstable();
        assert_eq!(seen, wanted, "uploads of {}", self.name);
        for (key, upload) in wanted {
            let req = ListParts {
                target: upload_target(self.name, &key, upload),
                after: 0,
                limit: 100,
            };
            let page = self.client.engine.list_parts(&self.cx(), req).await;
            let parts = page.expect("nothing fails").parts.into_iter();
            let parts: Vec<(u32, [u8; 16])> = parts.map(|part| (part.number, part.md5)).collect();
            let wanted = self.bucket.uploads[&upload].parts.iter();
            let wanted: Vec<_> = wanted.map(|(n, bytes)| (*n, md5_of(bytes))).collect();
            assert_eq!(parts, wanted, "parts of {upload}");
        }
    }
}

/// How a client names a version.
fn choice(bucket: &Bucket, version: &Version) -> VersionChoice {
    match version.tag(bucket.versioning) {
        VersionTag::Id(id) => VersionChoice::Id(id),
        VersionTag::Null | VersionTag::Unversioned => {
            debug_assert!(version.null || bucket.versioning == Versioning::Off);
            VersionChoice::Null
        }
    }
}

fn line(entry: &ListingEntry) -> String {
    match entry {
        ListingEntry::Object(object) => {
            let meta = object.user_meta.first().map(|(_, value)| value.to_string());
            let (key, meta) = (object.key.as_str(), meta.unwrap_or_default());
            let kind = object.object_type;
            format!("{key} {kind:?} {} {} {meta}", object.etag, object.size)
        }
        ListingEntry::Prefix(prefix) => format!("prefix {prefix}"),
    }
}

fn rolled(key: &str) -> String {
    match key.find('/') {
        Some(at) => key[..=at].to_owned(),
        None => key.to_owned(),
    }
}
