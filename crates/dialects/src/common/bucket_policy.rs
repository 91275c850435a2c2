//! Bucket policies as JSON documents: `Version` and a list of `Statement`, each with `Effect`, `Action`,
//! `Principal`, `Resource` and `Condition`. The words inside are a vendor's, in its [`Words`].
//!
//! A document that says anything this server would not keep to is refused as a whole: a denial that
//! was silently dropped would be a hole, a permission that was dropped a puzzle.

use cohong_core::engine::{BucketPolicy, Engine};
use cohong_core::limits::POLICY_BYTES_MAX;
use cohong_core::model::{
    AccountId, Action, Actions, BucketName, Condition, Effect, Fact, Likeness, Network, Principals,
    Relation, Statement,
};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::answer::bytes;
use super::date;
use super::input::whole_body;
use super::json::{self, Names};
use super::limits::POLICY_VALUES_MAX;
use super::policy::BadPolicy;
use super::settings::{document, put_document};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// A vendor's words.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Versions of the language; none where documents name none.
    pub versions: &'static [&'static str],
    /// Names of actions, prefix included, with what each is here: nothing for what is not served. Case
    /// does not matter, and documents may write `*` and `?`.
    pub actions: &'static [(&'static str, &'static [Action])],
    /// Names of condition keys; case does not matter.
    pub keys: &'static [(&'static str, Key)],
    /// The part of a resource's name from the bucket on; `None` when it is not a bucket's.
    pub resource: fn(&str) -> Option<&str>,
    /// Whether a statement that allows may leave its principal out; it then allows nobody.
    pub no_principal: bool,
    /// The account a principal means; `None` when it cannot be one. `*` is not asked for.
    pub account: fn(&str) -> Option<AccountId>,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Address of the client.
    Source,
    /// Whether the request came over TLS.
    Secure,
    /// When it came.
    Time,
    /// A text of it.
    Text(Fact),
}

/// Why a document is not taken; the text says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy: {0}")]
pub struct BadDocument(String);

type Read<T> = Result<T, BadDocument>;

fn bad<T>(why: impl Into<String>) -> Read<T> {
    Err(BadDocument(why.into()))
}

/// Puts the policy in the body of a request in force.
pub(crate) async fn put(
    mut call: Call,
    engine: &Engine,
    words: &Words,
) -> Result<Response<OutBody>, Fault> {
    let body = whole_body(&mut call, POLICY_BYTES_MAX).await?;
    let bad = |why: BadDocument| Fault::Policy(BadPolicy::Malformed(why.to_string()));
    let statements = read(&body, call.bucket()?, words);
    let policy = BucketPolicy {
        statements: statements.map_err(bad)?,
        text: String::from_utf8_lossy(&body).into(),
    };
    put_document(&call, engine, &policy).await
}

/// Answers the policy as it was sent.
pub(crate) async fn get(call: &Call, engine: &Engine) -> Result<Response<OutBody>, Fault> {
    let policy: BucketPolicy = document(call, engine).await?;
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json);
    Ok(bytes(StatusCode::OK, headers, policy.text.into_string()))
}

/// Reads the policy of a bucket.
pub fn read(text: &[u8], bucket: &BucketName, words: &Words) -> Read<Vec<Statement>> {
    if text.len() > POLICY_BYTES_MAX {
        return bad("it is larger than 16 KiB");
    }
    let document =
        json::parse(text, Names::Exact).map_err(|error| BadDocument(error.to_string()))?;
    let Value::Object(document) = document else {
        return bad("it is not an object");
    };
    only(&document, &["Version", "Id", "Statement"])?;
    let version = document.get("Version");
    let is_known = |version: &Value| {
        let version = version.as_str();
        version.is_some_and(|version| words.versions.contains(&version))
    };
    if !version.map_or(words.versions.is_empty(), is_known) {
        return bad(format!("its Version is one of {:?}", words.versions));
    }
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return bad("it has a list of Statement"),
    };
    let statement = |one| statement(one, bucket, words);
    statements.iter().map(statement).collect()
}

fn statement(value: &Value, bucket: &BucketName, words: &Words) -> Read<Statement> {
    let Value::Object(members) = value else {
        return bad("a statement is not an object");
    };
    let known = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Principal",
        "Resource",
        "Condition",
    ];
    only(members, &known)?;
    let effect = match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return bad("the Effect of a statement is Allow or Deny"),
    };
    Ok(Statement {
        effect,
        principals: match members.get("Principal") {
            None if words.no_principal && effect == Effect::Allow => {
                Principals::Accounts(Vec::new())
            }
            named => principals(named, words)?,
        },
        actions: actions(members, words)?,
        resources: resources(members.get("Resource"), bucket, words)?,
        conditions: conditions(members.get("Condition"), words)?,
    })
}

/// Refuses members that would be ignored.
fn only(members: &Map<String, Value>, known: &[&str]) -> Read<()> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => bad(format!("this server does not know its member {name:?}")),
        None => Ok(()),
    }
}

/// A string, or a list of strings.
fn texts<'a>(value: Option<&'a Value>, what: &str) -> Read<Vec<&'a str>> {
    let found: Option<Vec<&str>> = match value {
        Some(Value::String(one)) => Some(vec![one]),
        Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        _ => None,
    };
    match found {
        Some(found) if (1..=POLICY_VALUES_MAX).contains(&found.len()) => Ok(found),
        _ => bad(format!("{what} is a string or a list of up to 500 of them")),
    }
}

