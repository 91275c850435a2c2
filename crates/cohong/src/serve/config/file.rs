//! The configuration file: TOML, everything optional, unknown names refused.

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
    #[serde(default)]
    pub root: Root,
    #[serde(default)]
    pub egress: Egress,
    #[serde(default)]
    pub tos: Tos,
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
