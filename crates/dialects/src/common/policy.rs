//! Policies of form uploads: what the one who signed a form allows the one who sends it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::Timestamp;
use serde_json::{Value, json};

use super::date;
use super::json::{self, Names};
use super::limits::POLICY_CONDITIONS_MAX;

/// A policy as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    expires: Timestamp,
    conditions: Vec<Condition>,
}

/// A condition of a policy; names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A field has this value.
    Equals(String, String),
    /// The value of a field begins with this.
    StartsWith(String, String),
    /// The value of a field is one of these.
    In(String, Vec<String>),
    /// The value of a field is none of these.
    NotIn(String, Vec<String>),
    /// The file has at least and at most so many bytes.
    Length(u64, u64),
}

/// Why a form may not be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// The policy cannot be read; says why.
    #[error("{0}")]
    Malformed(String),
    /// The time of the policy is over.
    #[error("the policy of the form has expired")]
    Expired,
    /// A condition does not hold; as the policy writes it.
    #[error("the form does not fulfil the condition {0} of its policy")]
    Failed(String),
    /// A field that tells the server what to do is named by no condition.
    #[error("the policy has no condition on the form field {0:?}")]
    Unnamed(String),
}

fn malformed<T>(why: impl Into<String>) -> Result<T, BadPolicy> {
    Err(BadPolicy::Malformed(why.into()))
}

impl Policy {
    /// Reads the Base64 text of a policy field.
    pub fn read(field: &str) -> Result<Self, BadPolicy> {
        let policy = document(field)?;
        let expires = policy
            .get("expiration")
            .and_then(Value::as_str)
            .and_then(date::parse_iso);
        let Some(expires) = expires else {
            return malformed("the policy has no expiration such as 2030-01-01T00:00:00.000Z");
        };
        Ok(Self {
            expires,
            conditions: conditions(&policy)?,
        })
    }

    /// Judges a form sent at `now`. `field` gives the value under a lower-case name.
    pub fn check<'a>(
        &self,
        now: Timestamp,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<(), BadPolicy> {
        if now >= self.expires {
            return Err(BadPolicy::Expired);
        }
        let holds = |condition: &&Condition| match condition {
            Condition::Equals(name, wanted) => field(name) == Some(wanted),
            Condition::StartsWith(name, front) => {
                field(name).unwrap_or_default().starts_with(front.as_str())
            }
            Condition::In(name, all) => {
                field(name).is_some_and(|value| all.iter().any(|one| one == value))
            }
            Condition::NotIn(name, all) => {
                field(name).is_none_or(|value| all.iter().all(|one| one != value))
            }
            Condition::Length(..) => true,
        };
        match self.conditions.iter().find(|condition| !holds(condition)) {
            None => Ok(()),
            Some(failed) => Err(BadPolicy::Failed(failed.text())),
        }
    }

    /// Whether a condition is about this field; lower-case name.
    pub fn names(&self, field: &str) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Condition::Equals(name, _)
            | Condition::StartsWith(name, _)
            | Condition::In(name, _)
            | Condition::NotIn(name, _) => name == field,
            Condition::Length(..) => false,
        })
    }

    /// Least and greatest size of the file, bytes, when the policy says so.
    pub fn size(&self) -> Option<(u64, u64)> {
        let ranges = self
            .conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::Length(least, most) => Some((*least, *most)),
                _ => None,
            });
        ranges.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
    }
}

impl Condition {
    /// As policies write it.
    fn text(&self) -> String {
        let written = match self {
            Self::Equals(name, value) => json!(["eq", format!("${name}"), value]),
            Self::StartsWith(name, front) => json!(["starts-with", format!("${name}"), front]),
            Self::In(name, all) => json!(["in", format!("${name}"), all]),
            Self::NotIn(name, all) => json!(["not-in", format!("${name}"), all]),
            Self::Length(least, most) => json!(["content-length-range", least, most]),
        };
        written.to_string()
    }
}

/// Reads the Base64 text of a policy that has conditions and no end of its own.
pub(crate) fn read_conditions(text: &str) -> Result<Vec<Condition>, BadPolicy> {
    conditions(&document(text)?)
}

fn document(text: &str) -> Result<Value, BadPolicy> {
    let Ok(text) = STANDARD.decode(text.trim()) else {
        return malformed("the policy is not Base64");
    };
    let policy = json::parse(&text, Names::Exact);
    policy.map_err(|error| BadPolicy::Malformed(format!("the policy: {error}")))
}

fn conditions(policy: &Value) -> Result<Vec<Condition>, BadPolicy> {
    let Some(list) = policy.get("conditions").and_then(Value::as_array) else {
        return malformed("the policy has no list of conditions");
    };
    if list.len() > POLICY_CONDITIONS_MAX {
        return malformed("the policy has more than 500 conditions");
    }
    let mut conditions = Vec::with_capacity(list.len());
    for item in list {
        condition(item, &mut conditions)?;
    }
    Ok(conditions)
}