/// A list, or an object whose one member is the list.
fn principals(value: Option<&Value>, words: &Words) -> Read<Principals> {
    let value = match value {
        Some(Value::Object(kinds)) if kinds.len() == 1 => kinds.values().next(),
        other => other,
    };
    let mut accounts = Vec::new();
    for name in texts(value, "Principal")? {
        if name == "*" {
            return Ok(Principals::Everyone);
        }
        match (words.account)(name) {
            Some(account) => accounts.push(account),
            None => return bad(format!("the principal {name:?} is no account")),
        }
    }
    Ok(Principals::Accounts(accounts))
}

fn actions(members: &Map<String, Value>, words: &Words) -> Read<Actions> {
    match (members.get("Action"), members.get("NotAction")) {
        (Some(_), Some(_)) => bad("a statement has either Action or NotAction"),
        (None, Some(others)) => {
            let others = named(others, words)?;
            let rest = Action::ALL.into_iter().filter(|one| !others.contains(*one));
            Ok(Actions::of(rest))
        }
        (Some(named_ones), None) => named(named_ones, words),
        (None, None) => bad("a statement has a list of Action"),
    }
}

fn named(value: &Value, words: &Words) -> Read<Actions> {
    let mut all = Actions::default();
    for name in texts(Some(value), "Action")? {
        let pattern = name.to_ascii_lowercase();
        let fits = |known: &str| cohong_core::rules::pattern::fits(&pattern, known);
        let mut found = words
            .actions
            .iter()
            .filter(|(known, _)| name == "*" || fits(&known.to_ascii_lowercase()))
            .peekable();
        if found.peek().is_none() {
            return bad(format!("there is no action {name:?}"));
        }
        for (_, actions) in found {
            all = all.union(Actions::of(actions.iter().copied()));
        }
    }
    Ok(all)
}

/// Patterns of names from the bucket on. A name of another bucket is a mistake.
fn resources(value: Option<&Value>, bucket: &BucketName, words: &Words) -> Read<Vec<Box<str>>> {
    let mut all = Vec::new();
    for name in texts(value, "Resource")? {
        let rest = if name == "*" {
            Some(name)
        } else {
            (words.resource)(name)
        };
        let Some(rest) = rest else {
            return bad(format!("the resource {name:?} is not in a bucket"));
        };
        let first = rest.split('/').next().unwrap_or_default();
        if first != bucket.as_str() && !first.contains(['*', '?']) {
            return bad(format!("the resource {name:?} is not in this bucket"));
        }
        all.push(rest.into());
    }
    Ok(all)
}

fn conditions(value: Option<&Value>, words: &Words) -> Read<Vec<Condition>> {
    let operators = match value {
        None => return Ok(Vec::new()),
        Some(Value::Object(operators)) => operators,
        Some(_) => return bad("Condition is an object of operators"),
    };
    let mut all = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return bad(format!("the operator {operator:?} is an object of keys"));
        };
        for (name, value) in keys {
            let mut known = words.keys.iter();
            let key = known.find(|(known, _)| known.eq_ignore_ascii_case(name));
            let Some((_, key)) = key else {
                return bad(format!(
                    "this server does not know the condition key {name:?}"
                ));
            };
            all.push(condition(operator, *key, name, value)?);
        }
    }
    Ok(all)
}

fn condition(operator: &str, key: Key, name: &str, value: &Value) -> Read<Condition> {
    let values = || texts(Some(value), name);
    match (key, operator) {
        (Key::Source, "IpAddress") => source(true, &values()?),
        (Key::Source, "NotIpAddress") => source(false, &values()?),
        (Key::Secure, "Bool") => Ok(Condition::Secure(boolean(value, name)?)),
        (Key::Time, "DateLessThan") => time(Relation::Before, &values()?),
        (Key::Time, "DateLessThanEquals") => time(Relation::Until, &values()?),
        (Key::Time, "DateGreaterThan") => time(Relation::After, &values()?),
        (Key::Time, "DateGreaterThanEquals") => time(Relation::From, &values()?),
        (Key::Text(fact), operator) => {
            let (likeness, fits) = match operator {
                "StringEquals" => (Likeness::Same, true),
                "StringNotEquals" => (Likeness::Same, false),
                "StringEqualsIgnoreCase" => (Likeness::SameButCase, true),
                "StringNotEqualsIgnoreCase" => (Likeness::SameButCase, false),
                "StringLike" => (Likeness::Pattern, true),
                "StringNotLike" => (Likeness::Pattern, false),
                _ => return mismatch(operator, name),
            };
            Ok(Condition::Text {
                fact,
                likeness,
                fits,
                values: values()?.into_iter().map(Into::into).collect(),
            })
        }
        _ => mismatch(operator, name),
    }
}

fn mismatch<T>(operator: &str, name: &str) -> Read<T> {
    bad(format!(
        "this server does not know the condition {operator:?} on {name:?}"
    ))
}

fn source(within: bool, values: &[&str]) -> Read<Condition> {
    let mut networks = Vec::with_capacity(values.len());
    for value in values {
        match Network::parse(value) {
            Some(network) => networks.push(network),
            None => {
                return bad(format!(
                    "{value:?} is no address and no network such as 10.0.0.0/8"
                ));
            }
        }
    }
    Ok(Condition::Source { within, networks })
}

fn time(relation: Relation, values: &[&str]) -> Read<Condition> {
    let mut instants = Vec::with_capacity(values.len());
    for value in values {
        match date::parse_iso(value) {
            Some(instant) => instants.push(instant),
            None => return bad(format!("{value:?} is no date such as 2030-01-01T00:00:00Z")),
        }
    }
    Ok(Condition::Time { relation, instants })
}

/// A boolean, written as one or as a string, alone or in a list.
fn boolean(value: &Value, name: &str) -> Read<bool> {
    let value = match value {
        Value::Array(one) if one.len() == 1 => one.first().unwrap_or(value),
        other => other,
    };
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => bad(format!("{name:?} is true or false")),
    }
}

#[cfg(test)]
mod tests;
