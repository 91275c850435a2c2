//! Multipart uploads: what is the same in every dialect but for the form of bodies.

use cohong_core::engine::{
    CompleteReceipt, CompleteUpload, CreateUpload, Engine, ListParts, NamedPart, PartListing,
    PartSummary, PutPart,
};
use cohong_core::limits::PARTS_MAX;
use cohong_core::model::{ChecksumValue, Etag};
use http::header::LOCATION;
use http::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use super::answer::{self, put};
use super::attributes::AclSaid;
use super::conditions::unquote;
use super::input::{bad_part_number, digests, part_number, upload};
use super::list::{Encoding, number, page_size};
use super::ordered::answered;
use super::owner::Owner;
use super::vocabulary::Vocabulary;
use super::wire::checksum::{ChecksumBody, ChecksumLine, ChecksumMembers};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// A begun upload, as the family's bodies tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Begun {
    /// Headers of the answer.
    #[serde(skip)]
    pub(crate) headers: HeaderMap,
    bucket: String,
    key: String,
    upload_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
}

/// How an upload is ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// Least size of every part but the last, bytes.
    pub(crate) part_bytes_min: u64,
    /// Name of the header of the object's access control list, with vendors that take one here too.
    pub(crate) acl: Option<&'static str>,
}

/// A completed upload that no callback answered for.
pub(crate) struct Completed {
    /// Headers of the answer.
    pub(crate) headers: HeaderMap,
    /// What its body says, at least.
    pub(crate) result: CompleteResult,
    /// What was stored.
    pub(crate) receipt: CompleteReceipt,
}

/// An object made of parts, as the family's bodies tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompleteResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    location: String,
    bucket: String,
    key: String,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(flatten)]
    checksum: ChecksumBody,
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
    /// What the answer says of the page.
    pub(crate) told: PartsTold,
    /// The parts.
    pub(crate) listing: PartListing,
}

/// A page of parts without the parts, as the family's bodies tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartsTold {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    bucket: String,
    key: String,
    upload_id: String,
    part_number_marker: u32,
    /// The marker of the next page; there is one on the last page, too.
    next_part_number_marker: u32,
    max_parts: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiator: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    storage_class: &'static str,
    #[serde(flatten)]
    checksum: ChecksumLine,
}

/// A part, as the family's bodies tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartLine {
    part_number: u32,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(rename = "HashCrc64ecma", skip_serializing_if = "Option::is_none")]
    crc64: Option<String>,
    size: u64,
    #[serde(flatten)]
    checksum: ChecksumMembers,
}

impl Vocabulary {
    /// Begins an upload. `acl` is the name of the header of the object's access control list,
    /// `sequential` says that parts have to come in order.
    pub(crate) async fn create_upload(
        &self,
        call: &Call,
        engine: &Engine,
        acl: &str,
        sequential: bool,
    ) -> Result<Begun, Fault> {
        let given = self.given(call)?;
        let encoding = Encoding::of(call)?;
        let request = CreateUpload {
            bucket: call.bucket()?.clone(),
            key: call.key()?.clone(),
            attributes: self.attributes(&given, acl)?,
            conditions: self.write_conditions(&given)?,
            sequential,
            checksum: self.checksum_form(&given)?,
        };
        let (bucket, key) = (request.bucket.to_string(), request.key.clone());
        let cx = self.encrypting(call, &given)?;
        let begun = engine.create_upload(&cx, request).await?;
        let mut headers = HeaderMap::new();
        self.put_encryption(&mut headers, begun.encryption.as_ref(), &cx);
        Ok(Begun {
            headers,
            bucket,
            key: encoding.write(key.as_str()),
            upload_id: begun.upload.to_string(),
            encoding_type: encoding.name(),
        })
    }

