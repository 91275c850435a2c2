//! What can be typed behind `cohong sync`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::span::span;

#[derive(Subcommand)]
pub(in crate::cli) enum Sync {
    /// Make a task that copies the objects it is told of; it runs at once
    Create(Create),
    /// List tasks
    Ls,
    /// Show a task, what it did since it was started, and its last failures
    Show {
        /// Its id
        task: String,
    },
    /// Start a stopped task
    Start {
        /// Its id
        task: String,
        #[command(flatten)]
        keys: Keys,
    },
    /// Stop a task: keys that wait go on when it is started again
    Stop {
        /// Its id
        task: String,
    },
    /// Forget a stopped task; copies and lists stay
    Rm {
        /// Its id
        task: String,
    },
    /// Name keys that a task is to copy; they are durable when this returns
    Push {
        /// Its id
        task: String,
        /// Keys, byte for byte; - reads them from standard input, one a line
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Wait until a task has nothing to do; fails when a key failed
    Wait {
        /// Its id
        task: String,
        /// How long at most, such as 60s or 2h [default: as long as it takes]
        #[arg(long, value_name = "TIME", value_parser = span)]
        timeout: Option<Duration>,
        /// Count outcomes of this time only, such as 1h [default: since it was started, at most 30d]
        #[arg(long, value_name = "TIME", value_parser = span)]
        since: Option<Duration>,
    },
}

#[derive(Args)]
pub(in crate::cli) struct Create {
    /// local, or a source as `cohong source ls` names it, its bucket, and a prefix of keys if wanted
    #[arg(value_name = "SOURCE/BUCKET[/PREFIX]")]
    pub from: String,
    /// Where copies go, under the same keys; one side is local
    #[arg(value_name = "STORE/BUCKET")]
    pub to: String,
    /// Region of the other store, where its source stands for every region
    #[arg(long)]
    pub region: Option<String>,
    /// When a copy that is there is overwritten
    #[arg(long, value_enum, default_value_t = Overwrite::Newer)]
    pub overwrite: Overwrite,
    /// Remove copies of keys that a rule tells were removed
    #[arg(long)]
    pub deletes: bool,
    /// Restore archived objects of the source to read them
    #[arg(long)]
    pub restore: bool,
    /// For what it is
    #[arg(long, default_value = "")]
    pub description: String,
    #[command(flatten)]
    pub keys: Keys,
}

/// What a task reads and writes with.
#[derive(Args)]
pub(in crate::cli) struct Keys {
    /// The access key of this server that it works with and whose account it belongs to
    /// [default: the root key]
    #[arg(long, value_name = "ACCESS_KEY")]
    pub using: Option<String>,
    /// A key of the other store [default: that of --using for local, else none]
    #[arg(
        long,
        value_name = "ACCESS:SECRET",
        env = "COHONG_SOURCE_KEY",
        hide_env_values = true
    )]
    pub source_key: Option<String>,
    /// The token of a temporary key of the source
    #[arg(
        long,
        value_name = "TOKEN",
        env = "COHONG_SOURCE_TOKEN",
        hide_env_values = true,
        requires = "source_key"
    )]
    pub source_token: Option<String>,
}

/// When a copy that is there is overwritten.
#[derive(Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Overwrite {
    /// When the source is newer, or has another size or another MD5
    Newer,
    /// When the CRC-64 of the source is another
    OtherCrc64,
    /// Always
    Always,
    /// Never
    Never,
}
