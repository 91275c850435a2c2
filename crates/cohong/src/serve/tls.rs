//! The certificate of the TLS listener: read from two PEM files, and read again when they change.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as RustlsError, InconsistentKeys, ServerConfig};

use super::config::TlsFiles;

/// Largest file of a certificate with its chain, or of a key, bytes: they have a few thousand.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Between two looks at the files: those who renew a certificate see it soon, and reading two small
/// files costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(3);

const CERTIFICATE: &str = "tls.certificate";
const PRIVATE_KEY: &str = "tls.private_key";

/// What new connections are answered with.
pub(crate) type Certificates = watch::Receiver<Arc<ServerConfig>>;

/// Files that no TLS listener can be made from. Says which one, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("{setting} {path} cannot be read; name a file that the user of the server may read")]
    Read {
        setting: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{setting} {path} is larger than {FILE_BYTES_MAX} bytes; name a PEM file of one certificate and its chain, \
         or of one key"
    )]
    TooLarge {
        setting: &'static str,
        path: PathBuf,
    },
    #[error("{setting} {path} has no {wanted}")]
    Pem {
        setting: &'static str,
        path: PathBuf,
        wanted: &'static str,
        #[source]
        source: PemError,
    },
    #[error(
        "{setting} {path} is of no kind that TLS here can use; give an RSA, ECDSA or Ed25519 one"
    )]
    Kind {
        setting: &'static str,
        path: PathBuf,
        #[source]
        source: RustlsError,
    },
    #[error(
        "tls.private_key {key} does not belong to tls.certificate {certificate}; give the key that the first \
         certificate of that file was made for"
    )]
    Mismatch { key: PathBuf, certificate: PathBuf },
}

/// What the two files hold. Not `Debug`: one is a secret.
#[derive(PartialEq, Eq)]
struct Pem {
    certificate: Vec<u8>,
    private_key: Vec<u8>,
}

/// Reads the files and makes of them what the listener needs.
pub(crate) fn load(tls: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    configured(tls, &read(tls)?)
}

/// What is wrong with who may read the private key, if anything is.
pub(crate) fn exposed(tls: &TlsFiles) -> Option<String> {
    const OTHERS_READ: u32 = 0o004;
    let path = &tls.private_key;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    let text = "can be read by every user of this machine; take that away with chmod o-rwx";
    (mode & OTHERS_READ != 0).then(|| format!("{PRIVATE_KEY} {} {text}", path.display()))
}

fn read(tls: &TlsFiles) -> Result<Pem, TlsError> {
    Ok(Pem {
        certificate: read_file(CERTIFICATE, &tls.certificate)?,
        private_key: read_file(PRIVATE_KEY, &tls.private_key)?,
    })
}

fn read_file(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|source| TlsError::Read {
            setting,
            path: path.into(),
            source,
        })?;
    if read as u64 > FILE_BYTES_MAX {
        let path = path.into();
        return Err(TlsError::TooLarge { setting, path });
    }
    Ok(bytes)
}

fn configured(tls: &TlsFiles, pem: &Pem) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = chain_of(&pem.certificate).map_err(|source| TlsError::Pem {
        setting: CERTIFICATE,
        path: tls.certificate.clone(),
        wanted: "certificate in PEM; give one that begins with -----BEGIN CERTIFICATE-----",
        source,
    })?;
    let key = PrivateKeyDer::from_pem_slice(&pem.private_key).map_err(|source| TlsError::Pem {
        setting: PRIVATE_KEY,
        path: tls.private_key.clone(),
        wanted: "private key in PEM; give one that is not encrypted and begins with \
                 -----BEGIN PRIVATE KEY-----",
        source,
    })?;
    let unusable = |source| match source {
        RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
            key: tls.private_key.clone(),
            certificate: tls.certificate.clone(),
        },
        RustlsError::InvalidCertificate(_) => TlsError::Kind {
            setting: CERTIFICATE,
            path: tls.certificate.clone(),
            source,
        },
        _ => TlsError::Kind {
            setting: PRIVATE_KEY,
            path: tls.private_key.clone(),
            source,
        },
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// All certificates of a file; at least one.
fn chain_of(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if chain.is_empty() {
        return Err(PemError::NoItemsFound);
    }
    Ok(chain)
}

/// Watches the files of a listener.
pub(crate) struct Reload {
    tls: TlsFiles,
    /// What was found at the last look, or why nothing was; none when the next look has to say what it
    /// finds, whatever that is.
    seen: Option<Result<Pem, String>>,
    current: watch::Sender<Arc<ServerConfig>>,
    hangup: Signal,
}

impl Reload {
    /// Reads the files for the first time, and catches SIGHUP from now on.
    pub(crate) fn start(tls: TlsFiles) -> Result<(Self, Certificates), super::StartError> {
        let pem = read(&tls)?;
        let (current, certificates) = watch::channel(configured(&tls, &pem)?);
        warn_if_exposed(&tls);
        let hangup = signal(SignalKind::hangup())
            .map_err(|error| format!("cannot listen for SIGHUP: {error}"))?;
        let reload = Self {
            tls,
            seen: Some(Ok(pem)),
            current,
            hangup,
        };
        Ok((reload, certificates))
    }

    /// Gives new connections what the files hold, a few seconds after they changed and at each SIGHUP,
    /// until `stop` turns true. Files that cannot be used change nothing but the log.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                _ = self.hangup.recv() => self.seen = None,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let tls = self.tls.clone();
            match tokio::task::spawn_blocking(move || read(&tls)).await {
                Ok(found) => self.found(found),
                Err(defect) => tracing::error!(%defect, "reading the TLS files ended in a defect"),
            }
        }
    }

    fn found(&mut self, found: Result<Pem, TlsError>) {
        let known = match (&self.seen, &found) {
            (Some(Ok(seen)), Ok(found)) => seen == found,
            (Some(Err(seen)), Err(found)) => *seen == found.to_string(),
            _ => false,
        };
        if known {
            return;
        }
        let (config, seen) = match found {
            Ok(pem) => (configured(&self.tls, &pem), Ok(pem)),
            Err(error) => {
                let text = error.to_string();
                (Err(error), Err(text))
            }
        };
        self.seen = Some(seen);
        match config {
            Ok(config) => {
                self.current.send_replace(config);
                warn_if_exposed(&self.tls);
                tracing::info!("new TLS connections get the certificate that was read just now");
            }
            Err(error) => {
                let cause = std::error::Error::source(&error);
                tracing::warn!(%error, cause, "the TLS files cannot be used; those before stay in force");
            }
        }
    }
}

fn warn_if_exposed(tls: &TlsFiles) {
    if let Some(text) = exposed(tls) {
        tracing::warn!("{text}");
    }
}

#[cfg(test)]
mod tests;
