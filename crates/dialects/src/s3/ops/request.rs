//! What every request may say beside its operation: whose bucket it means, how its body is framed, and
//! which checksum the body has (sheet sections 3, 4 and 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::engine::{Body, Engine, FurtherDigest, LateChecksum};
use cohong_core::ports::BodyError;
use cohong_core::{Error, ErrorKind};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode};

use crate::common::attributes::boolean;
use crate::gate::call::Call;
use crate::gate::chunked::{Chunked, Trailer, decode};
use crate::gate::fault::Fault;
use crate::gate::given::Given;
use crate::s3::error::S3Error;
use crate::s3::route::Op;
use crate::s3::words::S3;

/// The content coding of the vendor's own framing.
const AWS_CHUNKED: &str = "aws-chunked";
/// Says how long a body in chunks is without them.
const DECODED_LENGTH: &str = "decoded-content-length";

/// Says where the signature of what follows the last chunk stands.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// Judges and takes in what does not depend on the operation.
pub(super) async fn prepare(call: &mut Call, op: Op, engine: &Engine) -> Result<(), S3Error> {
    owned_as_expected(call, engine).await?;
    let stores = matches!(op, Op::PutObject | Op::UploadPart);
    if stores && !call.headers.contains_key(TRANSFER_ENCODING) {
        let length = call.headers.get(CONTENT_LENGTH);
        length.ok_or_else(S3Error::missing_length)?;
    }
    refuse_unkept(&S3.given(call)?, op)?;
    call.cx.bypasses = bypasses(&S3.given(call)?)?;
    let late = late(call)?;
    // What completes an upload names the checksum of the object, not of its body.
    call.further = match op {
        Op::CompleteMultipartUpload => None,
        _ => further(call, late.as_ref(), stores)?,
    };
    unframe(call, late, stores)?;
    strip_framing(call);
    Ok(())
}

/// Refuses what changes the meaning of a write and is not done here (sheet, traps 16 and 17).
fn refuse_unkept(given: &Given<'_>, op: Op) -> Result<(), Fault> {
    let writes = [
        Op::PutObject,
        Op::CopyObject,
        Op::CreateMultipartUpload,
        Op::CompleteMultipartUpload,
    ];
    if writes.contains(&op)
        && given
            .get("if-none-match")
            .is_some_and(|tag| tag.trim() != "*")
    {
        return Err(Fault::NotServed("If-None-Match".into()));
    }
    // Conditions and moves of directory buckets.
    let others = [
        "if-match-last-modified-time",
        "if-match-size",
        "rename-source",
    ];
    match others.into_iter().find(|name| given.own(name).is_some()) {
        Some(name) => Err(Fault::NotServed(given.name(name).into())),
        None => Ok(()),
    }
}

/// Whether the request asks to pass over what keeps versions.
fn bypasses(given: &Given<'_>) -> Result<bool, Fault> {
    const NAME: &str = "bypass-governance-retention";
    let said = given.own_text(NAME);
    said.map_or(Ok(false), |word| boolean(&given.name(NAME), word))
}

/// The checksum that a request says will follow its body.
fn late(call: &Call) -> Result<Option<LateChecksum>, S3Error> {
    let given = S3.given(call)?;
    let Some(name) = given.own_text("trailer") else {
        return Ok(None);
    };
    if call.framing.as_ref().is_none_or(|framing| !framing.trailer) {
        let why = "x-amz-trailer needs a body in chunks with a trailer";
        return Err(Fault::Checksum(why.into()).into());
    }
    let algorithm = S3.checksum_of_header(&name.trim().to_ascii_lowercase());
    let why = "the trailer is one checksum that this server computes";
    let algorithm = algorithm.ok_or_else(|| given.bad("trailer", why))?;
    Ok(Some(LateChecksum::new(algorithm)))
}

