//! What can be typed. Flags win over variables; for the server both win over the configuration file.

pub(super) mod archive;
pub(super) mod buckets;
pub(super) mod sync;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cohong_egress::Speech;

use super::span::span;
use crate::serve::config::Written;

#[derive(Parser)]
#[command(
    name = "cohong",
    version,
    about = "An object store that the clouds' own SDKs talk to",
    after_help = "Without a command, cohong serves with defaults.\n\
                  Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is still owed (events wait)."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that stand before or after the command.
#[derive(Args, Clone, Default)]
pub(super) struct Common {
    /// Data folder; commands find the server on this machine through it [default: ./cohong-data]
    #[arg(long, global = true, value_name = "DIR", env = "COHONG_DATA")]
    pub data: Option<PathBuf>,
    /// Admin address: where `serve` listens [default: 127.0.0.1:9001], or the server that a command
    /// with --key means
    #[arg(long, global = true, value_name = "HOST:PORT", env = "COHONG_ADMIN")]
    pub admin: Option<String>,
    /// A root key, for a command to a server on another machine
    #[arg(
        long,
        global = true,
        value_name = "ACCESS:SECRET",
        env = "COHONG_KEY",
        hide_env_values = true
    )]
    pub key: Option<String>,
    /// Write JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run the server
    Serve(Serve),
    /// See what it can do: a tour of a few seconds in a temporary folder
    Demo,
    /// Check the configuration and show the settings in force; needs no server
    Check(Serve),
    /// Look for what is wrong with a server or its folder
    Doctor(Doctor),
    /// Read everything that is stored now, to find damage
    Scrub(Scrub),
    /// Copy all data into a new folder while the server goes on
    Backup(Backup),
    /// Make a new data folder of a backup; needs no server: cohong restore DIR --server-key FILE --data NEW
    Restore(Restore),
    /// Shell variables that lead the vendors' SDKs to this server: eval "$(cohong env)"
    Env(Env),
    /// Access keys
    #[command(subcommand)]
    Key(Key),
    /// Functions that notification rules call
    #[command(subcommand)]
    Function(Function),
    /// Stores that sync tasks read from
    #[command(subcommand)]
    Source(Source),
    /// Tasks that copy objects from elsewhere, or from bucket to bucket
    #[command(subcommand)]
    Sync(sync::Sync),
    /// Copy files and objects: into a bucket, out of it, from one to another
    Cp(buckets::Cp),
    /// Make a bucket or folder like another one: only what differs is copied
    Mirror(buckets::Mirror),
    /// List buckets, or the keys of one
    Ls(buckets::Ls),
    /// Remove objects
    Rm(buckets::Rm),
    /// Show an object, or whether a bucket is there
    Stat(buckets::Stat),
    /// Make a URL that reads or writes an object without a key
    Presign(buckets::Presign),
    /// Make a bucket
    Mb(buckets::Mb),
    /// Remove a bucket
    Rb(buckets::Rb),
    /// Vaults of the archive service
    Vault(archive::At<archive::Vault>),
    /// Archives: files stored in vaults, brought back by jobs
    Archive(archive::At<archive::Archive>),
    /// Jobs that bring archives back
    Job(archive::At<archive::Job>),
    /// What a vault holds, as a document
    Inventory(archive::Inventory),
    /// Notifications: what is owed, what was given up, sending again
    #[command(subcommand)]
    Events(Events),
    /// What uploads of a key caused: callback, events, attempts
    Trace(Trace),
    /// Completions for a shell, to be sourced
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

#[derive(Args, Default)]
pub(super) struct Serve {
    /// Address for SDKs [default: 127.0.0.1:9000]; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", env = "COHONG_LISTEN")]
    listen: Option<String>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "COHONG_CONFIG")]
    config: Option<PathBuf>,
    /// Address for SDKs over TLS, beside the plain one; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", env = "COHONG_TLS_LISTEN")]
    tls_listen: Option<String>,
    /// Certificate for it, with its chain, in PEM
    #[arg(long, value_name = "FILE", env = "COHONG_TLS_CERTIFICATE")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "COHONG_TLS_PRIVATE_KEY")]
    tls_private_key: Option<PathBuf>,
    /// Log filter, such as info or cohong=debug [default: info]
    #[arg(long, value_name = "FILTER", env = "COHONG_LOG")]
    log: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

