//! URLs without their secrets.

/// A URL without user information, query and fragment: what may be logged and kept.
pub fn redact(url: &str) -> Box<str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "(not a URL)".into();
    };
    let visible = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (authority, path) = visible.split_at(visible.find(['/', '\\']).unwrap_or(visible.len()));
    format!("{scheme}://{}{path}", host_of(authority)).into()
}

/// Whether this is, by its form, an absolute http or https URL that names a host.
pub fn is_web_address(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = host_of(authority);
    let clean = !url
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    web && clean && !host.is_empty() && !host.starts_with(':')
}

fn host_of(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_port_and_path_are_kept() {
        for (url, kept) in [
            ("http://app.example/cb", "http://app.example/cb"),
            ("https://app.example:8443", "https://app.example:8443"),
            (
                "http://user:pass@app.example/cb?token=1#x",
                "http://app.example/cb",
            ),
            ("http://user@pass@app.example?token=1", "http://app.example"),
            ("http://app.example/a@b?c", "http://app.example/a@b"),
            ("http://app.example#secret", "http://app.example"),
            ("http://u:p@[::1]:80/x", "http://[::1]:80/x"),
            ("secret", "(not a URL)"),
        ] {
            assert_eq!(&*redact(url), kept, "{url}");
        }
    }
}
