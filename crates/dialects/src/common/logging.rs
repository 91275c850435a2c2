//! Which logs of its requests a bucket has.

use cohong_core::engine::{BucketChange, Engine};
use cohong_core::model::DialectId;
use cohong_core::rules::access::Action;
use http::{HeaderMap, Response};

use super::document::read;
use super::settings::{change_bucket, read_bucket};
use super::vocabulary::Vocabulary;
use super::wire::logging::{LOGGING, LoggingBody};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

impl Vocabulary {
    /// Has logs written in the words of this dialect; an empty body ends that.
    pub(crate) async fn put_logging(
        &self,
        mut call: Call,
        engine: &Engine,
        via: DialectId,
    ) -> Result<Response<OutBody>, Fault> {
        let body: LoggingBody = read(&mut call, LOGGING).await?;
        let change = BucketChange::AccessLog(body.read(via)?);
        change_bucket(call, engine, change).await
    }

    /// Tells which logs there are: an empty root where there are none.
    pub(crate) async fn get_logging(
        &self,
        call: Call,
        engine: &Engine,
    ) -> Result<Response<OutBody>, Fault> {
        let bucket = read_bucket(&call, engine, Action::ReadAccessLog).await?;
        let body = LoggingBody::new(bucket.access_log.as_ref());
        Ok(self.answer(HeaderMap::new(), LOGGING, &body))
    }
}
