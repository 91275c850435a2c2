//! What an object or bucket may carry: sizes, and values that can be given back as they came.

use crate::engine::Attributes;
use crate::error::{Error, ErrorKind};
use crate::limits::{
    BUCKET_TAGS_MAX, DESTINATIONS_MAX, EXPIRES_DAYS_MAX, GRANTS_MAX, HEADERS_BYTES_MAX,
    LABELS_BYTES_MAX, RULES_BYTES_MAX, RULES_MAX, TAGS_BYTES_MAX, TAGS_MAX, USER_META_BYTES_MAX,
};
use crate::model::{Acl, NotificationRule, StoredHeaders, Tags, UserMeta};

/// Checks everything a new object is to carry.
pub fn check(attributes: &Attributes) -> Result<(), Error> {
    check_meta(&attributes.headers, &attributes.user_meta)?;
    check_tags(&attributes.tags)?;
    check_expiry(attributes.expires_days)?;
    attributes.acl.as_ref().map_or(Ok(()), check_acl)
}

/// Checks after how many days an object is to be deleted.
pub fn check_expiry(days: Option<u32>) -> Result<(), Error> {
    if days.is_none_or(|days| (1..=EXPIRES_DAYS_MAX).contains(&days)) {
        return Ok(());
    }
    Err(invalid("an object is deleted after 1 to 36,500 days"))
}

/// Checks headers and user metadata. Control characters are refused: these values are written into
/// the heads of later answers.
pub fn check_meta(headers: &StoredHeaders, user_meta: &UserMeta) -> Result<(), Error> {
    let given = || header_values(headers).into_iter().flatten();
    let bytes: usize = given().map(str::len).sum();
    if bytes > HEADERS_BYTES_MAX {
        return Err(invalid("the headers kept with an object are too large"));
    }
    if pair_bytes(user_meta) > USER_META_BYTES_MAX {
        return Err(invalid("the user metadata is larger than 8 KiB"));
    }
    if user_meta.iter().any(|(name, _)| !is_token(name)) {
        return Err(invalid(
            "a user metadata name is empty or holds a character that no header name may hold",
        ));
    }
    let values = user_meta.iter().map(|(_, value)| &**value);
    if given().chain(values).any(has_control) {
        return Err(invalid(
            "a header or user metadata value holds a control character; encode it first",
        ));
    }
    Ok(())
}

/// Checks tags: their number, sizes, and that no name comes twice.
pub fn check_tags(tags: &Tags) -> Result<(), Error> {
    if tags.len() > TAGS_MAX {
        return Err(invalid("an object has at most 100 tags"));
    }
    if pair_bytes(tags) > TAGS_BYTES_MAX {
        return Err(invalid("the tags are too large"));
    }
    let mut names: Vec<&str> = tags.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    if names.first() == Some(&"") {
        return Err(invalid("a tag has a name"));
    }
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(invalid("a tag name comes twice"));
    }
    Ok(())
}

/// Checks the tags of a bucket, as those of an object.
pub fn check_bucket_tags(tags: &Tags) -> Result<(), Error> {
    if tags.len() > BUCKET_TAGS_MAX {
        return Err(invalid("a bucket has at most 20 tags"));
    }
    check_tags(tags)
}

/// Checks the number of grants.
pub fn check_acl(acl: &Acl) -> Result<(), Error> {
    if acl.grants.len() > GRANTS_MAX {
        return Err(invalid("an access control list has at most 100 grants"));
    }
    Ok(())
}

/// Checks the vendor words kept with a bucket.
pub fn check_labels(labels: &Tags) -> Result<(), Error> {
    if pair_bytes(labels) > LABELS_BYTES_MAX {
        return Err(invalid("the settings of the bucket are too large"));
    }
    Ok(())
}

/// Checks the number and size of notification rules, and the number of their destinations.
pub fn check_rules(rules: &[NotificationRule]) -> Result<(), Error> {
    if rules.len() > RULES_MAX {
        return Err(invalid("a bucket has at most 100 notification rules"));
    }
    let fits = |rule: &NotificationRule| (1..=DESTINATIONS_MAX).contains(&rule.destinations.len());
    if !rules.iter().all(fits) {
        return Err(invalid(
            "a notification rule names one to five destinations",
        ));
    }
    if rules.iter().map(rule_bytes).sum::<usize>() > RULES_BYTES_MAX {
        return Err(invalid("the notification rules are larger than 64 KiB"));
    }
    Ok(())
}

