//! Samples of what keeps versions.

use cohong_core::model::{DefaultLock, Kept, Lock, LockMode, LockSpan, Locks};

pub(crate) fn lock() -> Lock {
    Lock {
        kept: Some(Kept {
            mode: LockMode::Compliance,
            until: crate::time(1_700_000_000_004),
        }),
        held: Some(true),
    }
}

pub(crate) fn locks() -> Locks {
    Locks {
        default: Some(DefaultLock {
            mode: LockMode::Governance,
            span: LockSpan::Years(2),
        }),
    }
}
