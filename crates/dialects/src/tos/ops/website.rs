//! Websites, and origins that stand in for missing objects (sheet section 7).

use cohong_core::engine::Engine;
use cohong_core::model::{MirrorRule, Website};
use http::HeaderMap;

use super::{Answer, body, bucket, list as lists};
use crate::common::settings::{document, put_document};
use crate::common::website::Manner;
use crate::gate::call::Call;
use crate::tos::route::is_neutral;
use crate::tos::wire::mirror::MirrorBody;
use crate::tos::wire::website::WebsiteBody;
use crate::tos::words::TOS;

/// How objects are read: their addresses show the website.
pub(super) fn manner(head: bool) -> Manner {
    Manner {
        head,
        pages: true,
        neutral: is_neutral,
    }
}

/// `ListObjects`; visitors of a website are shown its index instead.
pub(super) async fn list(call: Call, engine: &Engine) -> Answer {
    if TOS.shows_page(&call, engine, is_neutral).await? {
        return Ok(TOS.visit(call, engine, manner(false)).await?);
    }
    lists::objects(call, engine).await
}

/// `HeadBucket`, likewise.
pub(super) async fn head(call: Call, engine: &Engine) -> Answer {
    if TOS.shows_page(&call, engine, is_neutral).await? {
        return Ok(TOS.visit(call, engine, manner(true)).await?);
    }
    bucket::head(call, engine).await
}

/// `PutBucketWebsite`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: WebsiteBody = body::read(&mut call).await?;
    Ok(put_document(&call, engine, &body.read()?).await?)
}

/// `GetBucketWebsite`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let website: Website = document(&call, engine).await?;
    Ok(body::answer(HeaderMap::new(), &WebsiteBody::new(&website)))
}

/// `PutBucketMirrorBack`.
pub(super) async fn put_mirror(mut call: Call, engine: &Engine) -> Answer {
    let body: MirrorBody = body::read(&mut call).await?;
    Ok(put_document(&call, engine, &body.read()?).await?)
}

/// `GetBucketMirrorBack`.
pub(super) async fn get_mirror(call: Call, engine: &Engine) -> Answer {
    let rules: Vec<MirrorRule> = document(&call, engine).await?;
    Ok(body::answer(HeaderMap::new(), &MirrorBody::new(&rules)))
}