fn rule_bytes(rule: &NotificationRule) -> usize {
    let names = rule.event_names.iter().map(|name| name.len());
    let destinations = rule.destinations.iter().map(|to| to.id().len());
    let address = rule.named.as_ref().map_or(0, |name| name.len());
    let own = rule.id.0.len() + rule.prefix.len() + rule.suffix.len() + address;
    own + names.chain(destinations).sum::<usize>()
}

fn header_values(headers: &StoredHeaders) -> [Option<&str>; 7] {
    let StoredHeaders {
        content_type,
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        expires,
        website_redirect,
    } = headers;
    [
        content_type,
        cache_control,
        content_disposition,
        content_encoding,
        content_language,
        expires,
        website_redirect,
    ]
    .map(Option::as_deref)
}

fn pair_bytes(pairs: &[(Box<str>, Box<str>)]) -> usize {
    pairs.iter().map(|(a, b)| a.len() + b.len()).sum()
}

/// Whether a name can follow a vendor's prefix in a header name (RFC 9110 section 5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(allowed)
}

pub(super) fn has_control(value: &str) -> bool {
    value.bytes().any(|b| b != b'\t' && b.is_ascii_control())
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Destination, DialectId, EventKinds, RuleForm, RuleId};

    fn pairs(n: usize, len: usize) -> Tags {
        let name = |i: usize| format!("n{i}").into_boxed_str();
        (0..n)
            .map(|i| (name(i), "v".repeat(len).into_boxed_str()))
            .collect()
    }

    fn one(name: &str, value: &str) -> Tags {
        vec![(name.into(), value.into())]
    }

    #[test]
    fn user_metadata_fits_headers() {
        let none = StoredHeaders::default();
        let cases: [(UserMeta, bool); 9] = [
            (pairs(0, 0), true),
            (pairs(10, 100), true),
            (one("n", &"v".repeat(USER_META_BYTES_MAX - 1)), true),
            (one("n", &"v".repeat(USER_META_BYTES_MAX)), false),
            (one("", "v"), false),
            (one("a b", "v"), false),
            (one("a", "line\r\nx-evil: 1"), false),
            (one("a", "tab\tand 公行"), true),
            (one("a:", "v"), false),
        ];
        for (meta, good) in cases {
            assert_eq!(check_meta(&none, &meta).is_ok(), good, "{meta:?}");
        }
        let split = StoredHeaders {
            content_type: Some("text/plain\r\nx-evil: 1".into()),
            ..StoredHeaders::default()
        };
        assert!(check_meta(&split, &UserMeta::new()).is_err());
        let large = StoredHeaders {
            expires: Some("x".repeat(HEADERS_BYTES_MAX + 1).into()),
            ..StoredHeaders::default()
        };
        assert!(check_meta(&large, &UserMeta::new()).is_err());
    }

    #[test]
    fn rules_are_few_and_small() {
        let rule = |prefix: usize, destinations: usize| NotificationRule {
            named: None,
            id: RuleId("r".into()),
            kinds: EventKinds::default(),
            event_names: Vec::new(),
            prefix: "p".repeat(prefix).into(),
            suffix: Box::default(),
            destinations: vec![Destination::Function("f".into()); destinations],
            via: DialectId::Tos,
            form: RuleForm::V2,
        };
        let cases = [
            (vec![], true),
            (vec![rule(1, 1); RULES_MAX], true),
            (vec![rule(1, 1); RULES_MAX + 1], false),
            (vec![rule(1, 0)], false),
            (vec![rule(1, DESTINATIONS_MAX + 1)], false),
            (vec![rule(1000, DESTINATIONS_MAX); 60], true),
            (vec![rule(1000, DESTINATIONS_MAX); 66], false),
            (vec![rule(RULES_BYTES_MAX, 1)], false),
        ];
        for (rules, good) in cases {
            assert_eq!(check_rules(&rules).is_ok(), good, "{} rules", rules.len());
        }
    }

    #[test]
    fn tags_are_few_small_and_different() {
        assert!(check_tags(&pairs(TAGS_MAX, 256)).is_ok());
        assert!(check_tags(&pairs(TAGS_MAX + 1, 1)).is_err());
        assert!(check_tags(&pairs(2, TAGS_BYTES_MAX / 2)).is_err());
        assert!(check_tags(&one("", "v")).is_err());
        assert!(check_tags(&[one("a", "1"), one("a", "2")].concat()).is_err());
    }
}
