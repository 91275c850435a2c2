//! From one side to the other, whatever they are: one object at a time, or many at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cohong_client::{blocking, each};
use cohong_core::model::{ObjectKey, StorageClass, StoredHeaders, Timestamp};
use cohong_core::ports::{Source as _, SourceDigests, SourceObject};
use cohong_egress::Reader;

use super::context::Context;
use super::copy::Copy;
use super::fetch::Fetch;
use super::limits::OBJECTS_AT_ONCE;
use super::report::Report;
use super::scratch;
use super::send::{Input, Send};
use super::tree::{self, Found, Tree, is_folder, make_folders, path_of};
use super::trouble::Trouble;

/// One side of a copy: names are relative to it.
#[derive(Clone)]
pub(super) enum Side {
    Folder(PathBuf),
    /// A bucket, and what keys begin with.
    Prefix(Arc<Reader>, String),
}

impl Side {
    /// What is there.
    pub(super) async fn tree(
        &self,
        context: &Context,
        report: &mut Report,
    ) -> Result<Tree, Trouble> {
        match self {
            Self::Folder(root) => tree::files(root, report),
            Self::Prefix(bucket, prefix) => tree::objects(context, bucket, prefix).await,
        }
    }

    fn key(prefix: &str, name: &str) -> Result<ObjectKey, Trouble> {
        let key = ObjectKey::new(&format!("{prefix}{name}"));
        key.map_err(|wrong| Trouble::Said(wrong.to_string()))
    }
}

/// How what both sides have is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    /// Not at all: everything is copied.
    Never,
    /// By size and time, and by content where these leave it open.
    Quickly,
    /// By content.
    Content,
}

/// A copy of many.
pub(super) struct Transfer {
    pub(super) context: Arc<Context>,
    pub(super) from: Side,
    pub(super) to: Side,
    /// Media type instead of the one that the name means.
    pub(super) content_type: Option<String>,
    pub(super) compare: Compare,
    /// Nothing is written.
    pub(super) dry: bool,
}

/// What became of one.
enum Outcome {
    Same,
    Copied(u64),
}

impl Transfer {
    /// Copies all of these that the target does not have.
    pub(super) async fn all(
        self: &Arc<Self>,
        tree: &Tree,
        there: &Tree,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        self.context
            .bar
            .inc_length(tree.values().map(|found| found.size).sum());
        let items = tree
            .iter()
            .map(|(name, found)| (name.clone(), found.clone(), there.get(name).cloned()));
        let work = |(name, found, there): (String, Found, Option<Found>)| {
            let this = self.clone();
            async move {
                let size = found.size;
                let done = this.one(&name, &found, there.as_ref()).await;
                if !matches!(done, Ok(Outcome::Copied(_))) || this.dry {
                    this.context.bar.dec_length(size);
                }
                Ok((name, done))
            }
        };
        each(items, OBJECTS_AT_ONCE, work, |(name, done)| {
            match done {
                Ok(Outcome::Same) => report.same += 1,
                Ok(Outcome::Copied(_)) if self.dry => report.plan("copy", name),
                Ok(Outcome::Copied(bytes)) => {
                    report.copied += 1;
                    report.bytes += bytes;
                }
                Err(trouble) => report.failed(name, trouble.to_string()),
            }
            Ok::<_, Trouble>(())
        })
        .await
    }

    async fn one(
        &self,
        name: &str,
        found: &Found,
        there: Option<&Found>,
    ) -> Result<Outcome, Trouble> {
        if let Side::Folder(root) = &self.to {
            if is_folder(name, found.size) {
                return self.folder(root, name);
            }
            path_of(root, name).map_err(Trouble::Said)?;
        }
        if let Some(there) = there.filter(|there| there.size == found.size) {
            let same = match self.quickly(found, there) {
                Some(same) => same,
                None => self.same_content(name, found, there).await?,
            };
            if same {
                return Ok(Outcome::Same);
            }
        }
        if self.dry {
            return Ok(Outcome::Copied(found.size));
        }
        let context = &self.context;
        match (&self.from, &self.to) {
            (Side::Folder(root), Side::Prefix(bucket, prefix)) => {
                let key = Side::key(prefix, name)?;
                let typed = self.content_type.as_deref();
                let path = root.join(name);
                upload(context, path, found.size, bucket, key, typed).await?;
                Ok(Outcome::Copied(found.size))
            }
            (Side::Prefix(bucket, prefix), Side::Folder(root)) => {
                let to = path_of(root, name).map_err(Trouble::Said)?;
                let folder = to.parent().unwrap_or(root).to_owned();
                let root = root.clone();
                blocking(move || make_folders(&root, &folder).map_err(Trouble::Said)).await?;
                let key = Side::key(prefix, name)?;
                download(context, bucket, key, to, Some(found.size))
                    .await
                    .map(Outcome::Copied)
            }
            (Side::Prefix(from, prefix), Side::Prefix(to, to_prefix)) => {
                let (key, to_key) = (Side::key(prefix, name)?, Side::key(to_prefix, name)?);
                copy(context, (from, key), (to, to_key))
                    .await
                    .map(Outcome::Copied)
            }
            (Side::Folder(_), Side::Folder(_)) => {
                Err(Trouble::Said("neither side is in a store".into()))
            }
        }
    }