/// The checksum to compute of the body. What the SDK says it is must be what it is (sheet section 4).
fn further(
    call: &Call,
    late: Option<&LateChecksum>,
    stores: bool,
) -> Result<Option<FurtherDigest>, S3Error> {
    let bad = |why: &'static str| S3Error::from(Fault::Checksum(why.into()));
    let given = S3.given(call)?;
    let sent = S3.checksum_sent(&given)?.map(FurtherDigest::Sent);
    let late = late.cloned().map(FurtherDigest::Late);
    if sent.is_some() && late.is_some() {
        return Err(bad(
            "a checksum stands in a header or in the trailer, not in both",
        ));
    }
    let found = sent.or(late);
    let named = given.own_text("sdk-checksum-algorithm");
    if let Some(word) = named.filter(|_| stores)
        && (found.is_none()
            || found.as_ref().map(FurtherDigest::algorithm) != S3.checksum_of_word(word))
    {
        return Err(bad(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
             headers were found.",
        ));
    }
    let usual = S3.usual_checksum.filter(|_| stores);
    Ok(found.or(usual.map(FurtherDigest::Compute)))
}

/// Refuses a request about a bucket that is not whose the client thinks.
async fn owned_as_expected(call: &Call, engine: &Engine) -> Result<(), S3Error> {
    let given = S3.given(call)?;
    let Some(expected) = given.own_text("expected-bucket-owner") else {
        return Ok(());
    };
    let owner = match &call.bucket {
        Some(bucket) => engine.bucket_owner(bucket).await?,
        None => None,
    };
    match owner {
        Some(owner) if &*owner.0 != expected => Err(S3Error::of(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "the bucket belongs to another account than the one expected",
        )),
        _ => Ok(()),
    }
}

/// Takes the body out of the vendor's own framing.
fn unframe(call: &mut Call, late: Option<LateChecksum>, stores: bool) -> Result<(), S3Error> {
    let Some(framing) = call.framing.take() else {
        return Ok(());
    };
    if !stores {
        let why = "only objects and parts are sent in chunks";
        return Err(S3Error::bad("InvalidRequest", why));
    }
    let given = S3.given(call)?;
    let length = given.own_text(DECODED_LENGTH);
    let length = length.ok_or_else(S3Error::missing_length)?;
    let bad = |_| given.bad(DECODED_LENGTH, "this is the number of bytes of the body");
    let length: u64 = length.parse().map_err(bad)?;
    let names = given.own_text("trailer").into_iter();
    let trailer = Trailer {
        names: names.map(|name| name.trim().to_ascii_lowercase()).collect(),
        signature: TRAILER_SIGNATURE,
    };
    let form = Chunked {
        length,
        signer: framing.signer,
        trailer: framing.trailer.then_some(trailer),
    };
    let take = move |_: &str, value: &str| match &late {
        Some(late) if !filled(late, value) => Err(BodyError::Refused(Error::new(
            ErrorKind::InvalidTrailer,
            "the trailer is not the Base64 of such a checksum",
        ))),
        _ => Ok(()),
    };
    let framed = call.take_body();
    call.set_body(Body {
        stream: decode(framed.stream, form, take),
        len: Some(length),
    });
    Ok(())
}

fn filled(late: &LateChecksum, text: &str) -> bool {
    let bytes = STANDARD.decode(text.trim());
    bytes.is_ok_and(|bytes| late.fill(&bytes))
}

/// The framing is gone once the body is stored (sheet, trap 2).
fn strip_framing(call: &mut Call) {
    let Some(given) = call.headers.get(CONTENT_ENCODING) else {
        return;
    };
    let Ok(text) = given.to_str() else {
        return;
    };
    let codings = text.split(',').map(str::trim);
    let kept: Vec<&str> = codings
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(AWS_CHUNKED))
        .collect();
    match HeaderValue::try_from(kept.join(",")) {
        Ok(rest) if !rest.is_empty() => {
            call.headers.insert(CONTENT_ENCODING, rest);
        }
        _ => {
            call.headers.remove(CONTENT_ENCODING);
        }
    }
}
