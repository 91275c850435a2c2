//! Commands about buckets and what is in them. They speak to a store as any client does.

use std::time::Duration;

use clap::Args;

use super::Style;
use crate::cli::span::span;

/// Longest time that a signed URL may be good for: the vendors' limit.
const EXPIRES_MAX: Duration = Duration::from_hours(7 * 24);

/// Where the store is.
#[derive(Args)]
pub(in crate::cli) struct Store {
    /// Where the server listens for SDKs, or any other store; these commands need a key with --key
    #[arg(
        long,
        value_name = "URL",
        env = "COHONG_ENDPOINT",
        default_value = "http://127.0.0.1:9000"
    )]
    pub endpoint: String,
    /// The region that signatures name [default: cn-beijing for tos, cn-hangzhou for oss, us-east-1 for s3]
    #[arg(long, value_name = "REGION", env = "COHONG_REGION")]
    pub region: Option<String>,
    /// Where buckets stand [default: in paths for addresses and localhost, else in host names; tos: in host names]
    #[arg(long, value_enum)]
    pub style: Option<Style>,
    /// Security token of a temporary key
    #[arg(
        long,
        value_name = "TOKEN",
        env = "COHONG_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
}

#[derive(Args)]
pub(in crate::cli) struct Cp {
    #[command(flatten)]
    pub store: Store,
    /// A file, a folder, - for standard input, or `tos://BUCKET/KEY`, `oss://…` or `s3://…`
    #[arg(value_name = "SOURCE")]
    pub from: String,
    /// The same, with - for standard output; a folder, or a key that ends with /, keeps the name
    #[arg(value_name = "TARGET")]
    pub to: String,
    /// Copy a folder, or all keys below one
    #[arg(long, short)]
    pub recursive: bool,
    /// Media type of what is written [default: by the ending of the key]
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
}

#[derive(Args)]
pub(in crate::cli) struct Mirror {
    #[command(flatten)]
    pub store: Store,
    /// A folder, or `tos://BUCKET/PREFIX`, `oss://…` or `s3://…`
    #[arg(value_name = "SOURCE")]
    pub from: String,
    /// The same
    #[arg(value_name = "TARGET")]
    pub to: String,
    /// Remove from the target what the source does not have
    #[arg(long)]
    pub delete: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Compare content even where size and time say that it is the same
    #[arg(long)]
    pub checksum: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Ls {
    #[command(flatten)]
    pub store: Store,
    /// `tos://`, `oss://` or `s3://` for all buckets, or with a bucket and what keys begin with
    #[arg(default_value = "s3://")]
    pub place: String,
    /// List keys in folders as well
    #[arg(long, short)]
    pub recursive: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Rm {
    #[command(flatten)]
    pub store: Store,
    /// `tos://BUCKET/KEY`, `oss://…` or `s3://…`
    #[arg(required = true)]
    pub places: Vec<String>,
    /// Remove all keys below a folder, or of a bucket
    #[arg(long, short)]
    pub recursive: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Stat {
    #[command(flatten)]
    pub store: Store,
    /// `tos://BUCKET/KEY`, `oss://…` or `s3://…`
    pub place: String,
}

#[derive(Args)]
pub(in crate::cli) struct Presign {
    #[command(flatten)]
    pub store: Store,
    /// `tos://BUCKET/KEY`, `oss://…` or `s3://…`
    pub place: String,
    /// How long the URL is good for, up to 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = expires)]
    pub expires: Duration,
    /// The URL writes the object instead of reading it
    #[arg(long)]
    pub put: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Mb {
    #[command(flatten)]
    pub store: Store,
    /// `tos://BUCKET`, `oss://…` or `s3://…`
    pub place: String,
}

#[derive(Args)]
pub(in crate::cli) struct Rb {
    #[command(flatten)]
    pub store: Store,
    /// `tos://BUCKET`, `oss://…` or `s3://…`
    pub place: String,
    /// Remove all that is in it first: objects, versions of them, uploads that are not complete
    #[arg(long)]
    pub force: bool,
}

fn expires(text: &str) -> Result<Duration, String> {
    let time = span(text)?;
    if time < Duration::from_secs(1) || time > EXPIRES_MAX {
        return Err("URLs are good for 1s to 7d".into());
    }
    Ok(time)
}
