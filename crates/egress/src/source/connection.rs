//! Connection strings of Azure, which clients give instead of an account and its key.

use cohong_core::engine::Secret;
use cohong_core::ports::SourceCredentials;

/// Account and key, where there is no account yet and the secret is a connection string. Where its endpoint
/// leads is not looked at: where stores are is not for whoever asks to say.
pub(super) fn credentials(with: &SourceCredentials) -> SourceCredentials {
    let text = with.secret.expose();
    let member = |wanted: &str| {
        let mut members = text.split(';').filter_map(|member| member.split_once('='));
        members
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
    };
    match (member("AccountName"), member("AccountKey")) {
        (Some(account), Some(key)) if with.access.is_empty() => SourceCredentials {
            access: account.into(),
            secret: Secret::new(key),
            token: None,
        },
        _ => with.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_names_account_and_key() {
        let string = "DefaultEndpointsProtocol=https;AccountName=box;AccountKey=a2V5PQ==;\
                      BlobEndpoint=http://10.0.0.1/x";
        let with = |access: &str, secret: &str| {
            let with = SourceCredentials {
                access: access.into(),
                secret: Secret::new(secret),
                token: None,
            };
            let found = credentials(&with);
            (found.access.to_string(), found.secret.expose().to_owned())
        };
        let pair = |access: &str, secret: &str| (access.to_owned(), secret.to_owned());
        assert_eq!(with("", string), pair("box", "a2V5PQ=="));
        assert_eq!(with("mine", string), pair("mine", string));
        assert_eq!(with("", "AccountName=box"), pair("", "AccountName=box"));
        assert_eq!(with("box", "a2V5"), pair("box", "a2V5"));
    }
}
