//! `cohong mirror`: one side is made like the other.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use cohong_core::model::ObjectKey;
use cohong_egress::Reader;

use super::context::Context;
use super::cp::side;
use super::limits::REMOVED_AT_ONCE;
use super::place::Place;
use super::report::Report;
use super::stores::Stores;
use super::transfer::{Compare, Side, Transfer};
use super::tree::{Found, Tree, is_folder, path_of};
use super::trouble::Trouble;
use crate::cli::args::Common;
use crate::cli::args::buckets::Mirror;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

pub(in crate::cli) async fn run(
    order: &Mirror,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let (from, to) = (Place::read(&order.from)?, Place::read(&order.to)?);
    if matches!((&from, &to), (Place::Local(_), Place::Local(_))) {
        return Err(Failure::usage("one side has to be in a store")
            .hint("write tos://BUCKET/PREFIX, oss:// or s3://"));
    }
    let stores = Stores::new(common, &order.store)?;
    let context = Context::new(output);
    let transfer = Arc::new(Transfer {
        context: context.clone(),
        from: side(&stores, from)?,
        to: side(&stores, to)?,
        content_type: None,
        compare: if order.checksum {
            Compare::Content
        } else {
            Compare::Quickly
        },
        dry: order.dry_run,
    });
    let report = context.until_stopped(mirrored(order, &transfer)).await?;
    report.say(output)
}

async fn mirrored(order: &Mirror, transfer: &Arc<Transfer>) -> Result<Report, Failure> {
    let mut report = if order.dry_run {
        Report::dry()
    } else {
        Report::default()
    };
    let context = &transfer.context;
    let from = |trouble: Trouble| trouble.failure(&order.from);
    let to = |trouble: Trouble| trouble.failure(&order.to);
    let tree = transfer
        .from
        .tree(context, &mut report)
        .await
        .map_err(from)?;
    let there = match &transfer.to {
        Side::Folder(root) if !root.exists() => Tree::new(),
        // What is no file there is neither compared nor removed.
        side => side
            .tree(context, &mut Report::default())
            .await
            .map_err(to)?,
    };
    transfer
        .all(&tree, &there, &mut report)
        .await
        .map_err(from)?;
    if order.delete {
        let removed = remove_gone(order, transfer, (&tree, &there), &mut report).await;
        removed.map_err(to)?;
    }
    Ok(report)
}

/// Removes from the target what the source does not have.
async fn remove_gone(
    order: &Mirror,
    transfer: &Transfer,
    (tree, there): (&Tree, &Tree),
    report: &mut Report,
) -> Result<(), Trouble> {
    let gone = there.iter().filter(|(name, found)| {
        let kept = tree.contains_key(*name) || stands_for_folder(&transfer.from, name, found);
        !kept
    });
    let gone: Vec<&String> = gone.map(|(name, _)| name).collect();
    if gone.is_empty() {
        return Ok(());
    }
    if !report.is_good() {
        let why = "nothing is removed from the target while something fails";
        report.failed(order.to.clone(), why);
        return Ok(());
    }
    if order.dry_run {
        for name in gone {
            report.plan("remove", name);
        }
        return Ok(());
    }
    match &transfer.to {
        Side::Folder(root) => remove_files(root, &gone, report),
        Side::Prefix(bucket, prefix) => {
            let keys = gone.into_iter().map(|name| format!("{prefix}{name}"));
            remove_keys(&transfer.context, bucket, keys, report).await?;
        }
    }
    Ok(())
}

/// Whether an object of the target is a folder of the source, where folders are no objects.
fn stands_for_folder(from: &Side, name: &str, found: &Found) -> bool {
    match from {
        Side::Folder(root) => is_folder(name, found.size) && root.join(name).is_dir(),
        Side::Prefix(..) => false,
    }
}

/// Removes files, and the folders that nothing is left in.
fn remove_files(root: &Path, names: &[&String], report: &mut Report) {
    for name in names {
        let path = match path_of(root, name) {
            Ok(path) => path,
            Err(why) => {
                report.failed(name.as_str(), why);
                continue;
            }
        };
        match std::fs::remove_file(&path) {
            Ok(()) => report.removed += 1,
            Err(error) => report.failed(name.as_str(), error.to_string()),
        }
        let folders = path.ancestors().skip(1);
        for folder in folders.take_while(|folder| *folder != root) {
            // One that holds something refuses.
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// Removes keys, many at once.
pub(super) async fn remove_keys(
    context: &Context,
    bucket: &Reader,
    keys: impl Iterator<Item = String>,
    report: &mut Report,
) -> Result<(), Trouble> {
    let mut all = Vec::new();
    for key in keys {
        all.push(ObjectKey::new(&key).map_err(|wrong| Trouble::Said(wrong.to_string()))?);
    }
    for keys in all.chunks(REMOVED_AT_ONCE) {
        let keys: Vec<(&ObjectKey, Option<&str>)> = keys.iter().map(|key| (key, None)).collect();
        let remove = || async { Ok(bucket.remove_all(&keys).await?) };
        let kept = context.again(remove).await?;
        report.removed += (keys.len() - kept.len()) as u64;
        for (key, why) in kept {
            report.failed(key, why);
        }
    }
    Ok(())
}
