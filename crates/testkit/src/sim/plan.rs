//! What a run is made of: a seed, how much may happen, and what is broken on purpose.

use std::fmt;
use std::str::FromStr;

/// A promise that the simulated ports break, to show that the simulation would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// A commit is answered without having been synced.
    DropSync,
    /// The event of a change is left out of its transaction.
    SkipLog,
    /// A bucket is said to be somebody else's.
    SwapOwner,
    /// A transaction is committed whatever it expects.
    IgnoreConflict,
    /// A payload gets an id that was given out before.
    ReuseBlobId,
    /// A version is read without what keeps it.
    LoseLock,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::DropSync,
        Self::SkipLog,
        Self::SwapOwner,
        Self::IgnoreConflict,
        Self::ReuseBlobId,
        Self::LoseLock,
    ];

    /// How it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropSync => "drop-sync",
            Self::SkipLog => "skip-log",
            Self::SwapOwner => "swap-owner",
            Self::IgnoreConflict => "ignore-conflict",
            Self::ReuseBlobId => "reuse-blob-id",
            Self::LoseLock => "lose-lock",
        }
    }
}

impl FromStr for Mutation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no mutation {name}; name one of {names}")
        })
    }
}

/// One run. Equal plans give equal runs, to the byte of their traces. The bounds are for making a failing
/// run smaller: what they forbid does not happen, and everything else comes from the seed as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where all that is random comes from.
    pub seed: u64,
    /// What is broken on purpose.
    pub mutation: Option<Mutation>,
    /// Most requests of clients.
    pub requests: u64,
    /// Most faults of ports, receivers and the clock.
    pub faults: u64,
    /// Most crashes in the middle of things.
    pub crashes: u64,
    /// Most clients at once.
    pub clients: u64,
}

impl Plan {
    /// Everything that a seed holds.
    pub const fn of(seed: u64) -> Self {
        Self {
            seed,
            mutation: None,
            requests: u64::MAX,
            faults: u64::MAX,
            crashes: u64::MAX,
            clients: u64::MAX,
        }
    }

    /// The same run with something broken.
    #[must_use]
    pub const fn with(self, mutation: Option<Mutation>) -> Self {
        Self { mutation, ..self }
    }

    /// The bounds, by the names they have on the command line.
    pub(crate) fn bounds(&mut self) -> [(&'static str, &mut u64); 4] {
        [
            ("requests", &mut self.requests),
            ("faults", &mut self.faults),
            ("crashes", &mut self.crashes),
            ("clients", &mut self.clients),
        ]
    }

    /// Sets a bound by its name; `false` when there is none of that name.
    pub fn bound(&mut self, name: &str, most: u64) -> bool {
        let found = self.bounds().into_iter().find(|(known, _)| *known == name);
        found.map(|(_, bound)| *bound = most).is_some()
    }
}

impl fmt::Display for Plan {
    /// The arguments that give this run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {}", self.seed)?;
        if let Some(mutation) = self.mutation {
            write!(f, " --mutation {}", mutation.name())?;
        }
        for (name, bound) in self.clone().bounds() {
            if *bound != u64::MAX {
                write!(f, " --{name} {bound}")?;
            }
        }
        Ok(())
    }
}
