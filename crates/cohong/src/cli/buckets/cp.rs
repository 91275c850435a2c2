//! `cohong cp`.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use cohong_core::model::ObjectKey;

use super::context::Context;
use super::fetch::Fetch;
use super::place::{Place, Remote};
use super::report::Report;
use super::send::Send;
use super::stores::Stores;
use super::transfer::{Compare, Side, Transfer, copy, described, download, upload};
use super::tree::{Tree, path_of};
use super::trouble::Trouble;
use crate::cli::args::Common;
use crate::cli::args::buckets::Cp;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

pub(in crate::cli) async fn run(
    order: &Cp,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let (from, to) = (Place::read(&order.from)?, Place::read(&order.to)?);
    let stores = Stores::new(common, &order.store)?;
    let command = Command {
        order,
        stores: &stores,
        context: Context::new(output),
    };
    let work = async {
        if order.recursive {
            command.tree(from, to).await
        } else {
            command.single(from, to, output).await
        }
    };
    match command.context.until_stopped(work).await? {
        Some(report) => report.say(output),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The sides of a copy of many.
pub(super) fn side(stores: &Stores, place: Place) -> Result<Side, Failure> {
    match place {
        Place::Local(path) => Ok(Side::Folder(path)),
        Place::Remote(remote) if !remote.bucket.is_empty() => {
            let bucket = stores.open(remote.speech, &remote.bucket)?;
            Ok(Side::Prefix(bucket, remote.folder()))
        }
        Place::Remote(remote) => Err(Failure::usage(format!("{remote} names no bucket"))),
        Place::Stream => Err(Failure::usage("- is one file, not a folder")),
    }
}

struct Command<'a> {
    order: &'a Cp,
    stores: &'a Stores,
    context: Arc<Context>,
}

impl Command<'_> {
    /// A file or an object. What was written to standard output is all that is said then.
    async fn single(
        &self,
        from: Place,
        to: Place,
        output: Output,
    ) -> Result<Option<Report>, Failure> {
        let (context, typed) = (&self.context, self.order.content_type.as_deref());
        let copied = match (from, to) {
            (Place::Local(path), Place::Remote(to)) => {
                let facts = std::fs::metadata(&path)
                    .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
                if facts.is_dir() {
                    return Err(Failure::usage(format!("{} is a folder", path.display()))
                        .hint("-r copies all that is in it"));
                }
                if !facts.is_file() {
                    return Err(
                        Failure::usage(format!("{} is no regular file", path.display()))
                            .hint("- as the source reads standard input"),
                    );
                }
                let (to, key) = target(to, path.file_name().and_then(|name| name.to_str()))?;
                let bucket = self.stores.open(to.speech, &to.bucket)?;
                context.bar.set_length(facts.len());
                let sent = upload(context, path, facts.len(), &bucket, key, typed).await;
                sent.map(|()| facts.len())
                    .map_err(|trouble| trouble.failure(&to))
            }
            (Place::Remote(from), Place::Local(path)) => {
                let key = from.object()?;
                let path = file(path, &from)?;
                let bucket = self.stores.open(from.speech, &from.bucket)?;
                let fetched = download(context, &bucket, key, path, None).await;
                fetched.map_err(|trouble| trouble.failure(&from))
            }
            (Place::Remote(from), Place::Remote(to)) => {
                let key = from.object()?;
                let (to, to_key) = target(to, last(&from.key))?;
                let source = self.stores.open(from.speech, &from.bucket)?;
                let bucket = self.stores.open(to.speech, &to.bucket)?;
                let copied = copy(context, (&source, key), (&bucket, to_key)).await;
                copied.map_err(|trouble| trouble.failure(format!("{from} to {to}")))
            }
            (Place::Stream, Place::Remote(to)) => {
                let (to, key) = target(to, None)?;
                let send = Arc::new(Send {
                    context: context.clone(),
                    to: self.stores.open(to.speech, &to.bucket)?,
                    like: described(&key, 0, typed),
                    key,
                });
                let piped = send.stream(standard(std::io::stdin())?).await;
                piped.map_err(|trouble| trouble.failure(&to))
            }
            (Place::Remote(from), Place::Stream) => {
                if output.is_json() {
                    return Err(Failure::usage("- as the target leaves no place for JSON"));
                }
                let fetch = Arc::new(Fetch {
                    context: context.clone(),
                    key: from.object()?,
                    from: self.stores.open(from.speech, &from.bucket)?,
                });
                let fetched = fetch.to_stream(standard(std::io::stdout())?).await;
                fetched.map_err(|trouble| trouble.failure(&from))?;
                return Ok(None);
            }
            _ => return Err(no_store()),
        };
        Ok(Some(Report::of_one(copied?)))
    }

    async fn tree(&self, from: Place, to: Place) -> Result<Option<Report>, Failure> {
        if matches!((&from, &to), (Place::Local(_), Place::Local(_))) {
            return Err(no_store());
        }
        let mut report = Report::default();
        let transfer = Arc::new(Transfer {
            context: self.context.clone(),
            from: side(self.stores, from)?,
            to: side(self.stores, to)?,
            content_type: self.order.content_type.clone(),
            compare: Compare::Never,
            dry: false,
        });
        let failed = |trouble: Trouble| trouble.failure(&self.order.from);
        let tree = transfer.from.tree(&self.context, &mut report).await;
        let tree = tree.map_err(failed)?;
        if tree.is_empty() && report.is_good() {
            return Err(Failure::new(format!(
                "{}: nothing is there",
                self.order.from
            )));
        }
        let copied = transfer.all(&tree, &Tree::new(), &mut report).await;
        copied.map_err(failed)?;
        Ok(Some(report))
    }
}

