//! What the configuration means: validated, defaults resolved.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use cohong_core::engine::{Secret, VaultSettings};
use cohong_core::limits::{INVENTORY_DAY, SYNC_TRANSFERS, SYNC_TRANSFERS_MAX};
use cohong_core::model::BucketName;

use super::{File, FileError};
use crate::serve::scrub::Pace;

/// What was written on the command line and in variables; both win over the file.
#[derive(Default)]
pub(crate) struct Written {
    pub config: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub listen: Option<String>,
    pub admin: Option<String>,
    pub log: Option<String>,
    pub tls_listen: Option<String>,
    pub tls_certificate: Option<PathBuf>,
    pub tls_private_key: Option<PathBuf>,
    pub root_access_key: Option<String>,
    pub root_secret_key: Option<String>,
    pub root_secret_key_file: Option<PathBuf>,
    pub egress_profile: Option<String>,
    pub egress_allow: Option<Vec<String>>,
    pub tls_local_ca: Option<bool>,
}

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// Loopback and private addresses too.
    Dev,
    /// Public addresses and what is allowed by name.
    Prod,
}

/// The TLS listener.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub listen: SocketAddr,
    /// What it speaks with; without, the server's own authority vouches.
    pub files: Option<TlsFiles>,
}

/// A certificate in two files.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// PEM file of the certificate, with its chain.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub private_key: PathBuf,
}

/// Everything the server is built from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    /// The listener beside the plain one, when there is one.
    pub tls: Option<Tls>,
    /// Whether the vendors' names are stood for, with an authority of the server's own.
    pub local_ca: bool,
    pub log: String,
    pub restore_delay: Duration,
    /// How long a day of an inventory is.
    pub inventory_day: Duration,
    /// How long lines of access logs wait for others.
    pub access_log_delay: Duration,
    pub root: Option<(String, Secret)>,
    pub profile: Profile,
    pub allow: Vec<String>,
    pub tos: cohong_dialects::tos::Options,
    pub oss: cohong_dialects::oss::Options,
    pub s3: cohong_dialects::s3::Options,
    pub oms: cohong_dialects::oms::Options,
    /// Bodies that all sync tasks together read at once.
    pub sync_transfers: usize,
    pub oas: cohong_dialects::oas::Options,
    pub vaults: VaultSettings,
    /// Without a slash at its end.
    pub callback_public_url: Option<String>,
    pub scrub: Pace,
}

