//! Bodies about object locks. One vendor writes them as XML and the other as JSON, whose members are read in
//! lower case.

use cohong_core::engine::BucketChange;
use cohong_core::model::{DefaultLock, Kept, LockSpan, Locks};
use serde::{Deserialize, Serialize};

use crate::common::date;
use crate::common::lock::{LockWords, hold, hold_word, mode_word};
use crate::common::vocabulary::Vocabulary;
use crate::gate::fault::Fault;

/// The only state of the locks of a bucket.
const ENABLED: &str = "Enabled";

/// The locks of a bucket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocksBody {
    #[serde(alias = "objectlockenabled")]
    pub(crate) object_lock_enabled: Option<String>,
    #[serde(alias = "rule", skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<Rule>,
}

/// How long new objects are kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rule {
    #[serde(alias = "defaultretention")]
    default_retention: DefaultRetention,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DefaultRetention {
    #[serde(alias = "mode")]
    mode: String,
    #[serde(alias = "days", skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    #[serde(alias = "years", skip_serializing_if = "Option::is_none")]
    years: Option<i64>,
}

impl LocksBody {
    /// What it asks for.
    pub(crate) fn change(&self, words: LockWords) -> Result<BucketChange, Fault> {
        if self.object_lock_enabled.as_deref() != Some(ENABLED) {
            return Err(Fault::Body("ObjectLockEnabled is Enabled".into()));
        }
        let rule = self.rule.as_ref().map(|rule| &rule.default_retention);
        Ok(BucketChange::Locks {
            default: rule.map(|rule| rule.read(words)).transpose()?,
            versioned: words.versioned,
        })
    }

    /// The locks as they are.
    pub(crate) fn new(locks: Locks) -> Self {
        let rule = |default: DefaultLock| {
            let (days, years) = match default.span {
                LockSpan::Days(days) => (Some(days.into()), None),
                LockSpan::Years(years) => (None, Some(years.into())),
            };
            let mode = mode_word(default.mode).to_owned();
            Rule {
                default_retention: DefaultRetention { mode, days, years },
            }
        };
        Self {
            object_lock_enabled: Some(ENABLED.to_owned()),
            rule: locks.default.map(rule),
        }
    }
}

impl DefaultRetention {
    /// What it says. Numbers beyond every limit are left to the rule about them.
    fn read(&self, words: LockWords) -> Result<DefaultLock, Fault> {
        let number = |number: i64| u32::try_from(number).unwrap_or(0);
        let span = match (self.days, self.years) {
            (Some(days), None) => LockSpan::Days(number(days)),
            (None, Some(years)) => LockSpan::Years(number(years)),
            _ => {
                return Err(Fault::Body(
                    "DefaultRetention has either Days or Years".into(),
                ));
            }
        };
        let mode = words.mode(&self.mode).ok_or_else(bad_mode)?;
        Ok(DefaultLock { mode, span })
    }
}

/// The time before which an object is kept; nothing at all takes that back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetentionBody {
    #[serde(alias = "mode")]
    mode: Option<String>,
    #[serde(alias = "retainuntildate")]
    retain_until_date: Option<String>,
}

impl RetentionBody {
    /// What it says.
    pub(crate) fn kept(&self, words: LockWords) -> Result<Option<Kept>, Fault> {
        let (mode, until) = match (&self.mode, &self.retain_until_date) {
            (None, None) => return Ok(None),
            (Some(mode), Some(until)) => (mode, date::parse_iso(until.trim())),
            _ => {
                return Err(Fault::Body(
                    "Retention has both Mode and RetainUntilDate".into(),
                ));
            }
        };
        let mode = words.mode(mode).ok_or_else(bad_mode)?;
        let until = until.ok_or_else(|| {
            Fault::Body("RetainUntilDate is written as in 2030-01-01T00:00:00Z".into())
        })?;
        Ok(Some(Kept { mode, until }))
    }

    /// What keeps an object.
    pub(crate) fn new(vocabulary: &Vocabulary, kept: Kept) -> Self {
        Self {
            mode: Some(mode_word(kept.mode).to_owned()),
            retain_until_date: Some(vocabulary.date(kept.until)),
        }
    }
}

/// Whether a hold keeps an object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HoldBody {
    status: Option<String>,
}

impl HoldBody {
    /// What it says.
    pub(crate) fn held(&self) -> Result<bool, Fault> {
        let held = self.status.as_deref().and_then(hold);
        held.ok_or_else(|| Fault::Body("Status is ON or OFF".into()))
    }

    /// What is so.
    pub(crate) fn new(held: bool) -> Self {
        Self {
            status: Some(hold_word(held).to_owned()),
        }
    }
}

fn bad_mode() -> Fault {
    Fault::Body("Mode is none of this vendor's modes".into())
}