    /// An object that stands for a folder becomes one.
    fn folder(&self, root: &Path, name: &str) -> Result<Outcome, Trouble> {
        let name = name.trim_end_matches('/');
        let path = match name {
            "" => root.to_owned(),
            name => path_of(root, name).map_err(Trouble::Said)?,
        };
        if path.is_dir() {
            return Ok(Outcome::Same);
        }
        if !self.dry {
            make_folders(root, &path).map_err(Trouble::Said)?;
        }
        Ok(Outcome::Copied(0))
    }

    /// Whether two of one size are the same, as far as time and entity tags tell.
    fn quickly(&self, found: &Found, there: &Found) -> Option<bool> {
        match self.compare {
            Compare::Never => return Some(false),
            Compare::Content => return None,
            Compare::Quickly => {}
        }
        match (&self.from, &self.to) {
            // What is written here gets the time of its object.
            (Side::Prefix(..), Side::Folder(_)) => settled(found, there).then_some(true),
            (Side::Folder(_), _) => (there.modified > found.modified).then_some(true),
            _ if there.etag.is_some() && there.etag == found.etag => Some(true),
            _ => (there.modified > found.modified && !self.differ(found, there)).then_some(true),
        }
    }

    /// Whether entity tags of one store say that bytes differ: both are MD5s.
    fn differ(&self, found: &Found, there: &Found) -> bool {
        let speech = |side: &Side| match side {
            Side::Folder(_) => None,
            Side::Prefix(bucket, _) => Some(bucket.speech()),
        };
        let plain = |found: &Found| {
            let etag = found.etag.as_deref().unwrap_or_default();
            etag.len() == 32 && etag.bytes().all(|b| b.is_ascii_hexdigit())
        };
        speech(&self.from) == speech(&self.to) && plain(found) && plain(there)
    }

    /// Whether two of one size have the same bytes. Where nothing tells, they have not.
    async fn same_content(
        &self,
        name: &str,
        found: &Found,
        there: &Found,
    ) -> Result<bool, Trouble> {
        let (object, path) = match (&self.from, &self.to) {
            (Side::Folder(root), Side::Prefix(bucket, prefix))
            | (Side::Prefix(bucket, prefix), Side::Folder(root)) => (
                self.look(bucket, &Side::key(prefix, name)?).await?,
                root.join(name),
            ),
            (Side::Prefix(from, prefix), Side::Prefix(to, to_prefix)) => {
                let one = self.look(from, &Side::key(prefix, name)?).await?;
                let other = self.look(to, &Side::key(to_prefix, name)?).await?;
                return Ok(agree(one.digests, other.digests));
            }
            (Side::Folder(_), Side::Folder(_)) => return Ok(false),
        };
        if object.digests == SourceDigests::default() || object.size != there.size {
            return Ok(false);
        }
        let take_time = matches!(self.to, Side::Folder(_)) && !self.dry;
        let modified = found.modified;
        blocking(move || {
            let mut file = std::fs::File::open(&path)?;
            let same = scratch::matches(&mut file, object.size, object.digests)?;
            if same && take_time {
                let since = Duration::from_millis(modified.millis());
                file.set_modified(SystemTime::UNIX_EPOCH + since)?;
            }
            Ok(same)
        })
        .await
    }

    async fn look(&self, bucket: &Reader, key: &ObjectKey) -> Result<SourceObject, Trouble> {
        let look = || async { Ok(bucket.stat(key).await?) };
        self.context.again(look).await
    }
}