/// A configuration that makes no sense. Says which setting to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{setting} = {value:?} is not an address such as 127.0.0.1:9000")]
    Address {
        setting: &'static str,
        value: String,
    },
    #[error("tls.certificate and tls.private_key are given together, and with tls.listen")]
    HalfTls,
    #[error(
        "tls.listen needs tls.certificate and tls.private_key, or tls.local_ca = true for programs that trust a \
         certificate of this server's own making"
    )]
    NoCertificate,
    #[error("egress.profile = {0:?} is neither \"dev\" nor \"prod\"")]
    Profile(String),
    #[error(
        "{0}.custom_domains names {1:?}, which cannot be a bucket; write \"domain\" = \"bucket\""
    )]
    CustomDomain(&'static str, String),
    #[error(
        "oss.callback_public_url = {0:?} is no http or https URL without query, such as http://oss.example.org:9000"
    )]
    PublicUrl(String),
    #[error("inventory_day_s = 0 leaves no time to write anything; the default is 86400")]
    InventoryDay,
    #[error("oms.project_id has 1 to 1024 letters, digits, '-' and '_'")]
    ProjectId,
    #[error("oms.event_keys_max = {0} is not between 1 and 100")]
    EventKeys(usize),
    #[error("sync.transfers = {0} is not between 1 and {SYNC_TRANSFERS_MAX}")]
    Transfers(usize),
    #[error("oas.vaults_max = {0} is not between 1 and {VAULTS_MOST}")]
    Vaults(usize),
    #[error("oas.part_bytes_min = {0} is no multiple of 1048576 up to 4294967296")]
    PartBytes(u64),
    #[error("root.access_key and root.secret_key are given together or not at all")]
    HalfRoot,
    #[error("the root {0} has 1 to 128 printable characters and no comma")]
    Root(&'static str),
    #[error("cannot read root.secret_key_file {path}")]
    SecretFile {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl Settings {
    /// Puts flags and variables over the file over the defaults.
    pub(crate) fn resolve(written: Written) -> Result<Self, SettingsError> {
        let file = match &written.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let listen = written
            .listen
            .or(file.listen)
            .unwrap_or_else(|| "127.0.0.1:9000".into());
        let listen = address("listen", listen)?;
        let admin = written
            .admin
            .or(file.admin)
            .unwrap_or_else(|| "127.0.0.1:9001".into());
        let tls = tls(
            written.tls_listen.or(file.tls.listen),
            written.tls_certificate.or(file.tls.certificate),
            written.tls_private_key.or(file.tls.private_key),
        )?;
        let local_ca = written.tls_local_ca.or(file.tls.local_ca);
        let profile = written.egress_profile.or(file.egress.profile);
        let all_loopback = [Some(listen), tls.as_ref().map(|tls| tls.listen)]
            .iter()
            .flatten()
            .all(|at| at.ip().is_loopback());
        let local_ca = local_ca.unwrap_or(all_loopback);
        if !local_ca && tls.as_ref().is_some_and(|tls| tls.files.is_none()) {
            return Err(SettingsError::NoCertificate);
        }
        let secret = match written.root_secret_key_file.or(file.root.secret_key_file) {
            Some(path) => Some(read_secret(path)?),
            None => written.root_secret_key.or(file.root.secret_key),
        };
        Ok(Self {
            data: written
                .data
                .or(file.data)
                .unwrap_or_else(|| "cohong-data".into()),
            listen,
            admin: address("admin", admin)?,
            log: written.log.or(file.log).unwrap_or_else(|| "info".into()),
            restore_delay: Duration::from_secs(file.restore_delay_s.unwrap_or(0).into()),
            inventory_day: inventory_day(file.inventory_day_s)?,
            access_log_delay: file
                .access_log_delay_s
                .map_or(ACCESS_LOG_DELAY, |s| Duration::from_secs(s.into())),
            root: root(written.root_access_key.or(file.root.access_key), secret)?,
            tls,
            local_ca,
            profile: profile_of(profile.as_deref(), all_loopback)?,
            allow: written.egress_allow.unwrap_or(file.egress.allow),
            tos: tos(file.tos),
            callback_public_url: (file.oss.callback_public_url.clone())
                .map(public_url)
                .transpose()?,
            oss: oss(file.oss)?,
            s3: s3(file.s3)?,
            oms: oms(file.oms)?,
            sync_transfers: transfers(file.sync.transfers)?,
            vaults: vaults(&file.oas)?,
            oas: oas(file.oas)?,
            scrub: scrub(&file.scrub),
        })
    }

    /// The settings in force as JSON, without secrets.
    pub(crate) fn shown(&self) -> serde_json::Value {
        let files = self.tls.as_ref().and_then(|tls| tls.files.as_ref());
        serde_json::json!({
            "data": self.data,
            "listen": self.listen.to_string(),
            "admin": self.admin.to_string(),
            "tls": {
                "listen": self.tls.as_ref().map(|tls| tls.listen.to_string()),
                "certificate": files.map(|files| &files.certificate),
                "private_key": files.map(|files| &files.private_key),
                "local_ca": self.local_ca,
            },
            "log": self.log,
            "restore_delay_s": self.restore_delay.as_secs(),
            "inventory_day_s": self.inventory_day.as_secs(),
            "access_log_delay_s": self.access_log_delay.as_secs(),
            "root": { "access_key": self.root.as_ref().map(|(access, _)| access) },
            "egress": { "profile": self.profile, "allow": self.allow },
            "tos": {
                "domains": self.tos.domains,
                "regions": self.tos.regions,
                "default_region": self.tos.default_region,
            },
            "oss": {
                "domains": self.oss.domains,
                "custom_domains": self.oss.custom_domains,
                "regions": self.oss.regions,
                "default_region": self.oss.default_region,
                "endpoint": self.oss.endpoint,
                "callback_public_url": self.callback_public_url,
            },
            "s3": {
                "domains": self.s3.domains,
                "custom_domains": self.s3.custom_domains,
                "website_domains": self.s3.website_domains,
                "regions": self.s3.regions,
                "default_region": self.s3.default_region,
            },
            "oms": {
                "domains": self.oms.domains,
                "project_id": self.oms.project_id,
                "event_keys_max": self.oms.event_keys_max,
            },
            "sync": { "transfers": self.sync_transfers },
            "scrub": {
                "mib_per_s": self.scrub.bytes_per_s >> 20,
                "every_days": self.scrub.every.as_secs() / DAY_S,
            },
            "oas": {
                "domains": self.oas.domains,
                "default_region": self.oas.default_region,
                "vaults_max": self.vaults.vaults_max,
                "part_bytes_min": self.oas.part_bytes_min,
                "job_delay_s": self.vaults.job_delay.as_secs(),
                "oss_hosts": self.oas.oss_hosts,
            },
        })
    }
}

/// How long lines of access logs wait where nothing is said: an object of some lines costs as much as one of many,
/// and whoever looks for a request does not wait for an hour.
const ACCESS_LOG_DELAY: Duration = Duration::from_mins(5);

fn inventory_day(written: Option<u32>) -> Result<Duration, SettingsError> {
    match written {
        None => Ok(INVENTORY_DAY),
        Some(0) => Err(SettingsError::InventoryDay),
        Some(seconds) => Ok(Duration::from_secs(seconds.into())),
    }
}

/// A few hundredths of what a disk reads: nobody notices, and a terabyte takes a day and a half.
const SCRUB_MIB_PER_S: u32 = 8;
const SCRUB_EVERY_DAYS: u32 = 7;
const DAY_S: u64 = 24 * 60 * 60;

fn scrub(written: &super::file::Scrub) -> Pace {
    let mib = written.mib_per_s.unwrap_or(SCRUB_MIB_PER_S);
    let days = written.every_days.unwrap_or(SCRUB_EVERY_DAYS);
    Pace {
        bytes_per_s: u64::from(mib) << 20,
        every: Duration::from_secs(u64::from(days) * DAY_S),
    }
}

fn address(setting: &'static str, value: String) -> Result<SocketAddr, SettingsError> {
    let found = value
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next());
    found.ok_or(SettingsError::Address { setting, value })
}

/// Private receivers are what a developer has; whoever listens to the world says what may be called.
fn profile_of(written: Option<&str>, all_loopback: bool) -> Result<Profile, SettingsError> {
    match written {
        Some("dev") => Ok(Profile::Dev),
        Some("prod") => Ok(Profile::Prod),
        Some(other) => Err(SettingsError::Profile(other.into())),
        None if all_loopback => Ok(Profile::Dev),
        None => Ok(Profile::Prod),
    }
}

fn tls(
    listen: Option<String>,
    certificate: Option<PathBuf>,
    private_key: Option<PathBuf>,
) -> Result<Option<Tls>, SettingsError> {
    let files = match (certificate, private_key) {
        (None, None) => None,
        (Some(certificate), Some(private_key)) => Some(TlsFiles {
            certificate,
            private_key,
        }),
        _ => return Err(SettingsError::HalfTls),
    };
    match (listen, files) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(SettingsError::HalfTls),
        (Some(listen), files) => Ok(Some(Tls {
            listen: address("tls.listen", listen)?,
            files,
        })),
    }
}

