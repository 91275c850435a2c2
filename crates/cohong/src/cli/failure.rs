//! Why a command failed, and what to do about it.

use std::fmt;

/// Exit code of a command that failed.
const FAILED: u8 = 1;
/// Exit code of a wrong usage.
pub(super) const USAGE: u8 = 2;
/// Exit code of `events wait` when something is still owed.
pub(super) const OWED: u8 = 3;

/// A failure. Its text ends with what to do when there is something.
#[derive(Debug)]
pub(super) struct Failure {
    pub code: u8,
    pub error: String,
    pub hint: Option<String>,
}

impl Failure {
    pub(super) fn new(error: impl Into<String>) -> Self {
        Self {
            code: FAILED,
            error: error.into(),
            hint: None,
        }
    }

    pub(super) fn usage(error: impl Into<String>) -> Self {
        Self {
            code: USAGE,
            ..Self::new(error)
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}
