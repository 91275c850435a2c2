//! What goes wrong with an object, and whether it may pass.

use std::fmt;

use cohong_core::ports::SourceFault;

use super::place::shown;
use crate::cli::failure::Failure;

/// Why an object was not moved.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A store refused or failed.
    Fault(SourceFault),
    /// Anything on this side, and bytes that are not those they should be.
    Said(String),
}

impl Trouble {
    /// Whether the same may succeed when it is tried again.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Fault(fault) => !fault.is_final(),
            Self::Said(_) => false,
        }
    }

    /// As the end of a command that was about `what`.
    pub(super) fn failure(&self, what: impl fmt::Display) -> Failure {
        let failure = Failure::new(format!("{what}: {self}"));
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        let Self::Fault(fault) = self else {
            return None;
        };
        match fault {
            SourceFault::Missing => {
                Some("`cohong ls` with s3://, oss:// or tos:// shows what there is")
            }
            SourceFault::Denied => Some(
                "is the key right, and is it the store's? `cohong key ls` lists those of this machine's server",
            ),
            SourceFault::Archived => Some("restore it first"),
            SourceFault::Busy(_) => Some("type the command again in a while"),
            SourceFault::Broken(why) if !why.starts_with("status") => Some(
                "is the server there? start it with `cohong serve`, or say where it is with --endpoint URL",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(text) => f.write_str(text),
            Self::Fault(SourceFault::Unknown(why) | SourceFault::Broken(why)) => {
                f.write_str(&shown(why))
            }
            Self::Fault(SourceFault::Unaskable(why)) => write!(f, "no request can name it: {why}"),
            Self::Fault(SourceFault::Missing) => f.write_str("there is no such object or bucket"),
            Self::Fault(SourceFault::Denied) => f.write_str("the store refuses the key"),
            Self::Fault(SourceFault::Archived) => f.write_str("it is archived"),
            Self::Fault(SourceFault::Changed) => f.write_str("it changed while it was read"),
            Self::Fault(SourceFault::Busy(_)) => f.write_str("the store is busy"),
        }
    }
}

impl From<SourceFault> for Trouble {
    fn from(fault: SourceFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Said(error.to_string())
    }
}
