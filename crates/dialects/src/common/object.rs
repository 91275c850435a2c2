//! Operations on objects whose requests and answers have no body of the vendor's: store, read, look at,
//! delete.

use std::ops::Range;

use cohong_core::engine::{
    Cx, DeleteObject, DeleteReceipt, Deletion, Engine, GetObject, ObjectInfo, ObjectReader,
    PutObject, RangeSpec,
};
use cohong_core::model::EventKind;
use cohong_core::ports::ByteStream;
use cohong_core::rules::range::resolve;
use cohong_core::{Error, ErrorKind};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_TYPE, EXPIRES,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer::{self, CONTENT_MD5, put};
use super::compress::{gzip, tell_compressed};
use super::conditions;
use super::input::{digests, part_number, read_conditions, target};
use super::limits::ONE_PIECE_BYTES_MAX;
use super::ordered::answered;
use super::range;
use super::vocabulary::Vocabulary;
use crate::gate::body::{collect, outbound};
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;
use crate::gate::{OutBody, full};

type Answer = Result<Response<OutBody>, Fault>;

impl Vocabulary {
    /// Stores an object. `acl` is the name of the header of its access control list.
    pub(crate) async fn put_object(&self, mut call: Call, engine: &Engine, acl: &str) -> Answer {
        let given = self.given(&call)?;
        let request = PutObject {
            bucket: call.bucket()?.clone(),
            key: call.key()?.clone(),
            attributes: self.attributes(&given, acl)?,
            conditions: self.write_conditions(&given)?,
            digests: digests(&call)?,
            size: None,
            callback: self.callback_of(&call, engine).await?,
            kind: EventKind::CreatedPut,
        };
        let cx = self.encrypting(&call, &given)?;
        let body = call.take_body();
        let receipt = engine.put_object(&cx, request, body).await?;
        let headers = self.uploaded(&receipt.stored, &cx);
        match receipt.callback {
            Some(outcome) => answered(outcome, headers),
            None => Ok(answer::empty(StatusCode::OK, headers)),
        }
    }