/// Standard input or output as a file, which holds up nobody.
fn standard(stream: impl AsFd) -> Result<tokio::fs::File, Failure> {
    let own = stream.as_fd().try_clone_to_owned();
    let own = own.map_err(|error| Failure::new(format!("-: {error}")))?;
    Ok(tokio::fs::File::from_std(own.into()))
}

fn no_store() -> Failure {
    Failure::usage("one side has to be in a store").hint("write tos://BUCKET/KEY, oss:// or s3://")
}

/// The key that something gets; in a folder it keeps its name.
fn target(to: Remote, name: Option<&str>) -> Result<(Remote, ObjectKey), Failure> {
    if to.bucket.is_empty() {
        return Err(Failure::usage(format!("{to} names no bucket")));
    }
    let to = if to.key.is_empty() || to.key.ends_with('/') {
        let name = name.ok_or_else(|| {
            Failure::usage(format!("{to} is a folder")).hint("write the whole key to be")
        })?;
        let key = format!("{}{name}", to.key);
        to.with_key(key)
    } else {
        to
    };
    let key = to.object()?;
    Ok((to, key))
}

/// What stands behind the last slash of a key, if that is a name.
fn last(key: &str) -> Option<&str> {
    key.rsplit('/').next().filter(|name| !name.is_empty())
}

/// The file that an object becomes; in a folder it keeps its name.
fn file(path: PathBuf, from: &Remote) -> Result<PathBuf, Failure> {
    let typed = path.to_string_lossy();
    if !path.is_dir() && !typed.ends_with('/') {
        let alone = path
            .parent()
            .is_some_and(|folder| folder.as_os_str().is_empty());
        return Ok(if alone {
            Path::new(".").join(path)
        } else {
            path
        });
    }
    let name = path_of(&path, last(&from.key).unwrap_or_default());
    let file = name.map_err(|why| {
        Failure::new(format!("{from}: {why}")).hint("write the whole name of the file to be")
    })?;
    std::fs::create_dir_all(&path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_a_folder_keeps_its_name() {
        let table = [
            ("s3://b", Some("f"), Some("f")),
            ("s3://b/d/", Some("f"), Some("d/f")),
            ("s3://b//", Some("f"), Some("/f")),
            ("s3://b/d", Some("f"), Some("d")),
            ("s3://b/d/", None, None),
            ("s3://", Some("f"), None),
        ];
        for (text, name, wanted) in table {
            let to = Remote::read(text).expect(text);
            let key = target(to, name)
                .ok()
                .map(|(_, key)| key.as_str().to_owned());
            assert_eq!(key.as_deref(), wanted, "{text}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let from = |text| Remote::read(text).expect("a place");
        let name = |text| file(folder.path().to_owned(), &from(text)).ok();
        assert_eq!(name("s3://b/a/f"), Some(folder.path().join("f")));
        for bad in ["s3://b/a/", "s3://b/a/..", "s3://b/."] {
            assert_eq!(name(bad), None, "{bad}");
        }
        let alone = file("f".into(), &from("s3://b/k")).expect("a file");
        assert_eq!(alone, Path::new("./f"));
    }
}
