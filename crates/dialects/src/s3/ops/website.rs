//! Websites: their configuration, and their pages on hosts of their own (sheet section 7).

use cohong_core::engine::Engine;
use cohong_core::model::Website;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use quick_xml::escape::escape;

use super::Answer;
use crate::common::answer::bytes;
use crate::common::document::read;
use crate::common::settings::{document, put_document};
use crate::common::website::Manner;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::s3::error::S3Error;
use crate::s3::route::is_neutral;
use crate::s3::wire::website::WebsiteBody;
use crate::s3::words::S3;

const WEBSITE: &str = "WebsiteConfiguration";

/// How objects are read: only hosts of websites show pages.
pub(super) fn manner(head: bool) -> Manner {
    Manner {
        head,
        pages: false,
        neutral: is_neutral,
    }
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
    Ok(S3.answer(HeaderMap::new(), WEBSITE, &body))
}

/// A page of a website. Its visitors are people: errors are pages, too.
pub(super) async fn page(call: Call, engine: &Engine, head: bool) -> Answer {
    let request = call.cx.request_id.clone();
    let shown = show(call, engine, head).await;
    shown.or_else(|error| Ok(error_page(&error, &request, head)))
}

async fn show(call: Call, engine: &Engine, head: bool) -> Answer {
    let bucket = call.bucket()?;
    let site = engine.site_of(bucket).await?;
    if site.is_none_or(|site| site.website == Website::default()) {
        if engine.bucket_home(bucket).await?.is_none() {
            return Err(cohong_core::Error::new(
                cohong_core::ErrorKind::NoSuchBucket,
                "The specified bucket does not exist",
            )
            .into());
        }
        return Err(S3Error::new(
            http::StatusCode::NOT_FOUND,
            "NoSuchWebsiteConfiguration",
            "",
            "The specified bucket does not have a website configuration",
        ));
    }
    let manner = Manner {
        pages: true,
        ..manner(head)
    };
    Ok(S3.visit(call, engine, manner).await?)
}

/// An error as people read it.
fn error_page(error: &S3Error, request_id: &str, head: bool) -> Response<OutBody> {
    let status = error.status;
    let text = format!(
        "<html>\n<head><title>{status}</title></head>\n<body>\n<h1>{status}</h1>\n<ul>\n\
         <li>Code: {}</li>\n<li>Message: {}</li>\n<li>RequestId: {}</li>\n</ul>\n<hr/>\n</body>\n</html>\n",
        error.code,
        escape(&*error.message),
        escape(request_id),
    );
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CONTENT_LENGTH, text.len().into());
    let body = if head { String::new() } else { text };
    bytes(status, headers, body)
}