fn condition(item: &Value, out: &mut Vec<Condition>) -> Result<(), BadPolicy> {
    match item {
        Value::Object(exact) => {
            for (name, value) in exact {
                let Some(value) = value.as_str() else {
                    return malformed(format!(
                        "the policy's condition on {name:?} is not a string"
                    ));
                };
                out.push(Condition::Equals(name.to_ascii_lowercase(), value.into()));
            }
            Ok(())
        }
        Value::Array(words) => {
            out.push(operator(words)?);
            Ok(())
        }
        _ => malformed("a condition of the policy is neither an object nor a list"),
    }
}

fn operator(words: &[Value]) -> Result<Condition, BadPolicy> {
    let [operator, subject, object] = words else {
        return malformed(
            "a condition of the policy has three parts, as in [\"eq\", \"$key\", \"a\"]",
        );
    };
    let operator = operator.as_str().unwrap_or_default().to_ascii_lowercase();
    if operator == "content-length-range" {
        return match (number(subject), number(object)) {
            (Some(least), Some(most)) => Ok(Condition::Length(least, most)),
            _ => malformed("content-length-range has two numbers"),
        };
    }
    let Some(name) = subject.as_str().and_then(|name| name.strip_prefix('$')) else {
        return malformed("a condition of the policy names its field with a dollar sign");
    };
    let name = name.to_ascii_lowercase();
    let text = object.as_str().map(str::to_owned);
    let list = || -> Option<Vec<String>> {
        object
            .as_array()?
            .iter()
            .map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    let read = match operator.as_str() {
        "eq" => text.map(|text| Condition::Equals(name, text)),
        "starts-with" => text.map(|text| Condition::StartsWith(name, text)),
        "in" => list().map(|list| Condition::In(name, list)),
        "not-in" => list().map(|list| Condition::NotIn(name, list)),
        _ => return malformed(format!("the policy's condition {operator:?} is not known")),
    };
    read.map_or_else(
        || malformed(format!("the policy's condition {operator:?} is malformed")),
        Ok,
    )
}

/// A number, or the digits of one.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_714_979_289_000);

    fn policy(conditions: &Value) -> Result<Policy, BadPolicy> {
        let text = json!({"expiration": "2024-05-06T07:08:10.000000Z", "conditions": conditions});
        Policy::read(&STANDARD.encode(text.to_string()))
    }

    fn field(name: &str) -> Option<&'static str> {
        [("key", "dir/a"), ("x-tos-acl", "private")]
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }

    #[test]
    fn conditions_are_judged() {
        let cases = [
            (json!({"key": "dir/a"}), true),
            (json!({"Key": "dir/b"}), false),
            (json!({"absent": ""}), false),
            (json!(["eq", "$key", "dir/a"]), true),
            (json!(["eq", "$absent", "x"]), false),
            (json!(["starts-with", "$key", "dir/"]), true),
            (json!(["starts-with", "$key", "other/"]), false),
            (json!(["starts-with", "$absent", ""]), true),
            (json!(["in", "$X-Tos-Acl", ["private", "default"]]), true),
            (json!(["in", "$x-tos-acl", ["public-read"]]), false),
            (json!(["not-in", "$x-tos-acl", ["public-read"]]), true),
            (json!(["not-in", "$x-tos-acl", ["private"]]), false),
            (json!(["content-length-range", 1, 2]), true),
        ];
        for (condition, allowed) in cases {
            let policy = policy(&json!([condition])).expect("a policy");
            assert_eq!(policy.check(NOW, field).is_ok(), allowed, "{condition}");
        }
    }

    #[test]
    fn a_policy_ends() {
        let policy = policy(&json!([])).expect("a policy");
        let end = NOW.plus(std::time::Duration::from_secs(1));
        assert!(policy.check(NOW, field).is_ok());
        assert_eq!(policy.check(end, field), Err(BadPolicy::Expired));
    }

    #[test]
    fn sizes_and_names() {
        let ranges = json!([["content-length-range", 1, 10], ["content-length-range", "5", "20"], {"key": "a"}]);
        let policy = policy(&ranges).expect("a policy");
        assert_eq!(policy.size(), Some((5, 10)));
        assert!(policy.names("key") && !policy.names("content-length-range"));
    }

    #[test]
    fn bad_policies_are_told() {
        let bad = [
            json!([["eq", "key", "a"]]),
            json!([["eq", "$key"]]),
            json!([["eq", "$key", 1]]),
            json!([["in", "$key", "a"]]),
            json!([["matches", "$key", "a"]]),
            json!([["content-length-range", -1, 2]]),
            json!([{"key": 1}]),
            json!(["key"]),
            json!({}),
            Value::Array(vec![json!({"key": "a"}); 501]),
        ];
        for conditions in bad {
            assert!(
                matches!(policy(&conditions), Err(BadPolicy::Malformed(_))),
                "{conditions}"
            );
        }
        for text in ["", "***", "e30=", "W10="] {
            assert!(
                matches!(Policy::read(text), Err(BadPolicy::Malformed(_))),
                "{text}"
            );
        }
    }
}
