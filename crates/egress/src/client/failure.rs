//! Why a call did not succeed, and in which phase.

use std::error::Error;

use cohong_core::ports::{Fault, Phase};

use crate::policy::{Refusal, UrlError};
use crate::resolve::LookupError;

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) phase: Phase,
    pub(crate) fault: Fault,
    /// For operators; holds neither query nor body.
    pub(crate) why: String,
    /// The answer's status, when its head came.
    pub(crate) status: Option<u16>,
}

impl Failure {
    pub(crate) fn new(phase: Phase, why: impl Into<String>) -> Self {
        Self {
            phase,
            fault: Fault::Broken,
            why: why.into(),
            status: None,
        }
    }

    /// A time limit passed in that phase.
    pub(super) fn timed_out(phase: Phase, why: impl Into<String>) -> Self {
        Self {
            fault: Fault::TimedOut,
            ..Self::new(phase, why)
        }
    }

    /// From an error of the client before a head came.
    pub(super) fn of_request(error: &reqwest::Error) -> Self {
        match chain(error).find_map(|e| e.downcast_ref::<LookupError>()) {
            Some(LookupError::Refused(refusal)) => return refusal.into(),
            Some(failed) => return Self::new(Phase::Resolve, failed.to_string()),
            None => {}
        }
        let cause = root_cause(error);
        if error.is_connect() {
            Self::new(Phase::Connect, format!("not connected: {cause}"))
        } else {
            Self::new(Phase::Request, format!("no answer: {cause}"))
        }
    }

    /// From an error of the client while the body came.
    pub(super) fn of_answer(error: &reqwest::Error) -> Self {
        Self::new(
            Phase::Answer,
            format!("the answer broke off: {}", root_cause(error)),
        )
    }
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self::new(Phase::Policy, refusal.to_string())
    }
}

impl From<UrlError> for Failure {
    fn from(error: UrlError) -> Self {
        Self::new(Phase::Policy, error.to_string())
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}

/// The innermost error: the outer ones repeat the URL with its query.
fn root_cause(error: &reqwest::Error) -> String {
    chain(error)
        .skip(1)
        .last()
        .map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}
