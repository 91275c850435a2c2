//! Files that tell programs whom to trust: everybody that this machine trusts, and the server's authority.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::cli::failure::Failure;
use crate::serve::authority::{CERTIFICATE, FOLDER};

/// What opens the store of Java. It protects nothing: what is in it is public.
pub(super) const PASSWORD: &str = "changeit";

/// Where systems keep the certificates they trust, in one file of PEM.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The files that were written.
#[derive(Debug)]
pub(super) struct Trust {
    /// The authority's certificate alone, in PEM.
    pub(super) own: String,
    /// All of them, in PEM.
    pub(super) bundle: String,
    /// All of them, as a store of Java.
    pub(super) java: String,
}

impl Trust {
    /// Writes the files into the data folder, each in one step.
    pub(super) fn write(data: &Path, certificate: &str) -> Result<Self, Failure> {
        let folder = data.join(FOLDER);
        let path = |name: &str| folder.join(name);
        let bundle = path("bundle.pem");
        let mut all = trusted(&bundle);
        if !all.is_empty() && !all.ends_with('\n') {
            all.push('\n');
        }
        all.push_str(certificate);
        let store = java_store(&certificates(&all));
        let files: [(PathBuf, &[u8]); 3] = [
            (path(CERTIFICATE), certificate.as_bytes()),
            (bundle, all.as_bytes()),
            (path("trust.jks"), &store),
        ];
        for (path, bytes) in &files {
            put(path, bytes).map_err(|error| {
                Failure::new(format!("cannot write {}: {error}", path.display()))
                    .hint("run the command as the user who runs the server")
            })?;
        }
        let [own, bundle, java] = files.map(|(path, _)| path.display().to_string());
        Ok(Self { own, bundle, java })
    }
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&fresh, bytes)?;
    fs::rename(fresh, path)
}

/// What the shell trusts already, or else the system; nothing where neither says so. The bundle of an earlier call
/// does not count.
fn trusted(own: &Path) -> String {
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let named = named.filter(|path| path != own);
    let system = SYSTEM.iter().map(PathBuf::from);
    let mut found = named.into_iter().chain(system);
    found
        .find_map(|path| fs::read_to_string(path).ok())
        .unwrap_or_default()
}

/// The certificates of a text; what is damaged is left out, as others do.
fn certificates(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .collect()
}

/// The certificates in Java's own form of a key store (JKS): trusted entries, and a digest keyed with the password.
fn java_store(certificates: &[CertificateDer<'_>]) -> Vec<u8> {
    const MAGIC: u32 = 0xFEED_FEED;
    const VERSION: u32 = 2;
    const TRUSTED: u32 = 2;
    let len = |len: usize| u32::try_from(len).expect("stores of certificates are far below 4 GiB");
    let text = |store: &mut Vec<u8>, text: &str| {
        let len = u16::try_from(text.len()).expect("names here are short");
        store.extend(len.to_be_bytes());
        store.extend(text.as_bytes());
    };
    let mut store = Vec::new();
    for number in [MAGIC, VERSION, len(certificates.len())] {
        store.extend(number.to_be_bytes());
    }
    for (n, certificate) in certificates.iter().enumerate() {
        store.extend(TRUSTED.to_be_bytes());
        text(&mut store, &format!("trusted-{n}"));
        // When it was put in: nobody asks.
        store.extend(0_u64.to_be_bytes());
        text(&mut store, "X.509");
        store.extend(len(certificate.len()).to_be_bytes());
        store.extend(certificate.iter());
    }
    let mut digest = Sha1::new();
    for unit in PASSWORD.encode_utf16() {
        digest.update(unit.to_be_bytes());
    }
    digest.update(b"Mighty Aphrodite");
    digest.update(&store);
    store.extend(digest.finalize());
    store
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_lists_its_certificates_and_ends_in_a_digest() {
        let (one, two) = (
            CertificateDer::from(vec![1; 3]),
            CertificateDer::from(vec![2; 300]),
        );
        let store = java_store(&[one, two]);
        assert_eq!(
            store[..12],
            [0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 2]
        );
        // Tag, name, time, kind and length stand before each.
        let head = 4 + (2 + "trusted-0".len()) + 8 + (2 + "X.509".len()) + 4;
        assert_eq!(store.len(), 12 + 2 * head + 3 + 300 + 20);
        assert_eq!(java_store(&[]).len(), 12 + 20);
    }

    #[test]
    fn files_hold_everybody_that_is_trusted_and_the_authority_last() {
        let data = tempfile::tempdir().expect("a folder");
        fs::create_dir(data.path().join(FOLDER)).expect("a folder");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
        let own = made.cert.pem();
        let trust = Trust::write(data.path(), &own).expect("written");
        let again = Trust::write(data.path(), &own).expect("written again");
        assert_eq!(trust.bundle, again.bundle);
        let bundle = fs::read_to_string(&trust.bundle).expect("a bundle");
        assert!(bundle.ends_with(&own));
        assert_eq!(bundle.matches(own.as_str()).count(), 1, "not once a call");
        assert_eq!(fs::read_to_string(trust.own).expect("a file"), own);
        assert_eq!(
            fs::read_dir(data.path().join(FOLDER))
                .expect("a folder")
                .count(),
            3
        );
    }
}