fn read_secret(path: PathBuf) -> Result<String, SettingsError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
        Err(source) => Err(SettingsError::SecretFile { path, source }),
    }
}

fn root(
    access: Option<String>,
    secret: Option<String>,
) -> Result<Option<(String, Secret)>, SettingsError> {
    let printable = |text: &str| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
    };
    match (access, secret) {
        (None, None) => Ok(None),
        (Some(access), Some(_)) if !printable(&access) => Err(SettingsError::Root("access key")),
        (Some(_), Some(secret)) if !printable(&secret) => Err(SettingsError::Root("secret key")),
        (Some(access), Some(secret)) => Ok(Some((access, Secret::new(&secret)))),
        _ => Err(SettingsError::HalfRoot),
    }
}

/// What paths of this server can be appended to.
fn public_url(text: String) -> Result<String, SettingsError> {
    let plain = text.parse::<http::Uri>().is_ok_and(|url| {
        let web = matches!(url.scheme_str(), Some("http" | "https"));
        let host = url.host().is_some_and(|host| !host.is_empty());
        web && host && url.query().is_none() && !text.contains(['@', '#'])
    });
    if !plain {
        return Err(SettingsError::PublicUrl(text));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn tos(file: super::file::Tos) -> cohong_dialects::tos::Options {
    let default = cohong_dialects::tos::Options::default();
    cohong_dialects::tos::Options {
        domains: file.domains,
        regions: file.regions,
        default_region: file.default_region.unwrap_or(default.default_region),
        host_id: default.host_id,
    }
}

fn oss(file: super::file::Oss) -> Result<cohong_dialects::oss::Options, SettingsError> {
    let default = cohong_dialects::oss::Options::default();
    check_domains("oss", &file.custom_domains)?;
    Ok(cohong_dialects::oss::Options {
        domains: file.domains,
        custom_domains: file.custom_domains,
        regions: file.regions,
        default_region: file.default_region.unwrap_or(default.default_region),
        endpoint: file.endpoint,
    })
}

fn s3(file: super::file::S3) -> Result<cohong_dialects::s3::Options, SettingsError> {
    let default = cohong_dialects::s3::Options::default();
    check_domains("s3", &file.custom_domains)?;
    Ok(cohong_dialects::s3::Options {
        domains: file.domains,
        custom_domains: file.custom_domains,
        website_domains: file.website_domains,
        regions: file.regions,
        default_region: file.default_region.unwrap_or(default.default_region),
        host_id: default.host_id,
    })
}

/// Checks that every domain of a bucket's own names a bucket.
fn check_domains(
    section: &'static str,
    domains: &BTreeMap<String, String>,
) -> Result<(), SettingsError> {
    for bucket in domains.values() {
        BucketName::new(bucket)
            .map_err(|_| SettingsError::CustomDomain(section, bucket.clone()))?;
    }
    Ok(())
}

fn transfers(written: Option<usize>) -> Result<usize, SettingsError> {
    let transfers = written.unwrap_or(SYNC_TRANSFERS);
    if !(1..=SYNC_TRANSFERS_MAX).contains(&transfers) {
        return Err(SettingsError::Transfers(transfers));
    }
    Ok(transfers)
}

/// Most vaults that may be allowed: the names of all are read when one is made or listed.
const VAULTS_MOST: usize = 10_000;

fn vaults(file: &super::file::Oas) -> Result<VaultSettings, SettingsError> {
    let default = VaultSettings::default();
    let vaults_max = file.vaults_max.unwrap_or(default.vaults_max);
    if !(1..=VAULTS_MOST).contains(&vaults_max) {
        return Err(SettingsError::Vaults(vaults_max));
    }
    let delay = file.job_delay_s.map(|s| Duration::from_secs(s.into()));
    Ok(VaultSettings {
        vaults_max,
        job_delay: delay.unwrap_or(default.job_delay),
    })
}

fn oas(file: super::file::Oas) -> Result<cohong_dialects::oas::Options, SettingsError> {
    const MIB: u64 = 1 << 20;
    let default = cohong_dialects::oas::Options::default();
    let part_bytes_min = file.part_bytes_min.unwrap_or(default.part_bytes_min);
    if !(MIB..=4096 * MIB).contains(&part_bytes_min) || !part_bytes_min.is_multiple_of(MIB) {
        return Err(SettingsError::PartBytes(part_bytes_min));
    }
    Ok(cohong_dialects::oas::Options {
        domains: file.domains,
        default_region: file.default_region.unwrap_or(default.default_region),
        part_bytes_min,
        oss_hosts: file.oss_hosts,
    })
}

fn oms(file: super::file::Oms) -> Result<cohong_dialects::oms::Options, SettingsError> {
    let default = cohong_dialects::oms::Options::default();
    // It stands in paths.
    let plain = |id: &str| {
        let of_path = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
        (1..=1024).contains(&id.len()) && id.bytes().all(of_path)
    };
    if file.project_id.as_deref().is_some_and(|id| !plain(id)) {
        return Err(SettingsError::ProjectId);
    }
    let event_keys_max = file.event_keys_max.unwrap_or(default.event_keys_max);
    if !(1..=default.event_keys_max).contains(&event_keys_max) {
        return Err(SettingsError::EventKeys(event_keys_max));
    }
    Ok(cohong_dialects::oms::Options {
        domains: file.domains,
        project_id: file.project_id,
        event_keys_max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(change: impl FnOnce(&mut Written)) -> Result<Settings, SettingsError> {
        let mut written = Written::default();
        change(&mut written);
        Settings::resolve(written)
    }

    #[test]
    fn defaults_run_on_loopback_for_developers() {
        let settings = resolve(|_| {}).expect("defaults");
        assert_eq!(settings.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(settings.admin.to_string(), "127.0.0.1:9001");
        assert_eq!(settings.profile, Profile::Dev);
        assert!(settings.root.is_none());
    }

    #[test]
    fn whoever_listens_to_the_world_calls_only_the_world() {
        let settings = resolve(|w| w.listen = Some("0.0.0.0:9000".into())).expect("settings");
        assert_eq!(settings.profile, Profile::Prod);
        let settings = resolve(|w| secured(w, "0.0.0.0:9443")).expect("settings");
        assert_eq!(settings.profile, Profile::Prod);
        let settings = resolve(|w| secured(w, "127.0.0.1:9443")).expect("settings");
        assert_eq!(settings.profile, Profile::Dev);
    }

    #[test]
    fn names_of_others_are_stood_for_on_this_machine_only_unless_asked() {
        let local = |change: fn(&mut Written)| resolve(change).expect("settings").local_ca;
        assert!(local(|_| {}));
        assert!(local(|w| w.tls_listen = Some("127.0.0.1:9443".into())));
        assert!(!local(|w| w.listen = Some("0.0.0.0:9000".into())));
        assert!(!local(|w| secured(w, "0.0.0.0:9443")));
        assert!(!local(|w| w.tls_local_ca = Some(false)));
        assert!(local(|w| {
            w.listen = Some("0.0.0.0:9000".into());
            w.tls_listen = Some("0.0.0.0:9443".into());
            w.tls_local_ca = Some(true);
        }));
    }

    fn secured(written: &mut Written, listen: &str) {
        written.tls_listen = Some(listen.into());
        written.tls_certificate = Some("cert.pem".into());
        written.tls_private_key = Some("key.pem".into());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let bad: [fn(&mut Written); 9] = [
            |w| w.listen = Some("nowhere".into()),
            |w| w.tls_listen = Some("0.0.0.0:9443".into()),
            |w| {
                w.tls_listen = Some("127.0.0.1:9443".into());
                w.tls_local_ca = Some(false);
            },
            |w| w.tls_certificate = Some("cert.pem".into()),
            |w| secured(w, "nowhere"),
            |w| w.egress_profile = Some("open".into()),
            |w| w.root_access_key = Some("a".into()),
            |w| {
                w.root_access_key = Some("a b".into());
                w.root_secret_key = Some("s".into());
            },
            |w| w.root_secret_key_file = Some("/nonexistent/secret".into()),
        ];
        for (n, change) in bad.into_iter().enumerate() {
            assert!(resolve(change).is_err(), "case {n}");
        }
    }

    #[test]
    fn a_file_is_read_and_flags_win() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("cohong.toml");
        let text = "listen = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"\n[egress]\nallow = [\"10.0.0.0/8\"]\n";
        std::fs::write(&path, text).expect("written");
        let settings = resolve(|w| {
            w.config = Some(path.clone());
            w.listen = Some("127.0.0.1:3".into());
        });
        let settings = settings.expect("settings");
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.admin.port(), 2);
        assert_eq!(settings.allow, ["10.0.0.0/8"]);
        for (text, named) in [
            ("lisen = \"127.0.0.1:1\"\n", "lisen"),
            (
                "[oss.custom_domains]\n\"a.org\" = \"No Bucket\"\n",
                "No Bucket",
            ),
            ("[oms]\nproject_id = \"a/b\"\n", "project_id"),
            ("[oms]\nevent_keys_max = 101\n", "101"),
            ("[sync]\ntransfers = 0\n", "sync.transfers"),
            ("[sync]\ntransfers = 1025\n", "1025"),
            ("[oas]\nvaults_max = 0\n", "vaults_max = 0"),
            ("[oas]\nvaults_max = 10001\n", "10001"),
            ("[oas]\npart_bytes_min = 0\n", "part_bytes_min"),
            ("[oas]\npart_bytes_min = 1048577\n", "1048577"),
            ("[oas]\npart_bytes_min = 8589934592\n", "8589934592"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = resolve(|w| w.config = Some(path.clone())).expect_err(named);
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn the_public_url_is_something_to_append_to() {
        for (text, kept) in [
            ("http://oss.example.org/", Some("http://oss.example.org")),
            ("https://a:9000/store//", Some("https://a:9000/store")),
            ("oss.example.org", None),
            ("ftp://oss.example.org", None),
            ("http://oss.example.org/?a", None),
            ("http://u:p@oss.example.org/", None),
            ("http://", None),
            ("", None),
        ] {
            assert_eq!(public_url(text.to_owned()).ok().as_deref(), kept, "{text}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = resolve(|w| {
            w.root_access_key = Some("AK".into());
            w.root_secret_key = Some("hidden-secret".into());
        });
        let settings = settings.expect("settings");
        let shown = format!("{settings:?} {}", settings.shown());
        assert!(!shown.contains("hidden-secret"));
    }
}
