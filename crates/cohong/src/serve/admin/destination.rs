//! Destinations as operators write them: `function:NAME`, `webhook:URL` or `sync:TASK`.

use cohong_core::model::{Destination, SyncTaskId};

use super::Admin;
use super::answer::Problem;

const HINT: &str = "write function:NAME, webhook:http://HOST:PORT/PATH or sync:TASK";

/// Reads what [`Destination::id`] shows. A function that is not registered is no error here.
pub(super) fn parse(text: &str) -> Result<Destination, Problem> {
    let wrong = || Problem::invalid(format!("{text:?} is not a destination")).hint(HINT);
    match text.split_once(':') {
        Some(("function", name)) if !name.is_empty() => Ok(Destination::Function(name.into())),
        Some(("sync", task)) => SyncTaskId::parse(task)
            .map(Destination::Sync)
            .ok_or_else(wrong),
        Some(("webhook", url)) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(Destination::Webhook(url.into()))
        }
        _ => Err(wrong()),
    }
}

/// A destination that can be sent to now: its function is registered. What a URL's address allows is
/// judged when it is called.
pub(super) async fn checked(admin: &Admin, text: &str) -> Result<Destination, Problem> {
    let destination = parse(text)?;
    if let Destination::Function(name) = &destination
        && admin.engine.function(name).await?.is_none()
    {
        return Err(
            Problem::not_found(format!("function {name} is not registered"))
                .hint("add it with `cohong function add NAME URL`"),
        );
    }
    Ok(destination)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_read_as_they_are_shown() {
        let good = [
            "function:resize",
            "function:a:b/c",
            "webhook:http://127.0.0.1:8080/hook",
            "sync:01234567-89ab-cdef-0123-456789abcdef",
        ];
        for text in good {
            assert_eq!(parse(text).expect("a destination").id(), text);
        }
        for text in [
            "",
            "resize",
            "function:",
            "webhook:ftp://x",
            "webhook:",
            "kafka:a=b",
            "sync:all",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
