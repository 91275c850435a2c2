//! `cohong scrub`: reads everything that is stored now, and waits for what that finds.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::args;
use super::client::Client;
use super::failure::Failure;
use super::output::{Output, text};

/// Between two looks at how far it has come.
const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn run(
    order: &args::Scrub,
    client: &Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    let mut order_json = json!({});
    if let Some(mib) = order.mib_per_s {
        order_json["mib_per_s"] = mib.into();
    }
    let begun = client.post("/scrub", &order_json).await?;
    let begun = &begun["now"]["begun_at"];
    let pass = loop {
        let seen = client.get("/scrub").await?;
        if seen["now"]["begun_at"] != *begun {
            break seen["last"].clone();
        }
        tokio::time::sleep(LOOK).await;
    };
    output.say(&pass, words)?;
    Ok(if pass["damaged"] == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn words(pass: &Value) -> String {
    let mut words = String::new();
    for what in pass["damage"].as_array().map_or(&[][..], Vec::as_slice) {
        // Writing to a string cannot fail.
        let _ = writeln!(words, "damaged: {}", what.as_str().unwrap_or_default());
    }
    let of = |name| text(pass, name);
    let read = format!(
        "read {} rows and {} files, {} bytes",
        of("rows"),
        of("blobs"),
        of("bytes")
    );
    let end = match pass["damaged"].as_u64() {
        Some(0) => "all is as it was written".to_owned(),
        _ => format!(
            "{} are not as they were written; `cohong doctor` says what to do",
            of("damaged")
        ),
    };
    words + &format!("{read}: {end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_named_before_the_sum() {
        let mut pass = json!({ "rows": 3, "blobs": 2, "bytes": 70, "damaged": 0, "damage": [] });
        assert_eq!(
            words(&pass),
            "read 3 rows and 2 files, 70 bytes: all is as it was written"
        );
        pass["damaged"] = 1.into();
        pass["damage"] = json!(["blob 7: stored bytes are damaged"]);
        assert!(words(&pass).starts_with("damaged: blob 7"));
        assert!(
            words(&pass)
                .ends_with("1 are not as they were written; `cohong doctor` says what to do")
        );
    }
}
