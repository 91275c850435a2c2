//! The authority of a server: what vouches, towards programs that were told to trust it, that this server is
//! whom they asked for by the name of a vendor.
//!
//! Its key lies in the data folder and is all that lasts. Its certificate is made anew whenever it is asked for,
//! under the same name and with the same key, so that who trusts an earlier one goes on. It may vouch for the
//! names that this server stands for, and for this machine; programs that check constraints believe it nothing
//! else. Certificates of names are made when they are asked for, and kept in memory for a while.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cohong_dialects::gate::detect::Dialects;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};

use super::{StartError, world};

/// Folder of the data folder for what the authority needs and makes.
pub(crate) const FOLDER: &str = "ca";
/// File of its private key, in that folder.
pub(crate) const KEY: &str = "key.pem";
/// File of its certificate, which commands write there for programs.
pub(crate) const CERTIFICATE: &str = "certificate.pem";

/// What its certificates are called.
const NAME: &str = "cohong local CA";
/// Days that a certificate of the authority is valid: `cohong env` makes another each time.
const OWN_DAYS: i32 = 365;
/// Days that a certificate of a name is valid; the next day makes another.
const NAME_DAYS: i32 = 30;
/// Certificates kept: one for every bucket that is asked for by name; 1 KiB each.
const KEPT: usize = 1024;

/// An authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The key of all certificates of names; it ends with the process.
    key: KeyPair,
    signer: Arc<dyn SigningKey>,
    dialects: Dialects,
    /// Addresses at which this server may be asked for without a name.
    addresses: Vec<IpAddr>,
    kept: Mutex<HashMap<Box<str>, Kept>>,
}

struct Kept {
    certified: Arc<CertifiedKey>,
    made: Date,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority of a data folder, for the names of these dialects and for addresses of this server; its key is
    /// made when there is none. Fails when the key cannot be read or is none, and when a configured domain is no
    /// name that certificates can have.
    pub(crate) fn open(
        data: &Path,
        dialects: Dialects,
        listening: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Arc<Self>, StartError> {
        let key = own_key(&data.join(FOLDER))?;
        let mut addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        for address in listening {
            if !address.is_unspecified() && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        let names = KeyPair::generate()?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(names.serialize_der()));
        let authority = Self {
            issuer: Issuer::new(own_params(&dialects, &addresses), key),
            key: names,
            signer: aws_lc_rs::sign::any_supported_type(&secret)?,
            dialects,
            addresses,
            kept: Mutex::default(),
        };
        authority
            .certificate()
            .map_err(|error| format!("no certificate can name the configured domains: {error}"))?;
        Ok(Arc::new(authority))
    }

    /// A certificate of the authority itself, in PEM.
    pub(crate) fn certificate(&self) -> Result<String, rcgen::Error> {
        let params = own_params(&self.dialects, &self.addresses);
        Ok(params.self_signed(self.issuer.key())?.pem())
    }

    /// What TLS is spoken with in its name.
    pub(crate) fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, StartError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Whether this server stands for a host, without port.
    pub(crate) fn stands_for(&self, host: &str) -> bool {
        self.dialects.are_at(host)
    }

    /// The certificate of a name, or of this machine without one; none for names of others.
    fn of(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let name = name.unwrap_or("localhost");
        let here = name == "localhost" || name.ends_with(".localhost");
        if !here && !self.stands_for(name) {
            return None;
        }
        let today = today();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(name).filter(|known| known.made == today) {
            return Some(known.certified.clone());
        }
        let made = self.made(name, here);
        let made = made.inspect_err(|error| tracing::warn!(%error, name, "no certificate"));
        let certified = Arc::new(made.ok()?);
        if kept.len() >= KEPT {
            kept.clear();
        }
        let entry = Kept {
            certified: certified.clone(),
            made: today,
        };
        kept.insert(name.into(), entry);
        Some(certified)
    }

    fn made(&self, name: &str, here: bool) -> Result<CertifiedKey, rcgen::Error> {
        let mut names = vec![name.to_owned()];
        if here {
            names.extend(self.addresses.iter().map(ToString::to_string));
        }
        let mut params = dated(CertificateParams::new(names)?, NAME_DAYS);
        params.distinguished_name = called("cohong");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&self.key, &self.issuer)?;
        let chain = vec![certificate.der().clone()];
        Ok(CertifiedKey::new(chain, self.signer.clone()))
    }
}

impl ResolvesServerCert for Authority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.of(hello.server_name())
    }
}

/// Reads the key of the authority, or makes it: readable by its owner only, and there in one step.
fn own_key(folder: &Path) -> Result<KeyPair, StartError> {
    let path = folder.join(KEY);
    let shown = path.display();
    match fs::read_to_string(&path) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(|error| {
            let todo = "restore it, or remove it: then another is made, which programs have to be told to trust";
            format!("{shown} is no private key ({error}); {todo}").into()
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate()?;
            let write = || {
                fs::create_dir_all(folder)?;
                let fresh = folder.join("key.new");
                let mut options = OpenOptions::new();
                let options = options.write(true).create(true).truncate(true).mode(0o600);
                let mut file = options.open(&fresh)?;
                file.write_all(key.serialize_pem().as_bytes())?;
                file.sync_all()?;
                fs::rename(fresh, &path)
            };
            write().map_err(|error| format!("cannot write {shown}: {error}"))?;
            Ok(key)
        }
        Err(error) => Err(format!("cannot read {shown}: {error}").into()),
    }
}

fn own_params(dialects: &Dialects, addresses: &[IpAddr]) -> CertificateParams {
    let mut params = dated(CertificateParams::default(), OWN_DAYS);
    params.distinguished_name = called(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let mut domains: Vec<&str> = dialects.domains().filter_map(fixed).collect();
    domains.push("localhost");
    domains.sort_unstable();
    domains.dedup();
    let domains = domains.iter().map(ToString::to_string);
    let whole = |address: &IpAddr| if address.is_ipv4() { 32 } else { 128 };
    let networks = addresses.iter().map(|address| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*address, whole(address)))
    });
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: domains
            .map(GeneralSubtree::DnsName)
            .chain(networks)
            .collect(),
        excluded_subtrees: Vec::new(),
    });
    params
}

/// The labels of a pattern behind the last one that varies: all names that fit it are below them.
fn fixed(pattern: &str) -> Option<&str> {
    let Some((_, end)) = pattern.rsplit_once('*') else {
        return Some(pattern);
    };
    end.split_once('.').map(|(_, fixed)| fixed)
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// From yesterday on, for clients whose clock is behind, under a number of its own.
fn dated(mut params: CertificateParams, days: i32) -> CertificateParams {
    let today = today();
    let day = |date: Date| {
        let part = |number: i8| u8::try_from(number).expect("months and days are positive");
        date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    params.not_before = day(today.saturating_sub(1.day()));
    params.not_after = day(today.saturating_add(days.days()));
    params.serial_number = Some((world::random() >> 1).into());
    params
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests;