/// Settings that are variables only: secrets do not belong on a command line that others can see, and
/// lists are better kept in a file.
#[derive(Args, Default)]
struct Variables {
    #[arg(long = "root-access-key", hide = true, env = "COHONG_ROOT_ACCESS_KEY")]
    root_access_key: Option<String>,
    #[arg(
        long = "root-secret-key",
        hide = true,
        env = "COHONG_ROOT_SECRET_KEY",
        hide_env_values = true
    )]
    root_secret_key: Option<String>,
    #[arg(
        long = "root-secret-key-file",
        hide = true,
        env = "COHONG_ROOT_SECRET_KEY_FILE"
    )]
    root_secret_key_file: Option<PathBuf>,
    #[arg(long = "egress-profile", hide = true, env = "COHONG_EGRESS_PROFILE")]
    egress_profile: Option<String>,
    #[arg(
        long = "egress-allow",
        hide = true,
        env = "COHONG_EGRESS_ALLOW",
        value_delimiter = ','
    )]
    egress_allow: Option<Vec<String>>,
    #[arg(long = "tls-local-ca", hide = true, env = "COHONG_TLS_LOCAL_CA")]
    tls_local_ca: Option<bool>,
}

impl Serve {
    /// What was written for the server.
    pub(super) fn written(self, common: Common) -> Written {
        Written {
            config: self.config,
            data: common.data,
            listen: self.listen,
            admin: common.admin,
            log: self.log,
            tls_listen: self.tls_listen,
            tls_certificate: self.tls_certificate,
            tls_private_key: self.tls_private_key,
            root_access_key: self.variables.root_access_key,
            root_secret_key: self.variables.root_secret_key,
            root_secret_key_file: self.variables.root_secret_key_file,
            egress_profile: self.variables.egress_profile,
            egress_allow: self.variables.egress_allow,
            tls_local_ca: self.variables.tls_local_ca,
        }
    }
}

#[derive(Args)]
pub(super) struct Doctor {
    /// Put right what can be put right without guessing, then look
    #[arg(long)]
    pub repair: bool,
}

#[derive(Args)]
pub(super) struct Scrub {
    /// MiB to read in a second; 0 for as fast as it goes [default: as configured]
    #[arg(long, value_name = "N")]
    pub mib_per_s: Option<u32>,
}

#[derive(Args)]
pub(super) struct Backup {
    /// The folder to be made, on the machine of the server
    pub to: PathBuf,
}

#[derive(Args)]
pub(super) struct Restore {
    /// The folder of the backup
    pub from: PathBuf,
    /// The key of the server that was backed up: `server.key` of its data folder
    #[arg(long, value_name = "FILE")]
    pub server_key: PathBuf,
}

#[derive(Args)]
pub(super) struct Env {
    /// A host that programs reach without this server, which refuses those of others; may be repeated
    #[arg(long, value_name = "HOST")]
    pub direct: Vec<String>,
}

