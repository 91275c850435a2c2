//! What a bucket's policy says about a request.

use std::cmp::Ordering;

use crate::engine::Cx;
use crate::error::{Error, ErrorKind};
use crate::limits::{POLICY_BYTES_MAX, POLICY_STATEMENTS_MAX};
use crate::model::{
    Action, Actions, Bucket, Condition, Effect, Fact, Likeness, Network, Principals, Relation,
    Statement, Timestamp,
};
use crate::rules::pattern::fits;

use super::On;

/// The effect of a policy; `None` when no statement is about the request. A denial is not outvoted.
pub(super) fn judge(cx: &Cx, bucket: &Bucket, action: Action, on: On<'_>) -> Option<Effect> {
    if bucket.policy.is_empty() {
        return None;
    }
    let path = match on.key() {
        Some(key) => &*format!("{}/{}", bucket.name.as_str(), key.as_str()),
        None => bucket.name.as_str(),
    };
    let about = |statement: &&Statement| {
        statement.actions.contains(action)
            && !(bucket.keeps_the_public_out() && is_public(std::slice::from_ref(*statement)))
            && is_one_of(cx, &statement.principals)
            && statement.resources.iter().any(|one| fits(one, path))
            && statement.conditions.iter().all(|one| holds(cx, one, on))
    };
    let effects = bucket.policy.iter().filter(about).map(|found| found.effect);
    effects.reduce(|found, next| match (found, next) {
        (Effect::Allow, Effect::Allow) => Effect::Allow,
        (Effect::Deny, _) | (_, Effect::Deny) => Effect::Deny,
    })
}

fn is_one_of(cx: &Cx, principals: &Principals) -> bool {
    match principals {
        Principals::Everyone => true,
        Principals::Accounts(accounts) => {
            let account = cx.principal.account();
            account.is_some_and(|account| accounts.contains(account))
        }
    }
}

fn holds(cx: &Cx, condition: &Condition, on: On<'_>) -> bool {
    match condition {
        Condition::Source { within, networks } => {
            let inside = |address| networks.iter().any(|one| one.contains(address));
            cx.source.is_some_and(inside) == *within
        }
        Condition::Secure(wanted) => cx.secure == *wanted,
        Condition::Time { relation, instants } => instants.iter().any(|instant| {
            let order = cx.at.cmp(instant);
            match relation {
                Relation::Before => order == Ordering::Less,
                Relation::Until => order != Ordering::Greater,
                Relation::After => order == Ordering::Greater,
                Relation::From => order != Ordering::Less,
            }
        }),
        Condition::Text {
            fact,
            likeness,
            fits,
            values,
        } => {
            let found = text(cx, *fact, on);
            let fit = |text| values.iter().any(|value| is_like(*likeness, value, text));
            found.is_some_and(fit) == *fits
        }
    }
}

fn text<'a>(cx: &'a Cx, fact: Fact, on: On<'a>) -> Option<&'a str> {
    match (fact, on) {
        (Fact::ListPrefix, On::List { prefix, .. }) => Some(prefix),
        (Fact::ListDelimiter, On::List { delimiter, .. }) => Some(delimiter),
        (Fact::ListPrefix | Fact::ListDelimiter, _) => None,
        (Fact::UserAgent, _) => cx.user_agent.as_deref(),
        (Fact::Referer, _) => cx.referer.as_deref(),
    }
}

fn is_like(likeness: Likeness, value: &str, text: &str) -> bool {
    match likeness {
        Likeness::Same => value == text,
        Likeness::SameButCase => value.eq_ignore_ascii_case(text),
        Likeness::Pattern => fits(value, text),
    }
}

/// Whether a policy lets everybody do something, wherever they are.
pub(super) fn is_public(statements: &[Statement]) -> bool {
    let near = |condition: &Condition| match condition {
        Condition::Source { within, networks } => {
            *within && !networks.iter().any(Network::is_everywhere)
        }
        Condition::Secure(_) | Condition::Time { .. } | Condition::Text { .. } => false,
    };
    statements.iter().any(|one| {
        one.effect == Effect::Allow
            && one.principals == Principals::Everyone
            && one.actions != Actions::default()
            && !one.conditions.iter().any(near)
    })
}

/// Checks a policy before it is stored: its size, and that every statement can be about something.
pub(super) fn check(text: &str, statements: &[Statement]) -> Result<(), Error> {
    if statements.is_empty() || statements.len() > POLICY_STATEMENTS_MAX {
        return Err(invalid("a policy has 1 to 100 statements"));
    }
    let bytes: usize = statements.iter().map(bytes).sum();
    if text.len() > POLICY_BYTES_MAX || bytes > POLICY_BYTES_MAX {
        return Err(invalid("the policy is larger than 16 KiB"));
    }
    if statements.iter().any(|one| one.resources.is_empty()) {
        return Err(invalid(
            "a statement of a policy names at least one resource",
        ));
    }
    Ok(())
}

/// What a statement adds to the bucket's record, in about bytes.
fn bytes(statement: &Statement) -> usize {
    let names = match &statement.principals {
        Principals::Everyone => 0,
        Principals::Accounts(accounts) => accounts.iter().map(|one| one.0.len() + 1).sum(),
    };
    let resources: usize = statement.resources.iter().map(|one| one.len() + 1).sum();
    let conditions = statement
        .conditions
        .iter()
        .map(|condition| match condition {
            Condition::Source { networks, .. } => networks.len() * size_of::<Network>(),
            Condition::Secure(_) => 1,
            Condition::Time { instants, .. } => instants.len() * size_of::<Timestamp>(),
            Condition::Text { values, .. } => values.iter().map(|one| one.len() + 1).sum(),
        });
    names + resources + conditions.sum::<usize>()
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
