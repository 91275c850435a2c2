//! Multipart uploads: what is the same in every dialect but for the form of bodies.

use cohong_core::engine::{
    CompleteReceipt, CompleteUpload, CreateUpload, Engine, ListParts, NamedPart, PartListing,
    PutPart, UploadTarget,
};
use cohong_core::limits::PARTS_MAX;
use cohong_core::model::{Etag, UploadId};
use http::header::LOCATION;
use http::{HeaderMap, Response, StatusCode};

use super::answer::{self, put};
use super::conditions::unquote;
use super::input::{bad_part_number, digests, part_number, upload, write_conditions};
use super::list::{number, page_size};
use super::ordered::answered;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// A completed upload that no callback answered for.
pub(crate) struct Completed {
    /// Headers of the answer.
    pub(crate) headers: HeaderMap,
    /// URL of the object.
    pub(crate) location: String,
    /// What was stored.
    pub(crate) receipt: CompleteReceipt,
}

/// How a complete ended.
pub(crate) enum Completion {
    /// The dialect writes the answer.
    Done(Box<Completed>),
    /// The application that was called has answered.
    Answered(Response<OutBody>),
}

/// A page of parts, and what was asked for.
pub(crate) struct PartPage {
    /// Which upload.
    pub(crate) target: UploadTarget,
    /// The marker.
    pub(crate) after: u32,
    /// Parts at most.
    pub(crate) limit: usize,
    /// The parts.
    pub(crate) listing: PartListing,
}

impl PartPage {
    /// The marker of the next page; there is one on the last page, too.
    pub(crate) fn next(&self) -> u32 {
        let last = self.listing.parts.last().map_or(0, |part| part.number);
        self.listing.next.unwrap_or(last)
    }
}

impl Vocabulary {
    /// Begins an upload. `acl` is the name of the header of the object's access control list.
    pub(crate) async fn create_upload(
        &self,
        call: &Call,
        engine: &Engine,
        acl: &str,
    ) -> Result<UploadId, Fault> {
        let given = self.given(call)?;
        let request = CreateUpload {
            bucket: call.bucket()?.clone(),
            key: call.key()?.clone(),
            attributes: self.attributes(&given, acl)?,
            conditions: write_conditions(&given)?,
            sequential: false,
        };
        Ok(engine.create_upload(&call.cx, request).await?)
    }

    /// Stores a part.
    pub(crate) async fn upload_part(
        &self,
        mut call: Call,
        engine: &Engine,
    ) -> Result<Response<OutBody>, Fault> {
        self.refuse_unkept(&self.given(&call)?)?;
        let request = PutPart {
            target: upload(&call)?,
            number: part_number(&call)?,
            digests: digests(&call)?,
        };
        let body = call.take_body();
        let receipt = engine.put_part(&call.cx, request, body).await?;
        let mut headers = HeaderMap::new();
        self.put_digests(
            &mut headers,
            &Etag::Md5(receipt.md5),
            receipt.checksums.crc64,
        );
        Ok(answer::empty(StatusCode::OK, headers))
    }

    /// Whether a complete takes all parts that were uploaded.
    pub(crate) fn completes_all(&self, call: &Call) -> Result<bool, Fault> {
        let all = call.header(&format!("{}complete-all", self.prefix))?;
        Ok(all.is_some_and(|all| all.eq_ignore_ascii_case("yes")))
    }

    /// Makes an object of parts, all of them where none are named.
    pub(crate) async fn complete_upload(
        &self,
        call: &Call,
        engine: &Engine,
        parts: Option<Vec<NamedPart>>,
        part_bytes_min: u64,
    ) -> Result<Completion, Fault> {
        let request = CompleteUpload {
            target: upload(call)?,
            parts,
            part_bytes_min,
            conditions: write_conditions(&self.given(call)?)?,
            callback: self.callback_of(call)?,
        };
        let mut receipt = engine.complete_upload(&call.cx, request).await?;
        let location = call.location(call.bucket()?.as_str(), call.key()?.as_str());
        let mut headers = self.uploaded(&receipt.stored);
        put(&mut headers, LOCATION, &location);
        Ok(match receipt.callback.take() {
            Some(outcome) => Completion::Answered(answered(outcome, headers)?),
            None => Completion::Done(Box::new(Completed {
                headers,
                location,
                receipt,
            })),
        })
    }

    /// Reads a page of an upload's parts.
    pub(crate) async fn list_parts(&self, call: &Call, engine: &Engine) -> Result<PartPage, Fault> {
        let target = upload(call)?;
        let limit = page_size(call, "max-parts", self.parts_pages())?;
        let after = number(call, "part-number-marker")?.unwrap_or(0);
        let request = ListParts {
            target: target.clone(),
            after,
            limit,
        };
        let listing = engine.list_parts(&call.cx, request).await?;
        Ok(PartPage {
            target,
            after,
            limit,
            listing,
        })
    }
}

/// Gives an upload up.
pub(crate) async fn abort_upload(call: Call, engine: &Engine) -> Result<Response<OutBody>, Fault> {
    engine.abort_upload(&call.cx, &upload(&call)?).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// A part as a body names it.
pub(crate) fn named_part(number: u32, etag: &str) -> Result<NamedPart, Fault> {
    if !(1..=PARTS_MAX).contains(&number) {
        return Err(bad_part_number());
    }
    Ok(NamedPart {
        number,
        etag: unquote(etag).into(),
    })
}
