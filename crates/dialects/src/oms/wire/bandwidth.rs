//! Bandwidth policies (sheet section 6.1). Times are those of UTC; the end belongs to the span.

use cohong_core::model::BandwidthSpan;
use serde::Serialize;

use super::fields::Fields;
use crate::oms::error::OmsError;
use crate::oms::limits::{BANDWIDTH_MAX, BANDWIDTH_MIN, BANDWIDTH_SPANS_MAX, TEXT_CHARS_MAX};

const NAME: &str = "bandwidth_policy";

/// A span as it is shown.
#[derive(Serialize)]
pub(crate) struct Span {
    start: String,
    end: String,
    max_bandwidth: u64,
}

impl From<&BandwidthSpan> for Span {
    fn from(span: &BandwidthSpan) -> Self {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            start: time(span.first_minute),
            end: time(span.last_minute),
            max_bandwidth: span.bytes_per_s,
        }
    }
}

/// Reads a policy; `None` when there is none.
pub(crate) fn read(fields: &Fields) -> Result<Option<Vec<BandwidthSpan>>, OmsError> {
    let Some(list) = fields.list(NAME)? else {
        return Ok(None);
    };
    if list.len() > BANDWIDTH_SPANS_MAX {
        let message = format!("{NAME} has at most {BANDWIDTH_SPANS_MAX} elements");
        return Err(OmsError::bad("OMS.0083", message));
    }
    let spans = list.iter().map(|element| span(&Fields::of(NAME, element)?));
    let spans: Vec<BandwidthSpan> = spans.collect::<Result<_, _>>()?;
    let meet = |one: &BandwidthSpan, other: &BandwidthSpan| {
        one.first_minute <= other.last_minute && other.first_minute <= one.last_minute
    };
    let overlaps = |(n, one)| spans[..n].iter().any(|other| meet(one, other));
    if spans.iter().enumerate().any(overlaps) {
        let message = format!("two elements of {NAME} have minutes in common");
        return Err(OmsError::bad("OMS.0085", message));
    }
    Ok(Some(spans))
}

/// As [`read`], where there has to be one; it may be empty, for no limit.
pub(crate) fn needed(fields: &Fields) -> Result<Vec<BandwidthSpan>, OmsError> {
    read(fields)?.ok_or_else(|| OmsError::missing(NAME))
}

fn span(fields: &Fields) -> Result<BandwidthSpan, OmsError> {
    let minute = |name| {
        let text = fields.needed(name, TEXT_CHARS_MAX)?;
        minute(text).ok_or_else(|| times(format!("{name} is a time of day, hh:mm")))
    };
    let (first_minute, last_minute) = (minute("start")?, minute("end")?);
    if first_minute > last_minute {
        return Err(times(
            "start is not after end; midnight parts two spans".into(),
        ));
    }
    let bytes_per_s = fields.needed_number("max_bandwidth", &(0..=u64::MAX))?;
    if !(BANDWIDTH_MIN..=BANDWIDTH_MAX).contains(&bytes_per_s) {
        let message = format!("max_bandwidth is between {BANDWIDTH_MIN} and {BANDWIDTH_MAX}");
        return Err(OmsError::bad("OMS.0084", message));
    }
    Ok(BandwidthSpan {
        first_minute,
        last_minute,
        bytes_per_s,
    })
}

fn times(message: String) -> OmsError {
    OmsError::bad("OMS.0087", message)
}

/// The minute of the day in `hh:mm`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, below: u16| -> Option<u16> {
        let two = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| two)?;
        Some(number).filter(|number| *number < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(policy: &Value) -> Result<Option<Vec<BandwidthSpan>>, &'static str> {
        let body = json!({ NAME: policy }).to_string();
        let fields = Fields::read(body.as_bytes()).expect("an object");
        read(&fields).map_err(|error| error.code)
    }

    #[test]
    fn policies_are_read_or_refused() {
        let span = |start: &str, end: &str, rate: u64| json!({ "start": start, "end": end, "max_bandwidth": rate });
        let least = 1_048_576;
        let table = [
            (json!(null), Ok(None)),
            (json!([]), Ok(Some(0))),
            (json!([span("00:00", "23:59", 209_715_200)]), Ok(Some(1))),
            (json!([span("12:03", "12:03", least)]), Ok(Some(1))),
            (
                json!([span("08:00", "08:59", least), span("09:00", "10:00", least)]),
                Ok(Some(2)),
            ),
            (
                json!([span("08:00", "09:00", least), span("09:00", "10:00", least)]),
                Err("OMS.0085"),
            ),
            (
                json!(vec![span("08:00", "08:00", least); 6]),
                Err("OMS.0083"),
            ),
            (json!([span("08:00", "07:59", least)]), Err("OMS.0087")),
            (json!([span("24:00", "24:01", least)]), Err("OMS.0087")),
            (json!([span("8:00", "09:00", least)]), Err("OMS.0087")),
            (json!([span("08:60", "09:00", least)]), Err("OMS.0087")),
            (json!([span("08:0+", "09:00", least)]), Err("OMS.0087")),
            (json!([span("08:00", "09:00", least - 1)]), Err("OMS.0084")),
            (
                json!([span("08:00", "09:00", 209_715_201)]),
                Err("OMS.0084"),
            ),
            (
                json!([{ "start": "08:00", "end": "09:00" }]),
                Err("OMS.1004"),
            ),
            (
                json!([{ "start": 8, "end": "09:00", "max_bandwidth": least }]),
                Err("OMS.1010"),
            ),
            (json!(["08:00"]), Err("OMS.1010")),
            (json!({}), Err("OMS.1010")),
        ];
        for (policy, wanted) in table {
            let found = told(&policy).map(|spans| spans.map(|spans| spans.len()));
            assert_eq!(found, wanted, "{policy}");
        }
    }

    #[test]
    fn a_policy_is_shown_as_it_was_said() {
        let said = json!([{ "start": "00:07", "end": "23:59", "max_bandwidth": 1_048_576 }]);
        let spans = told(&said).expect("a policy").expect("one");
        let shown: Vec<Span> = spans.iter().map(Span::from).collect();
        assert_eq!(json!(shown), said);
        assert_eq!((spans[0].first_minute, spans[0].last_minute), (7, 1439));
    }
}