#[derive(Subcommand)]
pub(super) enum Key {
    /// Make a key; its secret is shown only now
    Create {
        /// Whose key it is; the account is made with its first key
        #[arg(long, default_value = "root")]
        account: String,
        /// Make a temporary key with a security token, such as 15m or 1h
        #[arg(long, value_name = "TIME", value_parser = span)]
        temporary: Option<Duration>,
    },
    /// List keys, without secrets
    Ls {
        /// Only those of this account
        #[arg(long)]
        account: Option<String>,
    },
    /// Remove a key
    Rm {
        /// The access key
        #[arg(value_name = "ACCESS_KEY")]
        access: String,
    },
    /// Show the secret that signs messages to webhooks, for those who receive them
    Webhook,
    /// Show the public key that verifies upload callbacks, and where receivers read it
    Callback {
        /// Make another key; the one before stays readable until the next is made
        #[arg(long)]
        rotate: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum Function {
    /// Register a function, or give it another URL
    Add {
        /// The name that rules use
        name: String,
        /// Where it is called; not contacted now
        url: String,
    },
    /// List functions
    Ls,
    /// Forget a function; what is owed to it waits until it is added again
    Rm {
        /// Its name
        name: String,
    },
    /// Send a made-up event and show what comes of it
    Test {
        /// Its name
        name: String,
    },
}

#[derive(Subcommand)]
pub(super) enum Source {
    /// Register where a kind of store is, or change it; not contacted now
    Add(AddSource),
    /// List sources
    Ls,
    /// Forget a source; tasks that read from it do so until they are started again
    Rm {
        /// Its name
        name: String,
    },
}

#[derive(Args)]
pub(super) struct AddSource {
    /// A name for it
    pub name: String,
    /// Kind of the store as sync tasks name it, such as AWS
    #[arg(long)]
    pub cloud: String,
    /// Its region as sync tasks name it, or * for all
    #[arg(long)]
    pub region: String,
    /// Its URL; {region} in it stands for the region of the task
    #[arg(long, value_name = "URL")]
    pub endpoint: String,
    /// How it is spoken to
    #[arg(long, default_value = "s3", value_parser = Speech::ALL.map(Speech::word))]
    pub kind: String,
    /// Where buckets stand: in host names or in paths
    #[arg(long, value_enum, default_value_t = Style::Virtual)]
    pub style: Style,
    /// The region that signatures name [default: that of the task; for oss none]
    #[arg(long, value_name = "REGION")]
    pub signing_region: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Style {
    /// The bucket is the first part of the path
    Path,
    /// The bucket stands in front of the host
    Virtual,
}

#[derive(Subcommand)]
pub(super) enum Events {
    /// Who is told about which bucket, and what is owed
    Ls,
    /// The last events of a bucket, or of all
    Tail {
        /// The bucket
        bucket: Option<String>,
        /// Go on with what comes
        #[arg(long, short)]
        follow: bool,
        /// How many
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        lines: u16,
    },
    /// Events that were given up
    Dead {
        #[command(subcommand)]
        order: Option<Dead>,
    },
    /// Send past events of a bucket once more, marked as a replay
    Replay(Replay),
    /// Wait until everything owed now is delivered
    Wait {
        /// How long at most, such as 60s or 5m
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = span)]
        timeout: Duration,
    },
    /// Give up what a destination is owed about a bucket; it moves to the dead events
    Cancel {
        /// The bucket
        bucket: String,
        /// function:NAME or webhook:URL, as `events ls` shows it
        destination: String,
    },
}

#[derive(Subcommand)]
pub(super) enum Dead {
    /// List them
    Ls {
        /// Only those of this bucket
        #[arg(long)]
        bucket: Option<String>,
    },
    /// Send them once more; those accepted are dead no longer
    Redrive {
        /// Only those of this bucket
        #[arg(long)]
        bucket: Option<String>,
        /// Only those of this destination, as `events ls` shows it
        #[arg(long)]
        destination: Option<String>,
        /// Only this event
        #[arg(long)]
        id: Option<u64>,
    },
}

#[derive(Args)]
pub(super) struct Replay {
    /// The bucket
    pub bucket: String,
    /// Events of this instant and later, such as 2026-01-31T13:45:00Z
    #[arg(long)]
    pub from: Option<String>,
    /// Events before this instant
    #[arg(long)]
    pub to: Option<String>,
    /// Only keys that begin with this
    #[arg(long, default_value = "")]
    pub prefix: String,
    /// Only keys that end with this
    #[arg(long, default_value = "")]
    pub suffix: String,
    /// Tell this destination, function:NAME or webhook:URL, instead of those that were told
    #[arg(long)]
    pub destination: Option<String>,
}

#[derive(Args)]
pub(super) struct Trace {
    /// Bucket and key, such as photos/2026/cat.jpg
    #[arg(value_name = "BUCKET/KEY")]
    pub object: String,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_page_names_every_flag_and_variable_of_the_server() {
        let page = include_str!("../../../../docs/ops/configuration.md");
        let mut cli = Cli::command();
        cli.build();
        let serve = cli.find_subcommand("serve").expect("a command");
        let mut variables = 0;
        for arg in serve
            .get_arguments()
            .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        {
            if let Some(variable) = arg.get_env().and_then(|name| name.to_str()) {
                assert!(
                    page.contains(&format!("`{variable}`")),
                    "{variable} is not on the page"
                );
                variables += 1;
            }
            let long = arg.get_long().filter(|_| !arg.is_hide_set());
            let Some(long) = long else { continue };
            let is_there =
                page.contains(&format!("`--{long}`")) || page.contains(&format!("`--{long} "));
            assert!(is_there, "--{long} is not on the page");
        }
        assert!(variables > 10, "{variables}");
    }

