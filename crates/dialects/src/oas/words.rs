//! The vendor's words and ours, both ways.

use cohong_core::model::{JobKind, VaultName};

use super::error::OasError;
use super::limits::VAULT_NAME_BYTES;

/// Domains under which the vendor served, a region in front of each (sheet section 1).
pub(super) const DOMAINS: [&str; 2] = [".oas.aliyuncs.com", ".oas-internal.aliyuncs.com"];

/// What a job does, where it is made (sheet section 4.14) and where it is told of (section 4.16).
pub(super) const RETRIEVAL: (&str, &str) = ("archive-retrieval", "ArchiveRetrieval");
/// As [`RETRIEVAL`].
pub(super) const INVENTORY: (&str, &str) = ("inventory-retrieval", "InventoryRetrieval");
/// As [`RETRIEVAL`].
pub(super) const PULL: (&str, &str) = ("pull-from-oss", "PullFromOSS");
/// As [`RETRIEVAL`].
pub(super) const PUSH: (&str, &str) = ("push-to-oss", "PushToOSS");

/// What a job does, as it is told.
pub(super) fn action(kind: &JobKind) -> &'static str {
    match kind {
        JobKind::Retrieval { .. } => RETRIEVAL.1,
        JobKind::Inventory => INVENTORY.1,
        JobKind::Pull { .. } => PULL.1,
        JobKind::Push { .. } => PUSH.1,
    }
}

/// The region in front of a host of the vendor's.
pub(super) fn region(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut regions = DOMAINS
        .iter()
        .filter_map(|domain| name.strip_suffix(domain));
    regions.next().filter(|region| !region.contains('.'))
}

/// A vault's name by the vendor's rule (sheet section 4.1).
pub(super) fn vault_name(text: &str) -> Result<VaultName, OasError> {
    let bad = || {
        let why =
            "a vault name has 3 to 63 letters a-z, digits, _ and -, a letter or digit at each end";
        OasError::bad("InvalidVaultName", why)
    };
    let outer = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let inner = |b: u8| outer(b) || matches!(b, b'_' | b'-');
    let fits = VAULT_NAME_BYTES.contains(&text.len())
        && text.bytes().all(inner)
        && text.bytes().next().is_some_and(outer)
        && text.bytes().next_back().is_some_and(outer);
    if !fits {
        return Err(bad());
    }
    VaultName::new(text).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_vaults_follow_the_vendors_rule() {
        let longest = "a".repeat(63);
        for good in ["abc", "0_-9", "a1b", &longest] {
            assert!(vault_name(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(64);
        for bad in [
            "", "ab", &longer, "Abc", "a.b", "_ab", "ab-", "a b", "a\u{e4}c",
        ] {
            let error = vault_name(bad).expect_err(bad);
            assert_eq!(error.code, "InvalidVaultName", "{bad}");
        }
    }

    #[test]
    fn hosts_of_the_vendor_tell_the_region() {
        let table = [
            ("cn-hangzhou.oas.aliyuncs.com", Some("cn-hangzhou")),
            (
                "cn-qingdao.oas-internal.aliyuncs.com:80",
                Some("cn-qingdao"),
            ),
            ("a.b.oas.aliyuncs.com", None),
            ("oas.aliyuncs.com", None),
            ("127.0.0.1:9000", None),
        ];
        for (host, wanted) in table {
            assert_eq!(region(host), wanted, "{host}");
        }
    }
}