    /// Reads an object.
    pub(crate) async fn get_object(&self, call: &Call, engine: &Engine) -> Answer {
        let overrides = self.overrides(call)?;
        let given = self.given(call)?;
        let cx = self.opening(call, &given)?;
        let reader = self.open(call, &cx, &given, engine).await?;
        let mut headers = self.described(&reader.info, &cx);
        headers.extend(overrides);
        let size = reader.info.record.size;
        // The first part of nothing is all of it.
        let range = reader.range.as_ref().filter(|_| size > 0);
        let (status, len) = match range {
            None => {
                self.put_checksum(&mut headers, &given, &reader.info.record);
                (StatusCode::OK, size)
            }
            Some(range) => {
                // It would be taken for that of the bytes sent.
                headers.remove(CONTENT_MD5);
                let len = put_range(&mut headers, range, size);
                (StatusCode::PARTIAL_CONTENT, len)
            }
        };
        put(&mut headers, CONTENT_LENGTH, &len.to_string());
        let body = if self.compresses(&call.headers, &headers, len) {
            tell_compressed(&mut headers);
            outbound(gzip(reader.body))
        } else {
            body(reader.body, len).await?
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Opens the object that a read asks for.
    async fn open(
        &self,
        call: &Call,
        cx: &Cx,
        given: &Given<'_>,
        engine: &Engine,
    ) -> Result<ObjectReader, Fault> {
        let request = self.read_request(call, given)?;
        let opened = engine.get_object(cx, request.clone()).await;
        match opened {
            Err(error) if error.kind() == ErrorKind::InvalidRange && self.ignores_range(given) => {
                let whole = GetObject {
                    range: None,
                    ..request
                };
                Ok(engine.get_object(cx, whole).await?)
            }
            opened => Ok(opened?),
        }
    }

    fn ignores_range(&self, given: &Given<'_>) -> bool {
        self.lenient_ranges && !self.strict_range(given)
    }

    /// Whether a request of a lenient vendor insists on its range.
    fn strict_range(&self, given: &Given<'_>) -> bool {
        let standard = given.own("range-behavior");
        self.lenient_ranges && standard.is_some_and(|word| word.eq_ignore_ascii_case("standard"))
    }

    /// Says what a read would find.
    pub(crate) async fn head_object(&self, call: &Call, engine: &Engine) -> Answer {
        let (info, cx) = self.look(call, engine).await?;
        let mut headers = self.described(&info, &cx);
        let given = self.given(call)?;
        let size = info.record.size;
        let asked = given.get("range").filter(|_| self.ranges_in_heads);
        let part = info.part.map(|part| part.range);
        let asked = match (part, asked.and_then(range::parse)) {
            (Some(part), _) => Some(part).filter(|_| size > 0),
            (None, Some(spec)) => Some(resolve(spec, size).map_err(|kind| {
                Error::new(kind, "no byte of the object lies in the range").at_length(size)
            })?),
            (None, None) => None,
        };
        let Some(range) = asked else {
            self.put_checksum(&mut headers, &given, &info.record);
            put(&mut headers, CONTENT_LENGTH, &size.to_string());
            return Ok(answer::empty(StatusCode::OK, headers));
        };
        let len = put_range(&mut headers, &range, size);
        put(&mut headers, CONTENT_LENGTH, &len.to_string());
        Ok(answer::empty(StatusCode::PARTIAL_CONTENT, headers))
    }

    /// What a read would find, and the context that it was looked at in.
    pub(crate) async fn look(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<(ObjectInfo, Cx), Fault> {
        let given = self.given(call)?;
        let cx = self.opening(call, &given)?;
        let asked = self.read_request(call, &given)?;
        let request = GetObject {
            range: asked
                .range
                .filter(|range| matches!(range, RangeSpec::Part(_))),
            ..asked
        };
        let info = engine.head_object(&cx, request).await?;
        Ok((info, cx))
    }

    fn read_request(&self, call: &Call, given: &Given<'_>) -> Result<GetObject, Fault> {
        self.refuse_unkept(given)?;
        Ok(GetObject {
            target: target(call)?,
            range: self.range_asked(call, given)?,
            conditions: read_conditions(given)?,
        })
    }

    /// The bytes that a read asks for.
    fn range_asked(&self, call: &Call, given: &Given<'_>) -> Result<Option<RangeSpec>, Fault> {
        if self.reads_parts && call.query("partNumber").is_some() {
            if given.get("range").is_some() {
                return Err(Fault::TwoRanges);
            }
            return part_number(call).map(|number| Some(RangeSpec::Part(number)));
        }
        Ok(match given.get("range") {
            Some(text) if self.strict_range(given) => range::parse(text).or(Some(range::NOWHERE)),
            text => text.and_then(range::parse),
        })
    }

    /// Deletes an object; what does not exist is deleted already.
    pub(crate) async fn delete_object(&self, call: Call, engine: &Engine) -> Answer {
        let done = self.delete_object_by(&call, engine, Deletion::default());
        Ok(done.await?.0)
    }

    /// The same with what the request says of directories and of the trash; gives what it did beside.
    pub(crate) async fn delete_object_by(
        &self,
        call: &Call,
        engine: &Engine,
        how: Deletion,
    ) -> Result<(Response<OutBody>, DeleteReceipt), Fault> {
        let given = self.given(call)?;
        let tags = given.get("if-match").filter(|_| self.conditional_deletes);
        let if_match = tags.map(conditions::tags).transpose();
        let request = DeleteObject {
            target: target(call)?,
            how,
            if_match: if_match.map_err(|bad| Fault::argument("If-Match", "", bad.0))?,
        };
        let receipt = engine.delete_object(&call.cx, request).await?;
        let answer = answer::empty(StatusCode::NO_CONTENT, self.deletion(&receipt));
        Ok((answer, receipt))
    }

    fn deletion(&self, receipt: &DeleteReceipt) -> HeaderMap {
        let mut headers = HeaderMap::new();
        match receipt.version {
            Some(version) if receipt.marker => headers = self.deleted(version),
            Some(version) => self.put_version(&mut headers, version),
            None => {}
        }
        headers
    }

    /// Headers of the answer that the query replaces. Not for anonymous readers: a link to somebody
    /// else's object must not change how browsers treat it.
    fn overrides(&self, call: &Call) -> Result<HeaderMap, Fault> {
        let known = [
            ("response-cache-control", CACHE_CONTROL),
            ("response-content-disposition", CONTENT_DISPOSITION),
            ("response-content-encoding", CONTENT_ENCODING),
            ("response-content-language", CONTENT_LANGUAGE),
            ("response-content-type", CONTENT_TYPE),
            ("response-expires", EXPIRES),
        ];
        let mut headers = HeaderMap::new();
        for (parameter, header) in known {
            let Some(value) = call.query(parameter).filter(|value| !value.is_empty()) else {
                continue;
            };
            let bad = |why: &str| Fault::argument(parameter, value, format!("{parameter} {why}"));
            if call.cx.principal.account().is_none() {
                return Err(bad("needs a signed request"));
            }
            let value = if header == CONTENT_DISPOSITION {
                (self.disposition)(value)
            } else {
                value.to_owned()
            };
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| bad("holds what no header can hold"))?;
            headers.insert(header, value);
        }
        Ok(headers)
    }
}

/// Says which bytes an answer is about, and gives their number.
fn put_range(headers: &mut HeaderMap, range: &Range<u64>, size: u64) -> u64 {
    let last = range.end.saturating_sub(1);
    let text = format!("bytes {}-{last}/{size}", range.start);
    put(headers, CONTENT_RANGE, &text);
    range.end.saturating_sub(range.start)
}

/// A small body leaves in one piece, so that head and body are one write.
async fn body(stream: ByteStream, len: u64) -> Result<OutBody, Fault> {
    if len > ONE_PIECE_BYTES_MAX {
        return Ok(outbound(stream));
    }
    let limit = usize::try_from(len).unwrap_or(usize::MAX);
    let bytes = collect(stream, limit).await.map_err(|error| match error {
        Some(error) => Error::from(error),
        None => Error::new(
            ErrorKind::Internal,
            "the stored object is longer than its record says",
        ),
    })?;
    Ok(full(StatusCode::OK, bytes).into_body())
}
