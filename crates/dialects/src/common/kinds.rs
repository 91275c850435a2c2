//! Objects that are not written as a whole: those that grow, and links. And those whose bytes have to be
//! restored before they are read.

use cohong_core::engine::{AppendObject, Attributes, Engine, NewVersion, PutSymlink, SymlinkInfo};
use cohong_core::model::{BucketName, LinkTarget, RestoreState};
use cohong_core::rules::restore::Accepted;
use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, Response, StatusCode};

use super::answer::{self, put, put_any};
use super::date;
use super::input::{digests, target};
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

type Answer = Result<Response<OutBody>, Fault>;

impl Vocabulary {
    /// Appends a piece to an object, or makes one of it. `acl` is the name of the header of its access
    /// control list.
    pub(crate) async fn append_object(&self, call: Call, engine: &Engine, acl: &str) -> Answer {
        let (stored, mut headers) = self.append(call, engine, acl, false).await?;
        let next = self.names.next_append.as_ref();
        put_any(&mut headers, next, &stored.size.to_string());
        Ok(answer::empty(StatusCode::OK, headers))
    }

    /// The same for whoever only `modifies` an object, whatever it was made by; gives what the object is then, and
    /// the headers that tell it.
    pub(crate) async fn append(
        &self,
        mut call: Call,
        engine: &Engine,
        acl: &str,
        modifies: bool,
    ) -> Result<(NewVersion, HeaderMap), Fault> {
        let position = self.position(&call)?;
        let given = self.given(&call)?;
        let cx = self.encrypting(&call, &given)?;
        let attributes = match position {
            0 if !modifies => self.attributes(&given, acl)?,
            // What the object carries was said with its first piece.
            _ => Attributes::default(),
        };
        let request = AppendObject {
            bucket: call.bucket()?.clone(),
            key: call.key()?.clone(),
            position,
            modifies,
            if_match: self.write_conditions(&given)?.if_match.filter(|_| modifies),
            attributes,
            digests: digests(&call)?,
        };
        let body = call.take_body();
        let stored = engine.append_object(&cx, request, body).await?;
        let headers = self.uploaded(&stored, &cx);
        Ok((stored, headers))
    }

    /// Where a piece goes.
    fn position(&self, call: &Call) -> Result<u64, Fault> {
        let name = self.append_at;
        let text = call.query(name).unwrap_or_default();
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let position = text.parse().ok().filter(|_| digits);
        position.ok_or_else(|| {
            let why = format!("{name} is the number of bytes that the object has");
            Fault::argument(name, text, why)
        })
    }

    /// Makes a link to the key that a header names, in `bucket` if it is another one. `acl` is as above.
    pub(crate) async fn put_symlink(
        &self,
        call: Call,
        engine: &Engine,
        bucket: Option<BucketName>,
        acl: &str,
    ) -> Answer {
        let given = self.given(&call)?;
        let bad = || {
            let why = "this header is the key that the link points at, percent-encoded";
            given.bad("symlink-target", why)
        };
        let to = given.own_text("symlink-target").ok_or_else(bad)?;
        let to = cohong_sign::decode(to)
            .ok()
            .and_then(|key| String::from_utf8(key).ok());
        let request = PutSymlink {
            bucket: call.bucket()?.clone(),
            key: call.key()?.clone(),
            to: LinkTarget {
                bucket,
                key: self.keys.read(&to.ok_or_else(bad)?)?,
            },
            attributes: self.attributes(&given, acl)?,
            conditions: self.write_conditions(&given)?,
        };
        let stored = engine.put_symlink(&call.cx, request).await?;
        let mut headers = HeaderMap::new();
        put(&mut headers, ETAG, &self.quoted(&stored.etag));
        self.put_version(&mut headers, stored.version);
        Ok(answer::empty(StatusCode::OK, headers))
    }

    /// The headers that say where a link points, but for the bucket.
    pub(crate) fn of_symlink(&self, link: &SymlinkInfo) -> HeaderMap {
        let mut headers = self.of_version(&link.info);
        let to = cohong_sign::encode(link.to.key.as_str().as_bytes());
        put_any(&mut headers, self.names.symlink_target.as_ref(), &to);
        put(&mut headers, ETAG, &self.quoted(&link.info.record.etag));
        put(
            &mut headers,
            LAST_MODIFIED,
            &date::http(link.info.written_at),
        );
        self.put_metadata(&mut headers, &link.info.record.user_meta);
        headers
    }

    /// Makes the bytes of an archived object readable for so many days: 202 when that was begun, 200 when
    /// they were and stay so for longer.
    pub(crate) async fn restore_object(&self, call: &Call, engine: &Engine, days: u32) -> Answer {
        let receipt = engine
            .restore_object(&call.cx, &target(call)?, days)
            .await?;
        let status = match receipt.accepted {
            Accepted::Begun => StatusCode::ACCEPTED,
            Accepted::Extended => StatusCode::OK,
        };
        let mut headers = HeaderMap::new();
        self.put_version(&mut headers, receipt.version);
        Ok(answer::empty(status, headers))
    }
}

/// What a restore has come to, in the words of the family.
pub(crate) fn restore_text(state: RestoreState) -> String {
    match state {
        RestoreState::Running => "ongoing-request=\"true\"".into(),
        RestoreState::Until(end) => {
            let end = date::http(end);
            format!("ongoing-request=\"false\", expiry-date=\"{end}\"")
        }
    }
}
