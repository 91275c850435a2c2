//! Websites, and the pages that may lead to a bucket (sheet section 6).

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::Website;
use cohong_core::rules::access::Action;
use http::HeaderMap;

use super::Answer;
use crate::common::document::read;
use crate::common::settings::{change_bucket, document, put_document, read_bucket};
use crate::common::website::Manner;
use crate::gate::call::Call;
use crate::oss::route::is_neutral;
use crate::oss::wire::referer::RefererBody;
use crate::oss::wire::website::WebsiteBody;
use crate::oss::words::OSS;

const WEBSITE: &str = "WebsiteConfiguration";
const REFERER: &str = "RefererConfiguration";

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
    if OSS.shows_page(&call, engine, is_neutral).await? {
        return Ok(OSS.visit(call, engine, manner(false)).await?);
    }
    Ok(OSS.objects_page(call, engine).await?)
}

/// `PutBucketWebsite`.
pub(super) async fn put(mut call: Call, engine: &Engine) -> Answer {
    let body: WebsiteBody = read(&mut call, WEBSITE).await?;
    Ok(put_document(&call, engine, &body.read()?).await?)
}

/// `GetBucketWebsite`.
pub(super) async fn get(call: Call, engine: &Engine) -> Answer {
    let website: Website = document(&call, engine).await?;
    let body = WebsiteBody::new(&website);
    Ok(OSS.answer(HeaderMap::new(), WEBSITE, &body))
}

/// `PutBucketReferer`.
pub(super) async fn put_referer(mut call: Call, engine: &Engine) -> Answer {
    let body: RefererBody = read(&mut call, REFERER).await?;
    let change = BucketChange::Referers(body.read());
    Ok(change_bucket(call, engine, change).await?)
}

/// `GetBucketReferer`: what holds for everybody where nothing was put.
pub(super) async fn get_referer(call: Call, engine: &Engine) -> Answer {
    let bucket = read_bucket(&call, engine, Action::ReadReferers).await?;
    let body = RefererBody::new(&bucket.referers);
    Ok(OSS.answer(HeaderMap::new(), REFERER, &body))
}
