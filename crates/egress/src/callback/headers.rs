//! The headers of a call.

use cohong_core::ports::CallbackRequest;
use http::header::{CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers in the order of who wins last: those the uploader added, those of its dialect, and those that
/// the order itself names.
pub(super) fn written(
    call: &CallbackRequest,
    own: &[(&'static str, String)],
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        put(&mut headers, name, value)?;
    }
    for (name, value) in own {
        put(&mut headers, name, value)?;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(call.content_type));
    if let Some(host) = &call.host {
        headers.insert(HOST, host_value(host)?);
    }
    Ok(headers)
}

fn put(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), String> {
    let name = HeaderName::from_bytes(name.as_bytes());
    let value = HeaderValue::from_bytes(value.as_bytes());
    let (Ok(name), Ok(value)) = (name, value) else {
        return Err("a header of the call has a name or a value that none can have".to_owned());
    };
    headers.insert(name, value);
    Ok(())
}

/// `host` or `host:port`, as a `Host` header holds it.
pub(super) fn host_value(host: &str) -> Result<HeaderValue, String> {
    let authority = host.parse::<Authority>().ok().filter(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        let port_fits = port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some());
        port_fits && !authority.host().is_empty() && !host.contains('@')
    });
    authority
        .and_then(|_| HeaderValue::from_str(host).ok())
        .ok_or_else(|| {
            "the callback host is not a host name or address with an optional port; write it like \
         app.example.com:8080"
                .to_owned()
        })
}
