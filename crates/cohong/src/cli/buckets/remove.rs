//! `cohong rm`, `cohong mb`, `cohong rb`.

use std::process::ExitCode;

use cohong_core::model::ObjectKey;
use cohong_core::ports::{Sink as _, Source as _, SourceFault};
use cohong_egress::Reader;
use serde_json::json;

use super::context::Context;
use super::mirror::remove_keys;
use super::place::Remote;
use super::report::Report;
use super::stores::Stores;
use super::trouble::Trouble;
use crate::cli::args::Common;
use crate::cli::args::buckets::{Mb, Rb, Rm};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

pub(in crate::cli) async fn rm(
    order: &Rm,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let stores = Stores::new(common, &order.store)?;
    let places = order.places.iter().map(|text| Remote::read(text));
    let places: Vec<Remote> = places.collect::<Result<_, _>>()?;
    for place in &places {
        if place.bucket.is_empty() {
            return Err(Failure::usage(format!("{place} names no bucket")));
        }
        if !order.recursive {
            place.object()?;
        }
    }
    let context = Context::new(output);
    let work = async {
        let mut report = Report::default();
        for place in &places {
            let bucket = stores.open(place.speech, &place.bucket)?;
            let removed = if order.recursive {
                below(&context, &bucket, &place.folder(), &mut report).await
            } else {
                one(&context, &bucket, &place.object()?, &mut report).await
            };
            removed.map_err(|trouble| trouble.failure(place))?;
        }
        Ok(report)
    };
    let report = context.until_stopped(work).await?;
    let removed = report.removed;
    report.say_in(output, &format!("{removed} removed"))
}

async fn one(
    context: &Context,
    bucket: &Reader,
    key: &ObjectKey,
    report: &mut Report,
) -> Result<(), Trouble> {
    // Removing tells nobody that there was nothing. A key that cannot stand in an address is not looked at.
    let look = || async { Ok(bucket.stat(key).await?) };
    match context.again(look).await {
        Ok(_) | Err(Trouble::Fault(SourceFault::Unaskable(_))) => {}
        Err(trouble) => return Err(trouble),
    }
    remove_keys(
        context,
        bucket,
        [key.as_str().to_owned()].into_iter(),
        report,
    )
    .await
}

/// Removes what begins with a prefix, page by page.
async fn below(
    context: &Context,
    bucket: &Reader,
    prefix: &str,
    report: &mut Report,
) -> Result<(), Trouble> {
    let before = report.removed;
    let mut from: Option<Box<str>> = None;
    loop {
        let page = || async { Ok(bucket.page(prefix, "", from.as_deref()).await?) };
        let page = context.again(page).await?;
        let keys = page
            .objects
            .iter()
            .map(|object| object.key.as_str().to_owned());
        remove_keys(context, bucket, keys, report).await?;
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    if report.removed == before && report.is_good() {
        return Err(Trouble::Said("nothing is there".into()));
    }
    Ok(())
}

pub(in crate::cli) async fn mb(
    order: &Mb,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = Remote::only_bucket(&order.place)?;
    let bucket = Stores::new(common, &order.store)?.open(place.speech, &place.bucket)?;
    let made = bucket.make().await.map_err(Trouble::from);
    made.map_err(|trouble| trouble.failure(&place))?;
    output.say(&json!({ "bucket": place.bucket }), |_| {
        format!("made {place}")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(in crate::cli) async fn rb(
    order: &Rb,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = Remote::only_bucket(&order.place)?;
    let bucket = Stores::new(common, &order.store)?.open(place.speech, &place.bucket)?;
    let context = Context::new(output);
    let work = async {
        if order.force {
            let emptied = empty(&context, &bucket).await;
            emptied.map_err(|trouble| trouble.failure(&place))?;
        }
        let removed = bucket.unmake().await.map_err(Trouble::from);
        removed.map_err(|trouble| match &trouble {
            Trouble::Fault(SourceFault::Broken(why)) if why.contains("NotEmpty") => trouble
                .failure(&place)
                .hint("--force removes all that is in it: objects, versions and open uploads"),
            _ => trouble.failure(&place),
        })
    };
    context.until_stopped(work).await?;
    output.say(&json!({ "removed": place.bucket }), |_| {
        format!("removed {place}")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Removes all versions and delete markers, and gives up all uploads.
async fn empty(context: &Context, bucket: &Reader) -> Result<(), Trouble> {
    loop {
        let list = || async { Ok(bucket.versions("").await?) };
        let (all, more) = context.again(list).await?;
        let keys: Vec<(&ObjectKey, Option<&str>)> = all
            .iter()
            .map(|(key, version)| (key, Some(&**version)))
            .collect();
        if !keys.is_empty() {
            let remove = || async { Ok(bucket.remove_all(&keys).await?) };
            if let Some((key, why)) = context.again(remove).await?.into_iter().next() {
                return Err(Trouble::Said(format!("{key} cannot be removed: {why}")));
            }
        }
        if !more {
            break;
        }
    }
    let list = || async { Ok(bucket.uploads("").await?) };
    for (key, upload) in context.again(list).await? {
        match bucket.abort(&key, &upload).await {
            Err(SourceFault::Missing) | Ok(()) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}
