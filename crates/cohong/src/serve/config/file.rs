//! The configuration file: TOML, everything optional, unknown names refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What a configuration file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Data folder.
    pub data: Option<PathBuf>,
    /// Address of the data listener.
    pub listen: Option<String>,
    /// Address of the admin listener.
    pub admin: Option<String>,
    /// Log filter, such as `info` or `cohong=debug`.
    pub log: Option<String>,
    /// How long a restore takes, seconds.
    pub restore_delay_s: Option<u32>,
    /// How long a day of an inventory is, seconds.
    pub inventory_day_s: Option<u32>,
    /// How long lines of access logs wait, seconds.
    pub access_log_delay_s: Option<u32>,
    #[serde(default)]
    pub tls: Tls,
    #[serde(default)]
    pub root: Root,
    #[serde(default)]
    pub egress: Egress,
    #[serde(default)]
    pub tos: Tos,
    #[serde(default)]
    pub oss: Oss,
    #[serde(default)]
    pub s3: S3,
    #[serde(default)]
    pub oms: Oms,
    #[serde(default)]
    pub sync: Sync,
    #[serde(default)]
    pub oas: Oas,
    #[serde(default)]
    pub scrub: Scrub,
}

/// The TLS listener.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// Address of the listener.
    pub listen: Option<String>,
    /// PEM file of the certificate, with its chain.
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key.
    pub private_key: Option<PathBuf>,
    /// Whether the vendors' names are stood for, with an authority of the server's own.
    pub local_ca: Option<bool>,
}

/// The root key.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Root {
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
    /// File that holds the secret key.
    pub secret_key_file: Option<PathBuf>,
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Root")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// Calls to other people's servers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Egress {
    /// `dev` or `prod`.
    pub profile: Option<String>,
    /// Addresses, networks or host names that may be called whatever the profile says.
    #[serde(default)]
    pub allow: Vec<String>,
}

/// The TOS dialect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tos {
    #[serde(default)]
    pub domains: Vec<String>,
    #[serde(default)]
    pub regions: Vec<String>,
    pub default_region: Option<String>,
}

/// The OSS dialect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oss {
    #[serde(default)]
    pub domains: Vec<String>,
    /// Domains that each belong to one bucket, and its name.
    #[serde(default)]
    pub custom_domains: BTreeMap<String, String>,
    #[serde(default)]
    pub regions: Vec<String>,
    pub default_region: Option<String>,
    /// What answers name as the endpoint of buckets.
    pub endpoint: Option<String>,
    /// Where receivers of upload callbacks reach this server to read its public key.
    pub callback_public_url: Option<String>,
}

/// The S3 dialect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct S3 {
    #[serde(default)]
    pub domains: Vec<String>,
    /// Domains that each belong to one bucket, and its name.
    #[serde(default)]
    pub custom_domains: BTreeMap<String, String>,
    /// Domains in front of which buckets are shown as websites.
    #[serde(default)]
    pub website_domains: Vec<String>,
    /// Regions that are accepted; any where there are none.
    #[serde(default)]
    pub regions: Vec<String>,
    pub default_region: Option<String>,
}

/// Sync tasks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sync {
    /// Bodies that all tasks together read at once.
    pub transfers: Option<usize>,
}

/// Reading everything that is stored, to find damage.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scrub {
    /// MiB a second.
    pub mib_per_s: Option<u32>,
    /// Days from the end of a pass to the next.
    pub every_days: Option<u32>,
}

/// The OMS dialect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oms {
    #[serde(default)]
    pub domains: Vec<String>,
    /// The id of every account's project.
    pub project_id: Option<String>,
    /// Most keys of one event.
    pub event_keys_max: Option<usize>,
}

/// The OAS dialect, and the vaults that it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Oas {
    #[serde(default)]
    pub domains: Vec<String>,
    pub default_region: Option<String>,
    /// Most vaults of an account in a region.
    pub vaults_max: Option<usize>,
    /// Smallest part of an upload, bytes.
    pub part_bytes_min: Option<u64>,
    /// How long a job takes at least, seconds.
    pub job_delay_s: Option<u32>,
    /// What `OSSHost` may say.
    #[serde(default)]
    pub oss_hosts: Vec<String>,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot read the configuration file {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the configuration file {path} is wrong: {message}")]
    Parse { path: PathBuf, message: String },
}

