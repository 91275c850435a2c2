//! Commands of the archive service. They speak to it as any client does, with a key of whose vaults they are.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::span::span;

/// Where the service is.
#[derive(Args)]
pub(in crate::cli) struct Service {
    /// Where the server listens for SDKs; these commands need a key with --key
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "COHONG_ENDPOINT",
        default_value = "http://127.0.0.1:9000"
    )]
    pub endpoint: String,
}

/// An order and where it goes.
#[derive(Args)]
pub(in crate::cli) struct At<T: Subcommand> {
    #[command(flatten)]
    pub service: Service,
    #[command(subcommand)]
    pub order: T,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Vault {
    /// Make a vault; one of that name stays as it is
    Create {
        /// Its name: 3 to 63 of a-z 0-9 _ -
        name: String,
    },
    /// List vaults
    Ls,
    /// Show a vault
    Info {
        /// Its name or id
        vault: String,
    },
    /// Remove an empty vault
    Rm {
        /// Its name or id
        vault: String,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum Archive {
    /// Store a file; files above 64 MiB go in parts, and go on where they were interrupted
    Put {
        /// Name or id of the vault
        vault: String,
        /// The file
        file: PathBuf,
        /// What the archive is to be called [default: the name of the file]
        #[arg(long)]
        description: Option<String>,
        /// Go on with this upload
        #[arg(long, value_name = "UPLOAD", conflicts_with = "description")]
        resume: Option<String>,
    },
    /// Bring an archive back into a file
    Get {
        /// Name or id of the vault
        vault: String,
        /// Id of the archive
        archive: String,
        /// The file
        file: PathBuf,
        /// First and last byte, in whole MiB or up to the end, such as 0-1048575
        #[arg(long, value_name = "FIRST-LAST", value_parser = range)]
        range: Option<(u64, u64)>,
    },
    /// Remove an archive, or give up an upload
    Rm {
        /// Name or id of the vault
        vault: String,
        /// Id of the archive, or of an upload that is not complete
        id: String,
    },
    /// List archives, by an inventory taken now
    Ls {
        /// Name or id of the vault
        vault: String,
        /// List uploads that are not complete
        #[arg(long)]
        uploads: bool,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum Job {
    /// List jobs that run or ended within a day
    Ls {
        /// Name or id of the vault
        vault: String,
    },
    /// Show a job
    Show {
        /// Name or id of the vault
        vault: String,
        /// Id of the job
        job: String,
    },
    /// Wait for the end of a job
    Wait {
        /// Name or id of the vault
        vault: String,
        /// Id of the job
        job: String,
        /// How long at most, such as 60s or 4h [default: until it ends]
        #[arg(long, value_name = "TIME", value_parser = span)]
        timeout: Option<Duration>,
    },
    /// Write the output of a job into a file; goes on where it was interrupted
    Get {
        /// Name or id of the vault
        vault: String,
        /// Id of the job
        job: String,
        /// The file
        file: PathBuf,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Inventory {
    #[command(flatten)]
    pub service: Service,
    /// Name or id of the vault
    pub vault: String,
    /// The file [default: it is printed]
    pub file: Option<PathBuf>,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let parsed = text
        .split_once('-')
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    parsed
        .filter(|(first, last)| first <= last)
        .ok_or_else(|| "write the first and the last byte, such as 0-1048575".into())
}
