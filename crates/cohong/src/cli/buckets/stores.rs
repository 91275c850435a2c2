//! The store that a command speaks to.

use std::sync::Arc;

use cohong_core::engine::Secret;
use cohong_core::ports::SourceCredentials;
use cohong_egress::policy::{Given, Policy, Profile};
use cohong_egress::{Http, HttpLimits, Reader, SourceReaders, Speech, Store, SystemResolver};

use super::trouble::Trouble;
use crate::cli::args::buckets::Store as Typed;
use crate::cli::args::{Common, Style};
use crate::cli::failure::Failure;
use crate::serve::SystemClock;

/// Opens buckets at one address as who a key says.
pub(super) struct Stores {
    readers: SourceReaders,
    endpoint: String,
    region: Option<String>,
    style: Option<Style>,
    with: SourceCredentials,
}

impl Stores {
    pub(super) fn new(common: &Common, typed: &Typed) -> Result<Self, Failure> {
        let key = common.key.as_deref().ok_or_else(|| {
            Failure::usage("a key is needed: buckets belong to accounts")
                .hint("add --key ACCESS:SECRET or set COHONG_KEY; `cohong key create` makes one")
        })?;
        let (access, secret) = key
            .split_once(':')
            .ok_or_else(|| Failure::usage("--key is ACCESS:SECRET, with a colon between them"))?;
        // Whoever types a command may call what it names.
        let policy = Policy::new(Profile::Dev, Vec::new(), Vec::new());
        let resolver = Arc::new(SystemResolver::default());
        let http = Http::new(policy, resolver, HttpLimits::default());
        let http = http.map_err(|error| Failure::new(error.to_string()))?;
        let clock = Arc::new(SystemClock::new());
        Ok(Self {
            readers: SourceReaders::new(Arc::new(http), clock),
            endpoint: typed.endpoint.trim_end_matches('/').to_owned(),
            region: typed.region.clone(),
            style: typed.style,
            with: SourceCredentials {
                access: access.into(),
                secret: Secret::new(secret),
                token: typed.token.as_deref().map(Secret::new),
            },
        })
    }

    /// A bucket, or the store itself where the name is empty. Contacts nobody.
    pub(super) fn open(&self, speech: Speech, bucket: &str) -> Result<Arc<Reader>, Failure> {
        let (endpoint, path_style) = self.address(speech)?;
        let region = self.region.as_deref().unwrap_or(match speech {
            Speech::Tos => "cn-beijing",
            Speech::Oss => "cn-hangzhou",
            _ => "us-east-1",
        });
        let store = Store {
            speech,
            endpoint: endpoint.into(),
            path_style,
            signing_region: Some(region.into()),
            given: Given::ByOperator,
        };
        let opened = self.readers.bucket(store, region, bucket, &self.with);
        let opened = opened.map_err(|fault| Trouble::from(fault).failure(&self.endpoint))?;
        Ok(Arc::new(opened))
    }

    /// The endpoint, and whether buckets stand in paths. One vendor has them in host names only: this machine has
    /// such names without anybody's help.
    fn address(&self, speech: Speech) -> Result<(String, bool), Failure> {
        let wrong = || {
            Failure::usage(format!("{} is no address of a store", self.endpoint))
                .hint("write --endpoint http://HOST:PORT or https://HOST")
        };
        let url: http::Uri = self.endpoint.parse().map_err(|_| wrong())?;
        let known = matches!(url.scheme_str(), Some("http" | "https"));
        let host = url.host().filter(|_| known).ok_or_else(wrong)?;
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let near = host == "localhost" || address.as_ref().is_ok_and(std::net::IpAddr::is_loopback);
        if self.style == Some(Style::Path) || (self.style.is_none() && speech != Speech::Tos) {
            let by_path = self.style.is_some() || near || address.is_ok();
            return Ok((self.endpoint.clone(), by_path));
        }
        match address {
            Ok(_) if near => {
                let named = self.endpoint.replacen(host, "localhost", 1);
                Ok((named, false))
            }
            Ok(_) => Err(Failure::usage(format!(
                "buckets cannot stand in front of the address {host}"
            ))
            .hint("give the server a name and write that to --endpoint, or speak s3:// to it")),
            Err(_) => Ok((self.endpoint.clone(), false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(
        endpoint: &str,
        speech: Speech,
        style: Option<Style>,
    ) -> Result<(String, bool), Failure> {
        let typed = Typed {
            endpoint: endpoint.into(),
            region: None,
            style,
            token: None,
        };
        let common = Common {
            key: Some("AK:SK".into()),
            ..Common::default()
        };
        Stores::new(&common, &typed)?.address(speech)
    }

    #[test]
    fn buckets_stand_where_they_can_be_found() {
        let (path, host) = (Some(Style::Path), Some(Style::Virtual));
        let here = "http://127.0.0.1:9000";
        let table = [
            (here, Speech::S3, None, here, true),
            (here, Speech::Tos, None, "http://localhost:9000", false),
            (here, Speech::Oss, host, "http://localhost:9000", false),
            (
                "http://[::1]:1",
                Speech::Tos,
                None,
                "http://localhost:1",
                false,
            ),
            (
                "http://10.0.0.1",
                Speech::Oss,
                None,
                "http://10.0.0.1",
                true,
            ),
            (
                "http://localhost:1",
                Speech::S3,
                None,
                "http://localhost:1",
                true,
            ),
            (
                "https://s.example",
                Speech::S3,
                None,
                "https://s.example",
                false,
            ),
            (
                "https://s.example",
                Speech::S3,
                path,
                "https://s.example",
                true,
            ),
            (
                "https://s.example",
                Speech::Tos,
                None,
                "https://s.example",
                false,
            ),
        ];
        for (endpoint, speech, style, wanted, by_path) in table {
            let found = address(endpoint, speech, style).expect(endpoint);
            assert_eq!(found, (wanted.to_owned(), by_path), "{endpoint} {speech:?}");
        }
        let wrong = [
            ("h:9000", Speech::S3),
            ("ftp://h", Speech::S3),
            ("http://10.0.0.1", Speech::Tos),
        ];
        for (endpoint, speech) in wrong {
            assert_eq!(address(endpoint, speech, None).expect_err(endpoint).code, 2);
        }
    }
}