/// Whether a file is still the object that it was made of, by their times. Some stores list whole seconds: what was
/// written again in the second in which it was read has the time it had, so a file that was made so early tells
/// nothing. Clocks may differ by a second.
fn settled(object: &Found, file: &Found) -> bool {
    let (listed, kept) = (object.modified, file.modified);
    let whole = |at: Timestamp| at.millis().is_multiple_of(1000);
    if listed.seconds() != kept.seconds() || !(listed == kept || whole(listed) || whole(kept)) {
        return false;
    }
    let exact = listed == kept && !whole(listed);
    exact
        || file
            .changed
            .is_none_or(|at| at.seconds() > listed.seconds() + 1)
}

/// Whether digests are of the same bytes; not where none is known of both.
fn agree(one: SourceDigests, other: SourceDigests) -> bool {
    let pairs = [
        one.md5.zip(other.md5).map(|(a, b)| a == b),
        one.crc64.zip(other.crc64).map(|(a, b)| a == b),
        one.further
            .zip(other.further)
            .filter(|(a, b)| a.algorithm() == b.algorithm())
            .map(|(a, b)| a == b),
    ];
    let known: Vec<bool> = pairs.into_iter().flatten().collect();
    !known.is_empty() && known.into_iter().all(|same| same)
}

/// What an object of a file is to carry.
pub(super) fn described(key: &ObjectKey, size: u64, typed: Option<&str>) -> SourceObject {
    let guessed = || mime_guess::from_path(key.as_str()).first_raw();
    SourceObject {
        size,
        etag: None,
        modified: Timestamp::default(),
        digests: SourceDigests::default(),
        headers: StoredHeaders {
            content_type: typed.or_else(guessed).map(Into::into),
            ..StoredHeaders::default()
        },
        user_meta: Vec::new(),
        class: StorageClass::Standard,
        archived: false,
    }
}

/// A file into a bucket.
pub(super) async fn upload(
    context: &Arc<Context>,
    path: PathBuf,
    size: u64,
    to: &Arc<Reader>,
    key: ObjectKey,
    typed: Option<&str>,
) -> Result<(), Trouble> {
    let send = Arc::new(Send {
        context: context.clone(),
        to: to.clone(),
        like: described(&key, size, typed),
        key,
    });
    send.all(Arc::new(Input::File(path))).await
}

/// An object into a file; gives its length, which may be known already.
pub(super) async fn download(
    context: &Arc<Context>,
    from: &Arc<Reader>,
    key: ObjectKey,
    to: PathBuf,
    size: Option<u64>,
) -> Result<u64, Trouble> {
    let fetch = Arc::new(Fetch {
        context: context.clone(),
        from: from.clone(),
        key,
    });
    fetch.to_file(to, size).await
}

/// An object into a bucket, as it is; gives its length. One store copies it itself, between two tongues it passes
/// through here.
pub(super) async fn copy(
    context: &Arc<Context>,
    (from, key): (&Arc<Reader>, ObjectKey),
    (to, to_key): (&Arc<Reader>, ObjectKey),
) -> Result<u64, Trouble> {
    let look = || async { Ok(from.stat(&key).await?) };
    let object = context.again(look).await?;
    let size = object.size;
    if from.speech() == to.speech() {
        let copy = Copy {
            context: context.clone(),
            from: from.clone(),
            key,
            to: to.clone(),
            to_key,
        };
        Arc::new(copy).all(&object).await?;
        return Ok(size);
    }
    let input = Input::Object {
        from: from.clone(),
        key,
        etag: object.etag.clone(),
    };
    let send = Send {
        context: context.clone(),
        to: to.clone(),
        key: to_key,
        like: object,
    };
    Arc::new(send).all(Arc::new(input)).await?;
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_compared_by_content_where_its_time_could_deceive() {
        let found = |modified, changed: Option<u64>| Found {
            size: 1,
            modified: Timestamp::from_millis(modified),
            etag: None,
            changed: changed.map(Timestamp::from_millis),
        };
        // (listed, kept, made, whether it is the same)
        let cases = [
            (10_000, 10_000, Some(12_000), true),
            (10_000, 10_000, Some(11_000), false),
            (10_000, 10_000, Some(10_000), false),
            (10_000, 10_000, None, true),
            (10_000, 11_000, Some(20_000), false),
            (10_000, 10_500, Some(20_000), true),
            (10_500, 10_000, Some(20_000), true),
            (10_500, 10_000, Some(10_000), false),
            (10_500, 10_400, Some(20_000), false),
            (10_500, 10_500, Some(10_000), true),
        ];
        for (listed, kept, made, same) in cases {
            let seen = settled(&found(listed, None), &found(kept, made));
            assert_eq!(seen, same, "{listed} {kept} {made:?}");
        }
    }
}