impl File {
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
            path: path.into(),
            source,
        })?;
        toml::from_str(&text).map_err(|error| FileError::Parse {
            path: path.into(),
            message: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that tells operators of all settings.
    const PAGE: &str = include_str!("../../../../../docs/ops/configuration.md");

    /// What the reader itself says it knows in a section, so that nothing can be forgotten here.
    fn known(section: &str) -> Vec<String> {
        let text = match section {
            "" => "nonsense = 1".to_owned(),
            name => format!("[{name}]\nnonsense = 1"),
        };
        let error = toml::from_str::<File>(&text)
            .expect_err("nonsense")
            .to_string();
        let (_, names) = error.split_once("expected ").expect("the names");
        names
            .split('`')
            .skip(1)
            .step_by(2)
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn the_page_names_every_setting_of_the_file() {
        let mut settings = known("");
        assert!(settings.len() > 5, "{settings:?}");
        for section in [
            "tls", "root", "egress", "tos", "oss", "s3", "oms", "oas", "sync", "scrub",
        ] {
            let at = settings
                .iter()
                .position(|name| name == section)
                .expect("a section");
            settings.remove(at);
            settings.extend(
                known(section)
                    .iter()
                    .map(|name| format!("{section}.{name}")),
            );
        }
        let rows: Vec<&str> = PAGE
            .lines()
            .filter_map(|line| line.strip_prefix("| `"))
            .collect();
        for setting in &settings {
            let is_it = |row: &&str| row.starts_with(&format!("{setting}` |"));
            assert!(rows.iter().any(is_it), "{setting} is not on the page");
        }
    }

    #[test]
    fn the_complete_file_of_the_page_is_one_and_leaves_out_only_the_plain_secret() {
        let (_, rest) = PAGE.split_once("```toml\n").expect("a file");
        let (text, _) = rest.split_once("```").expect("its end");
        let File {
            data,
            listen,
            admin,
            log,
            restore_delay_s,
            inventory_day_s,
            access_log_delay_s,
            tls,
            root,
            egress,
            tos,
            oss,
            s3,
            oms,
            oas,
            sync,
            scrub,
        } = toml::from_str(text).expect("a configuration file");
        assert!(restore_delay_s.is_some() && inventory_day_s.is_some());
        assert!(access_log_delay_s.is_some());
        assert!(data.is_some() && listen.is_some() && admin.is_some() && log.is_some());
        assert!(tls.listen.is_some() && tls.certificate.is_some() && tls.private_key.is_some());
        assert!(tls.local_ca.is_some());
        assert!(root.access_key.is_some() && root.secret_key_file.is_some());
        assert!(egress.profile.is_some() && !egress.allow.is_empty());
        assert!(!tos.domains.is_empty() && !tos.regions.is_empty() && tos.default_region.is_some());
        assert!(!oss.domains.is_empty() && !oss.regions.is_empty() && oss.default_region.is_some());
        assert!(!oss.custom_domains.is_empty() && oss.endpoint.is_some());
        assert!(oss.callback_public_url.is_some());
        assert!(!s3.domains.is_empty() && !s3.regions.is_empty() && s3.default_region.is_some());
        assert!(!s3.custom_domains.is_empty() && !s3.website_domains.is_empty());
        assert!(!oms.domains.is_empty() && oms.project_id.is_some());
        assert!(oms.event_keys_max.is_some());
        assert!(sync.transfers.is_some());
        assert!(scrub.mib_per_s.is_some() && scrub.every_days.is_some());
        assert!(!oas.domains.is_empty() && oas.default_region.is_some());
        assert!(oas.vaults_max.is_some() && oas.part_bytes_min.is_some());
        assert!(oas.job_delay_s.is_some() && !oas.oss_hosts.is_empty());
    }
}
