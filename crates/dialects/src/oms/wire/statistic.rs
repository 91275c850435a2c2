//! Statistics of a task (sheet section 4.8).

use cohong_core::engine::SyncSpan;
use cohong_core::model::{SyncCounts, Timestamp};
use serde::Serialize;

use crate::oms::error::OmsError;
use crate::oms::limits::SHORT_SPANS_MS_MAX;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum DataType {
    /// Requests that were accepted.
    Request,
    /// Requests that brought an object.
    Success,
    /// Requests that failed.
    Failure,
    /// Requests for which there was nothing to do.
    Skip,
    /// Bytes brought.
    Size,
}

impl DataType {
    /// Reads a list with commas between; each word once.
    pub(crate) fn list(text: &str) -> Result<Vec<Self>, OmsError> {
        let mut types = Vec::new();
        for word in text.split(',') {
            let known = match word {
                "REQUEST" => Self::Request,
                "SUCCESS" => Self::Success,
                "FAILURE" => Self::Failure,
                "SKIP" => Self::Skip,
                "SIZE" => Self::Size,
                _ => {
                    let message = "data_type lists REQUEST, SUCCESS, FAILURE, SKIP and SIZE";
                    return Err(OmsError::value(message));
                }
            };
            if !types.contains(&known) {
                types.push(known);
            }
        }
        Ok(types)
    }

    fn of(self, counts: SyncCounts) -> u64 {
        match self {
            Self::Request => counts.requests,
            Self::Success => counts.success,
            Self::Failure => counts.failure,
            Self::Skip => counts.skip,
            Self::Size => counts.bytes,
        }
    }
}

/// The spans that a time is told of in: short ones for up to a day.
pub(crate) fn span_for(from: u64, upto: u64) -> SyncSpan {
    if upto.saturating_sub(from) <= SHORT_SPANS_MS_MAX {
        SyncSpan::FiveMinutes
    } else {
        SyncSpan::Hour
    }
}

/// The answer.
#[derive(Serialize)]
pub(crate) struct Statistics {
    sync_task_id: String,
    statistic_time_type: &'static str,
    statistic_datas: Vec<Datas>,
}

#[derive(Serialize)]
struct Datas {
    data_type: DataType,
    data: Vec<Data>,
}

#[derive(Serialize)]
struct Data {
    time_stamp: u64,
    statistic_num: u64,
}

impl Statistics {
    /// One list for each type, in the order asked, without empty spans.
    pub(crate) fn new(
        sync_task_id: String,
        span: SyncSpan,
        types: &[DataType],
        counts: &[(Timestamp, SyncCounts)],
    ) -> Self {
        let data = |of: DataType| {
            let numbers = counts.iter().map(|(start, counts)| Data {
                time_stamp: start.millis(),
                statistic_num: of.of(*counts),
            });
            numbers.filter(|data| data.statistic_num > 0).collect()
        };
        let datas = types.iter().map(|of| Datas {
            data_type: *of,
            data: data(*of),
        });
        Self {
            sync_task_id,
            statistic_time_type: match span {
                SyncSpan::FiveMinutes => "FIVE_MINUTES",
                SyncSpan::Hour => "ONE_HOUR",
            },
            statistic_datas: datas.collect(),
        }
    }
}
