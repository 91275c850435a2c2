//! Lengths of time as people write them.

use std::time::Duration;

/// Reads `500ms`, `60s`, `15m`, `1h`, `7d`, or a number of seconds.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis_a_unit = match unit {
        "ms" => 1,
        "s" | "" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let millis = number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(millis_a_unit));
    match millis {
        Some(millis) if millis_a_unit > 0 => Ok(Duration::from_millis(millis)),
        _ => Err("write a number and ms, s, m, h or d, such as 90s".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        let cases = [
            ("500ms", 500),
            ("60s", 60_000),
            ("60", 60_000),
            ("15m", 900_000),
        ];
        let cases = cases
            .into_iter()
            .chain([("1h", 3_600_000), ("7d", 604_800_000), ("0s", 0)]);
        for (text, millis) in cases {
            assert_eq!(span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1.5h",
            "1w",
            "1 h",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