    /// Stores a part.
    pub(crate) async fn upload_part(
        &self,
        mut call: Call,
        engine: &Engine,
    ) -> Result<Response<OutBody>, Fault> {
        let given = self.given(&call)?;
        self.refuse_unkept(&given)?;
        self.refuse_encryption(&given)?;
        let cx = self.opening(&call, &given)?;
        let request = PutPart {
            target: upload(&call)?,
            number: part_number(&call)?,
            digests: digests(&call)?,
        };
        let body = call.take_body();
        let receipt = engine.put_part(&cx, request, body).await?;
        let mut headers = HeaderMap::new();
        let etag = Etag::Md5(receipt.md5);
        self.put_digests(&mut headers, &etag, receipt.checksums.crc64);
        self.put_stored_checksum(&mut headers, receipt.checksums.further.as_ref(), &etag);
        self.put_encryption(&mut headers, receipt.encryption.as_ref(), &cx);
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
        ending: Ending,
    ) -> Result<Completion, Fault> {
        let given = self.given(call)?;
        self.refuse_encryption(&given)?;
        let cx = self.opening(call, &given)?;
        let encoding = Encoding::of(call)?;
        let acl = ending.acl.map(|name| self.acl_given(&given, name));
        let request = CompleteUpload {
            target: upload(call)?,
            parts,
            part_bytes_min: ending.part_bytes_min,
            acl: acl.transpose()?.and_then(AclSaid::own),
            conditions: self.write_conditions(&given)?,
            checksum: self.checksum_of_whole(&given)?,
            size: whole_size(&given)?,
            callback: self.callback_of(call, engine).await?,
        };
        let mut receipt = engine.complete_upload(&cx, request).await?;
        let (bucket, key) = (call.bucket()?.as_str(), call.key()?.as_str());
        let location = call.location(bucket, key);
        let mut headers = self.uploaded(&receipt.stored, &cx);
        put(&mut headers, LOCATION, &location);
        Ok(match receipt.callback.take() {
            Some(outcome) => Completion::Answered(answered(outcome, headers)?),
            None => Completion::Done(Box::new(Completed {
                headers,
                result: CompleteResult {
                    encoding_type: encoding.name(),
                    location,
                    bucket: bucket.to_owned(),
                    key: encoding.write(key),
                    etag: self.quoted(&receipt.stored.etag),
                    checksum: self
                        .checksum_body(receipt.stored.further.as_ref(), &receipt.stored.etag),
                },
                receipt,
            })),
        })
    }

    /// Reads a page of an upload's parts.
    pub(crate) async fn list_parts(&self, call: &Call, engine: &Engine) -> Result<PartPage, Fault> {
        let target = upload(call)?;
        let encoding = Encoding::of(call)?;
        let limit = page_size(call, "max-parts", self.parts_pages())?;
        let after = number(call, "part-number-marker")?.unwrap_or(0);
        let request = ListParts {
            target: target.clone(),
            after,
            limit,
        };
        let listing = engine.list_parts(&call.cx, request).await?;
        let last = listing.parts.last().map_or(0, |part| part.number);
        let owner = (self.bodies.initiators).then(|| Owner::of(&listing.owner));
        let told = PartsTold {
            encoding_type: encoding.name(),
            bucket: target.bucket.to_string(),
            key: encoding.write(target.key.as_str()),
            upload_id: target.upload.to_string(),
            part_number_marker: after,
            next_part_number_marker: listing.next.unwrap_or(last),
            max_parts: limit,
            is_truncated: listing.next.is_some(),
            initiator: owner.clone(),
            owner,
            storage_class: self.class_word(listing.class),
            checksum: self.checksum_line(listing.checksum),
        };
        Ok(PartPage { told, listing })
    }

    /// A part as a line of a list.
    pub(crate) fn part_line(&self, part: &PartSummary) -> PartLine {
        PartLine {
            part_number: part.number,
            last_modified: self.date(part.written_at),
            etag: self.quoted(&Etag::Md5(part.md5)),
            crc64: self.tells_parts_crc64.then(|| part.crc64.to_string()),
            size: part.size,
            checksum: self.checksum_members(part.further.as_ref()),
        }
    }
}

/// How long the whole object has to be, where the request says so.
fn whole_size(given: &Given<'_>) -> Result<Option<u64>, Fault> {
    const NAME: &str = "mp-object-size";
    let bad = || given.bad(NAME, "this is the number of bytes of the whole object");
    let size = given.own_text(NAME).map(str::parse);
    size.transpose().map_err(|_| bad())
}

/// Gives an upload up.
pub(crate) async fn abort_upload(call: Call, engine: &Engine) -> Result<Response<OutBody>, Fault> {
    engine.abort_upload(&call.cx, &upload(&call)?).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// A part as a body names it. Clients put quotes around an entity tag that has them already.
pub(crate) fn named_part(
    number: u32,
    etag: &str,
    checksum: Option<ChecksumValue>,
) -> Result<NamedPart, Fault> {
    if !(1..=PARTS_MAX).contains(&number) {
        return Err(bad_part_number());
    }
    Ok(NamedPart {
        number,
        etag: unquote(etag).trim_matches('"').into(),
        checksum,
    })
}
