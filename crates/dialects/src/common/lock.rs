//! Object locks: what headers say of them, and the operations about those of one object.

use cohong_core::engine::{Engine, ObjectChange};
use cohong_core::model::{Kept, Lock, LockMode};
use cohong_core::rules::access::Action;
use cohong_core::rules::lock::LockStep;
use cohong_core::{Error, ErrorKind};
use http::{HeaderMap, HeaderName, Response, StatusCode};

use super::answer::put;
use super::date;
use super::input::target;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// What requests of a vendor may say of locks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockWords {
    /// What headers tell mode, end and hold, without the vendor's prefix.
    pub(crate) headers: [&'static str; 3],
    /// Whether there is a lesser mode, which some may pass over.
    pub(crate) governance: bool,
    /// Whether there are holds without end.
    pub(crate) holds: bool,
    /// Whether objects are locked only where versioning is enabled.
    pub(crate) versioned: bool,
}

impl LockWords {
    /// The mode that a word names.
    pub(crate) fn mode(self, word: &str) -> Option<LockMode> {
        match word {
            "COMPLIANCE" => Some(LockMode::Compliance),
            "GOVERNANCE" if self.governance => Some(LockMode::Governance),
            _ => None,
        }
    }
}

/// The word for a mode.
pub(crate) fn mode_word(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Governance => "GOVERNANCE",
        LockMode::Compliance => "COMPLIANCE",
    }
}

/// The word for whether there is a hold.
pub(crate) fn hold_word(held: bool) -> &'static str {
    if held { "ON" } else { "OFF" }
}

/// Whether there is a hold, by a word.
pub(crate) fn hold(word: &str) -> Option<bool> {
    [true, false]
        .into_iter()
        .find(|held| hold_word(*held) == word)
}

impl Vocabulary {
    /// The lock that a new object is to have.
    pub(crate) fn lock_given(&self, given: &Given<'_>) -> Result<Lock, Fault> {
        let Some(words) = self.locks else {
            return Ok(Lock::default());
        };
        let [mode_name, until_name, hold_name] = words.headers;
        let kept = match (given.own_text(mode_name), given.own_text(until_name)) {
            (None, None) => None,
            (Some(mode), Some(until)) => {
                let mode = words.mode(mode);
                let until = date::parse_iso(until);
                Some(Kept {
                    mode: mode
                        .ok_or_else(|| given.bad(mode_name, "Unknown wormMode directive."))?,
                    until: until.ok_or_else(|| {
                        given.bad(until_name, "a date is written as in 2030-01-01T00:00:00Z")
                    })?,
                })
            }
            (mode, _) => {
                let missing = if mode.is_some() {
                    until_name
                } else {
                    mode_name
                };
                let (until, mode) = (given.name(until_name), given.name(mode_name));
                return Err(given.bad(missing, format!("{until} and {mode} must both be supplied")));
            }
        };
        let held = given.own_text(hold_name);
        if held.is_some() && !words.holds {
            return Err(Fault::NotServed(given.name(hold_name).into()));
        }
        let held = held.map(|word| {
            hold(word)
                .ok_or_else(|| given.bad(hold_name, "Legal Hold must be either of 'ON' or 'OFF'"))
        });
        Ok(Lock {
            kept,
            held: held.transpose()?,
        })
    }

    /// Adds what keeps an object.
    pub(crate) fn put_lock(&self, headers: &mut HeaderMap, lock: Lock) {
        let Some(words) = self.locks else {
            return;
        };
        let mut tell = |name: &str, value: &str| {
            if let Ok(name) = HeaderName::try_from(format!("{}{name}", self.prefix)) {
                put(headers, name, value);
            }
        };
        let [mode_name, until_name, hold_name] = words.headers;
        if let Some(kept) = lock.kept {
            tell(mode_name, mode_word(kept.mode));
            tell(until_name, &self.date(kept.until));
        }
        if let Some(held) = lock.held.filter(|_| words.holds) {
            tell(hold_name, hold_word(held));
        }
    }

    /// Changes what keeps the object of the address.
    pub(crate) async fn change_lock(
        &self,
        call: Call,
        engine: &Engine,
        step: LockStep,
    ) -> Result<Response<OutBody>, Fault> {
        self.change_object(call, engine, ObjectChange::Lock(step), StatusCode::OK)
            .await
    }
}

/// The time before which the object of the address is kept: an error where there is none.
pub(crate) async fn kept(call: &Call, engine: &Engine) -> Result<Kept, Fault> {
    let (cx, at) = (&call.cx, target(call)?);
    let lock = engine.object_lock(cx, &at, Action::ReadObjectRetention);
    lock.await?.kept.ok_or_else(nothing)
}

/// Whether a hold keeps the object of the address: an error where nobody said.
pub(crate) async fn held(call: &Call, engine: &Engine) -> Result<bool, Fault> {
    let (cx, at) = (&call.cx, target(call)?);
    let lock = engine.object_lock(cx, &at, Action::ReadLegalHold);
    lock.await?.held.ok_or_else(nothing)
}

fn nothing() -> Fault {
    Error::new(
        ErrorKind::NoSuchLock,
        "The specified object does not have a ObjectLock configuration",
    )
    .into()
}
