//! Statistics of sync tasks (sheet section 4.8).

use cohong_core::model::Timestamp;
use http::StatusCode;

use super::sync::task;
use super::{Answer, Call, json};
use crate::oms::Oms;
use crate::oms::error::OmsError;
use crate::oms::limits::STATISTIC_SPANS_MAX;
use crate::oms::wire::statistic::{DataType, Statistics, span_for};

/// `ListSyncTaskStatistic`.
pub(super) async fn list(call: Call, oms: &Oms) -> Answer {
    let types = DataType::list(call.query.needed_text("data_type")?)?;
    let from = call.query.needed_moment("start_time")?;
    let upto = call.query.needed_moment("end_time")?;
    if from > upto {
        return Err(OmsError::value("start_time is after end_time"));
    }
    let id = task(&call)?;
    let span = span_for(from, upto);
    let time = (Timestamp::from_millis(from), Timestamp::from_millis(upto));
    let counts = oms
        .engine
        .sync_counts(&call.cx, id, time, span, STATISTIC_SPANS_MAX)
        .await?;
    let shown = Statistics::new(id.to_string(), span, &types, &counts);
    Ok(json(StatusCode::OK, &shown))
}
