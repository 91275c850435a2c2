//! Where a service is, and the client that asks it.

use std::time::{SystemTime, UNIX_EPOCH};

use cohong_sign::Timestamp;
use url::Url;

use super::error::{ConnectionError, ValueError};
use super::limits::{CONNECT_MAX, IDLE_MAX};

/// The HTTP client of one service. Proxies of the environment are not used and redirects not followed.
pub(crate) fn client() -> Result<reqwest::Client, ConnectionError> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(concat!("cohong-client/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| ConnectionError::of("there can be no client", error))
}

/// Scheme, host and port of an endpoint. Without a scheme it is `scheme`, or `https` with port 443.
pub(crate) fn origin(endpoint: &str, scheme: &str) -> Result<Url, ValueError> {
    let wrong = || {
        let text = format!("{endpoint:?} is no endpoint: write http://host:port");
        ValueError::new(text)
    };
    let whole = match endpoint {
        given if given.contains("://") => given.to_owned(),
        host if host.ends_with(":443") => format!("https://{host}"),
        host => format!("{scheme}://{host}"),
    };
    let url = Url::parse(&whole).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    let more = url.password().is_some() || url.fragment().is_some();
    if !matches!(url.scheme(), "http" | "https") || !bare || more {
        return Err(wrong());
    }
    Ok(url)
}

/// The time of signing.
pub(crate) fn now() -> Result<Timestamp, ValueError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let seconds = since.and_then(|since| i64::try_from(since.as_secs()).ok());
    let time = seconds.and_then(Timestamp::from_unix);
    time.ok_or_else(|| ValueError::new("this machine's clock is far off; set it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let table = [
            ("http://127.0.0.1:9000", Some("http://127.0.0.1:9000")),
            ("http://127.0.0.1:9000/", Some("http://127.0.0.1:9000")),
            ("https://h", Some("https://h")),
            (
                "cn-hangzhou.oas.aliyuncs.com",
                Some("http://cn-hangzhou.oas.aliyuncs.com"),
            ),
            ("h:443", Some("https://h")),
            ("h:9000", Some("http://h:9000")),
            ("[::1]:9000", Some("http://[::1]:9000")),
            ("", None),
            ("ftp://h", None),
            ("http://h/path", None),
            ("http://h/?q", None),
            ("http://h/#f", None),
            ("http://user:word@h", None),
            ("http://", None),
        ];
        for (given, wanted) in table {
            let found = origin(given, "http").ok();
            let found = found.map(|url| url.origin().ascii_serialization());
            assert_eq!(found.as_deref(), wanted, "{given}");
        }
        let secure = origin("tos-cn-beijing.volces.com", "https").expect("an endpoint");
        assert_eq!(secure.scheme(), "https");
    }
}
