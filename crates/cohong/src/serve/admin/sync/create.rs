//! Making sync tasks, and what they read and write with.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use cohong_core::engine::{CreateSyncTask, Credential, Secret, SyncKeys};
use cohong_core::model::{
    AccessKeyId, ContentCheck, Principal, SyncCounts, SyncScope, SyncSettings, SyncSource,
};
use cohong_core::ports::{SourceCredentials, SourceFault};
use cohong_core::sync::probe;
use serde::Deserialize;

use super::cx;
use super::shown;
use crate::serve::admin::Admin;
use crate::serve::admin::answer::{Answer, Input, Problem, bucket_name};
use crate::serve::sources::HERE;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Create {
    /// One of both is this server.
    from: Place,
    to: Place,
    description: Box<str>,
    overwrite: Box<str>,
    deletes: bool,
    restore: bool,
    with: With,
}

/// Where objects come from, or where they go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// A registered store, or this server itself.
    store: Box<str>,
    /// Needed where the source is registered for every region.
    region: Option<Box<str>>,
    bucket: Box<str>,
    prefix: Box<str>,
}

/// What sides a task has.
const ONE_SIDE: &str = "one of the two is local/BUCKET, a bucket of this server";

/// What a task reads and writes with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct With {
    /// An access key of this server; without one the root key.
    key: Option<Box<str>>,
    /// A key of the source; without one this server is read with `key`, and any other store unsigned.
    source_key: Option<SourceKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceKey {
    access: Box<str>,
    secret: String,
    token: Option<String>,
}

pub(super) async fn create(State(admin): State<Arc<Admin>>, Input(order): Input<Create>) -> Answer {
    let out = &*order.to.store != HERE;
    let (here, mut other) = if out {
        (order.from, order.to)
    } else {
        (order.to, order.from)
    };
    if &*here.store != HERE {
        return Err(Problem::invalid("neither side is this server").hint(ONE_SIDE));
    }
    if out {
        // Keys are the same on both sides.
        other.prefix = here.prefix;
    }
    let source = place(&admin, other).await?;
    let bucket = bucket_name(&here.bucket)?;
    if &*source.region == HERE && *source.bucket == *bucket.as_str() {
        return Err(Problem::invalid(
            "source and destination are the same bucket",
        ));
    }
    let overwrite = shown::OVERWRITES.iter();
    let overwrite = overwrite
        .into_iter()
        .find(|(word, _)| **word == *order.overwrite);
    let (_, overwrite) =
        overwrite.ok_or_else(|| Problem::invalid("there is no such overwriting"))?;
    let (principal, keys) = keys(&admin, order.with, &source).await?;
    let found = probe(&*admin.sources, &source, &keys.source).await;
    found.map_err(|fault| unreadable(&fault))?;
    if out {
        let opened = admin.sources.open_to_write(&source, &keys.source).await;
        opened.map_err(|fault| unreadable(&fault))?;
    }
    let settings = SyncSettings {
        source,
        out,
        scope: SyncScope::Told,
        since: None,
        bucket,
        into: "".into(),
        description: order.description,
        metadata: true,
        restore: order.restore,
        class: None,
        overwrite: *overwrite,
        check: ContentCheck::SizeAndTime,
        deletes: order.deletes,
        lists: true,
        bandwidth: Vec::new(),
        labels: Vec::new(),
    };
    let cx = cx(&admin, principal);
    let engine = &admin.engine;
    let id = engine
        .create_sync_task(&cx, CreateSyncTask { settings, keys })
        .await?;
    let task = engine.sync_task(&cx, id).await?;
    Ok(Json(shown::task(&task, 0, SyncCounts::default())))
}

async fn place(admin: &Admin, from: Place) -> Result<SyncSource, Problem> {
    let Place {
        store,
        region,
        bucket,
        prefix,
    } = from;
    if &*store == HERE {
        let (cloud, region) = (HERE.into(), HERE.into());
        return Ok(SyncSource {
            cloud,
            region,
            bucket,
            prefix,
        });
    }
    let sources = admin.engine.list_sources().await?;
    let known = sources.into_iter().find(|source| source.name == store);
    let known = known.ok_or_else(|| {
        Problem::not_found(format!("source {store} is not registered")).hint(
            "write local/BUCKET for this server; `cohong source ls` lists other stores, `cohong source add` \
             adds one",
        )
    })?;
    let anywhere = &*known.record.region == cohong_core::engine::ANYWHERE;
    let region = match region {
        Some(region) if anywhere || region == known.record.region => region,
        Some(_) => {
            return Err(Problem::invalid(format!(
                "source {store} is in {}",
                known.record.region
            )));
        }
        None if anywhere => {
            return Err(
                Problem::invalid(format!("source {store} stands for every region"))
                    .hint("name one with --region REGION"),
            );
        }
        None => known.record.region,
    };
    Ok(SyncSource {
        cloud: known.record.cloud,
        region,
        bucket,
        prefix,
    })
}

/// In whose name a task is made, and what it works with.
pub(super) async fn keys(
    admin: &Admin,
    with: With,
    source: &SyncSource,
) -> Result<(Principal, SyncKeys), Problem> {
    let access = with.key.map_or_else(|| admin.root.clone(), AccessKeyId);
    let known = admin.engine.credential(&access).await?;
    let known = known.ok_or_else(|| {
        Problem::not_found(format!("there is no access key {}", access.0))
            .hint("`cohong key ls` lists them, `cohong key create` makes one")
    })?;
    let writer = known.principal.account().cloned();
    let writer = writer.ok_or_else(|| Problem::invalid("that key is of no account"))?;
    let source = match with.source_key {
        Some(SourceKey {
            access,
            secret,
            token,
        }) => SourceCredentials {
            access,
            secret: Secret::new(&secret),
            token: token.as_deref().map(Secret::new),
        },
        None if &*source.region == HERE => own(&access, &known),
        None => SourceCredentials {
            access: "".into(),
            secret: Secret::new(""),
            token: None,
        },
    };
    let keys = SyncKeys {
        writer,
        writer_key: access,
        source,
    };
    Ok((known.principal, keys))
}

/// A key of this server to read this server with.
fn own(access: &AccessKeyId, known: &Credential) -> SourceCredentials {
    SourceCredentials {
        access: access.0.clone(),
        secret: known.secret.clone(),
        token: known.token.as_ref().map(|token| Secret::new(&token.0)),
    }
}

fn unreadable(fault: &SourceFault) -> Problem {
    let hint = match fault {
        SourceFault::Denied => "give a key of the source with --source-key ACCESS:SECRET",
        _ => "`cohong source ls` shows where sources are",
    };
    Problem::invalid(fault.to_string()).hint(hint)
}