    #[test]
    fn flags_for_all_commands_stand_before_or_after_them() {
        let lines = [
            "cohong --data d --json --key AK:SK --admin h:1 events dead ls",
            "cohong events --data d dead --json ls --key AK:SK --admin h:1",
            "cohong events dead ls --data d --json --key AK:SK --admin h:1",
        ];
        for line in lines {
            let cli = Cli::try_parse_from(line.split(' ')).expect("an order");
            let common = cli.common;
            assert_eq!(common.data.as_deref(), Some("d".as_ref()), "{line}");
            assert_eq!(common.key.as_deref(), Some("AK:SK"), "{line}");
            assert_eq!(common.admin.as_deref(), Some("h:1"), "{line}");
            assert!(common.json, "{line}");
        }
    }

    #[test]
    fn orders_are_read_and_wrong_ones_refused() {
        let good = [
            "serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 --data d --config c --json",
            "check --config c",
            "doctor",
            "demo --json",
            "env --direct pypi.org --direct .example.org",
            "key create --account a --temporary 1h",
            "function add team:resize/2 http://127.0.0.1:8080/",
            "source add a --cloud AWS --region * --endpoint http://127.0.0.1:9000 --style path",
            "sync create local/photos/2026/ local/copies --deletes --overwrite always --using AK",
            "sync create minio/photos local/copies --source-key AK:SK --source-token T --restore",
            "sync push 0 a -",
            "sync wait 0 --timeout 5m --since 1h",
            "sync start 0 --source-key AK:SK",
            "events tail photos --follow -n 5",
            "events dead",
            "events dead redrive --bucket b --destination function:f --id 7",
            "events replay b --from x --to y --prefix p --suffix s --destination d",
            "events wait --timeout 5m",
            "trace photos/2026/cat.jpg",
            "vault create backups --endpoint http://127.0.0.1:9000",
            "vault --endpoint h:9000 ls",
            "archive put backups f --description d",
            "archive put backups f --resume U",
            "archive get backups A f --range 0-1048575",
            "archive ls backups --uploads",
            "archive rm backups A",
            "job wait backups J --timeout 4h",
            "job get backups J f",
            "inventory backups f",
            "cp f s3://b/k --endpoint http://h:9000 --content-type text/plain",
            "cp -r tos://b/p/ d",
            "cp - oss://b/k --region cn-hangzhou --style virtual --token t",
            "mirror d s3://b --delete --dry-run --checksum",
            "ls",
            "ls -r oss://b/p",
            "rm s3://b/k s3://b/l",
            "stat tos://b/k",
            "presign s3://b/k --expires 7d --put",
            "mb s3://b",
            "rb s3://b --force",
            "completions bash",
        ];
        for line in good {
            let words = ["cohong"].into_iter().chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
        let bad = [
            "function add resize",
            "source add a --cloud AWS --region r",
            "source add a --cloud AWS --region r --endpoint https://s --kind ftp",
            "sync create local/photos",
            "sync create local/photos local/copies --source-token T",
            "sync create local/photos local/copies --overwrite sometimes",
            "sync push 0",
            "events replay",
            "events tail -n 0",
            "events wait --timeout soon",
            "key rm",
            "serve extra",
            "demo extra",
            "trace",
            "archive put backups f --resume U --description d",
            "archive get backups A",
            "archive get backups A f --range 5-1",
            "job wait backups",
            "cp f",
            "mirror d",
            "rm",
            "presign s3://b/k --expires 8d",
            "presign s3://b/k --expires 0",
            "completions tcl",
        ];
        for line in bad {
            let words = ["cohong"].into_iter().chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
