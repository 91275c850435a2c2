//! Policy URLs: one signature for everything that a policy allows, which is reading keys and listing them
//! (sheet section 2). Conditions on the key are alternatives; the bucket is named once. What is not
//! understood is not allowed.

use crate::common::policy::{Condition, read_conditions};
use crate::gate::fault::Fault;
use crate::gate::pipeline::Named;
use crate::tos::error::TosError;
use crate::tos::route::Op;

/// Judges a request under a policy whose signature holds.
pub(in crate::tos) fn check(
    policy: &str,
    op: Op,
    at: Named<'_>,
    query: &str,
) -> Result<(), TosError> {
    let conditions = read_conditions(policy).map_err(Fault::Policy)?;
    let (mut buckets, mut keys) = (Vec::new(), Vec::new());
    for condition in &conditions {
        match condition {
            Condition::Equals(name, value) if name == "bucket" => buckets.push(value.as_str()),
            Condition::Equals(name, _)
            | Condition::StartsWith(name, _)
            | Condition::In(name, _)
                if name == "key" =>
            {
                keys.push(condition);
            }
            _ => {
                let why = "a policy URL has conditions on bucket and key only";
                return Err(TosError::access_denied(why));
            }
        }
    }
    let bucket = at.bucket.unwrap_or_default();
    if buckets.is_empty() || buckets.iter().any(|named| *named != bucket) {
        let why = "the policy of the URL is about another bucket";
        return Err(TosError::access_denied(why));
    }
    let allowed = match op {
        Op::GetObject | Op::HeadObject => reads(&keys, at.key.unwrap_or_default()),
        Op::ListObjects | Op::ListObjectsType2 | Op::ListObjectVersions => {
            lists(&keys, &prefix(query))
        }
        _ => {
            let why = "a policy URL reads and lists objects, nothing else";
            return Err(TosError::access_denied(why));
        }
    };
    if allowed {
        return Ok(());
    }
    let why = "the policy of the URL does not allow this key or prefix";
    Err(TosError::access_denied(why))
}

fn reads(conditions: &[&Condition], key: &str) -> bool {
    let fits = |condition: &&Condition| match condition {
        Condition::Equals(_, wanted) => key == wanted,
        Condition::StartsWith(_, front) => key.starts_with(front.as_str()),
        Condition::In(_, all) => all.iter().any(|wanted| key == wanted),
        Condition::NotIn(..) | Condition::Length(..) => false,
    };
    conditions.is_empty() || conditions.iter().any(fits)
}

/// Whether all that a listing shows may be read: a whole key allows no listing of what begins with it.
fn lists(conditions: &[&Condition], prefix: &str) -> bool {
    let fits = |condition: &&Condition| match condition {
        Condition::StartsWith(_, front) => prefix.starts_with(front.as_str()),
        _ => false,
    };
    conditions.is_empty() || conditions.iter().any(fits)
}

/// The prefix that a query asks for; that it stands once was checked before.
fn prefix(query: &str) -> String {
    let pairs = cohong_sign::query_pairs(query).unwrap_or_default();
    let found = pairs.into_iter().find(|(name, _)| name == b"prefix");
    let text = found.map(|(_, value)| String::from_utf8(value));
    text.and_then(Result::ok).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    fn allows(conditions: &Value, op: Op, key: Option<&str>, query: &str) -> bool {
        let policy = STANDARD.encode(json!({ "conditions": conditions }).to_string());
        let at = Named {
            bucket: Some("b"),
            key,
        };
        check(&policy, op, at, query).is_ok()
    }

    #[test]
    fn keys_are_alternatives_and_lists_stay_within_a_prefix() {
        let conditions = json!([
            ["starts-with", "$key", "dir/"],
            ["eq", "$key", "one"],
            {"key": "two"},
            {"bucket": "b"}
        ]);
        let get = |key| allows(&conditions, Op::GetObject, Some(key), "");
        for (key, allowed) in [
            ("dir/", true),
            ("dir/a", true),
            ("one", true),
            ("two", true),
            ("one1", false),
            ("di", false),
            ("three", false),
        ] {
            assert_eq!(get(key), allowed, "{key}");
            assert_eq!(allows(&conditions, Op::HeadObject, Some(key), ""), allowed);
        }
        for (query, allowed) in [
            ("prefix=dir%2F", true),
            ("prefix=dir/a&max-keys=1", true),
            ("prefix=dir", false),
            ("prefix=one", false),
            ("prefix=", false),
            ("", false),
        ] {
            assert_eq!(allows(&conditions, Op::ListObjects, None, query), allowed);
            let type2 = format!("list-type=2&{query}");
            let found = allows(&conditions, Op::ListObjectsType2, None, &type2);
            assert_eq!(found, allowed, "{query}");
            let versions = format!("versions&{query}");
            let found = allows(&conditions, Op::ListObjectVersions, None, &versions);
            assert_eq!(found, allowed, "{query}");
        }
    }

    #[test]
    fn a_policy_allows_reading_one_bucket_and_nothing_else() {
        let open = json!([{"bucket": "b"}]);
        assert!(allows(&open, Op::GetObject, Some("k"), ""));
        assert!(allows(&open, Op::ListObjects, None, ""));
        for op in [
            Op::PutObject,
            Op::DeleteObject,
            Op::GetObjectAcl,
            Op::GetObjectTagging,
            Op::GetSymlink,
            Op::GetBucketAcl,
            Op::HeadBucket,
        ] {
            assert!(!allows(&open, op, Some("k"), ""), "{op:?}");
        }
        for refused in [
            json!([]),
            json!([{"key": "k"}]),
            json!([{"bucket": "other"}]),
            json!([{"bucket": "b"}, {"bucket": "other"}]),
            json!([{"bucket": "b"}, {"x-tos-acl": "private"}]),
            json!([{"bucket": "b"}, ["not-in", "$key", ["k2"]]]),
            json!([{"bucket": "b"}, ["starts-with", "$bucket", "b"]]),
        ] {
            assert!(!allows(&refused, Op::GetObject, Some("k"), ""), "{refused}");
        }
    }
}
