//! The server's key, and secrets sealed with it.
//!
//! A sealed secret is a form byte (1), a random nonce of 24 bytes and the XChaCha20-Poly1305
//! ciphertext; the nonce is long enough to be drawn at random for ever. The key never leaves this
//! module.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use cohong_core::ports::{SealError, Sealer};

/// Name of the key file in the data folder. Its content is the 32 bytes of the key.
pub const KEY_FILE: &str = "server.key";
const KEY_LEN: usize = 32;
const NONCE_LEN: usize = 24;
/// The first byte of everything sealed.
const FORM: u8 = 1;

/// The key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The operating system said no.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Others may read the key.
    #[error(
        "{path} may be read by other users; run: chmod 600 '{path}'. \
         If somebody may have read it, replace the stored secrets as well",
        path = path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
    /// The file does not hold a key.
    #[error(
        "{path} holds {len} bytes instead of {KEY_LEN}; restore it from a backup: \
         without it the stored secrets cannot be opened",
        path = path.display()
    )]
    NotAKey {
        /// The key file.
        path: PathBuf,
        /// Its length, bytes.
        len: u64,
    },
}

/// Seals with the key of a file.
pub struct FileSealer {
    path: PathBuf,
    cipher: XChaCha20Poly1305,
}

impl FileSealer {
    /// Reads `server.key` in `folder`, creating it at the first start. Blocks.
    pub fn open(folder: &Path) -> Result<Self, KeyFileError> {
        let path = folder.join(KEY_FILE);
        let key = match read_key(&path) {
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create_key(folder, &path)?
            }
            read => read?,
        };
        let cipher = XChaCha20Poly1305::new(&key);
        Ok(Self { path, cipher })
    }
}

impl fmt::Debug for FileSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSealer")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Sealer for FileSealer {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let text = self.cipher.encrypt(&XNonce::from(nonce), secret);
        let text = text.expect("only texts of 256 GiB are refused");
        [&[FORM], nonce.as_slice(), &text].concat()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (form, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        if *form != FORM {
            return Err(SealError);
        }
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), text);
        opened.map_err(|_| SealError)
    }

    fn random(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}

fn read_key(path: &Path) -> Result<Key, KeyFileError> {
    let mut file = File::open(path).map_err(|e| io_error(path, e))?;
    let metadata = file.metadata().map_err(|e| io_error(path, e))?;
    if metadata.mode() & 0o077 != 0 {
        let path = path.to_owned();
        return Err(KeyFileError::Exposed { path });
    }
    if metadata.len() != KEY_LEN as u64 {
        let (path, len) = (path.to_owned(), metadata.len());
        return Err(KeyFileError::NotAKey { path, len });
    }
    let mut key = [0; KEY_LEN];
    file.read_exact(&mut key).map_err(|e| io_error(path, e))?;
    Ok(key.into())
}

/// The key is durable before anything is sealed with it. A crash leaves either no key file or a whole
/// one, and perhaps a temporary one that the next start replaces.
fn create_key(folder: &Path, path: &Path) -> Result<Key, KeyFileError> {
    let key: [u8; KEY_LEN] = random();
    let temporary = folder.join("server.key.tmp");
    write_key(&temporary, &key).map_err(|e| io_error(&temporary, e))?;
    fs::rename(&temporary, path).map_err(|e| io_error(path, e))?;
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| io_error(folder, e))?;
    Ok(key.into())
}

fn write_key(path: &Path, key: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(key)?;
    file.sync_all()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

fn io_error(path: &Path, source: io::Error) -> KeyFileError {
    let path = path.to_owned();
    KeyFileError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const SECRET: &[u8] = b"a secret access key";

    #[test]
    fn what_was_sealed_opens_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let first = FileSealer::open(folder.path()).unwrap();
        let sealed = first.seal(SECRET);
        let again = FileSealer::open(folder.path()).unwrap();
        assert_eq!(again.open(&sealed).unwrap(), SECRET);
        assert_eq!(again.open(&again.seal(b"")).unwrap(), b"");
        let mode = fs::metadata(folder.path().join(KEY_FILE)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn equal_secrets_are_sealed_differently() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = FileSealer::open(folder.path()).unwrap();
        assert_ne!(sealer.seal(SECRET), sealer.seal(SECRET));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = FileSealer::open(folder.path()).unwrap();
        let text = sealer.seal(SECRET);
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(&changed), Err(SealError), "byte {at}");
            assert_eq!(sealer.open(&text[..at]), Err(SealError), "length {at}");
        }
    }

    #[test]
    fn another_key_opens_nothing() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = FileSealer::open(one.path()).unwrap().seal(SECRET);
        let other = FileSealer::open(two.path()).unwrap();
        assert_eq!(other.open(&sealed), Err(SealError));
    }

    #[test]
    fn a_key_others_can_read_is_refused_with_the_command_to_run() {
        let folder = tempfile::tempdir().unwrap();
        FileSealer::open(folder.path()).unwrap();
        let path = folder.path().join(KEY_FILE);
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = FileSealer::open(folder.path()).unwrap_err();
            let command = format!("chmod 600 '{}'", path.display());
            assert!(refused.to_string().contains(&command), "{refused}");
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        write_key(&path, b"short").unwrap();
        let refused = FileSealer::open(folder.path()).unwrap_err();
        assert!(matches!(refused, KeyFileError::NotAKey { len: 5, .. }));
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }

    #[test]
    fn a_crash_before_the_rename_does_not_hinder_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.key.tmp"), b"torn").unwrap();
        FileSealer::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn debug_shows_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let sealer = FileSealer::open(folder.path()).unwrap();
        let path = folder.path().join(KEY_FILE);
        let shown = format!("FileSealer {{ path: {path:?}, .. }}");
        assert_eq!(format!("{sealer:?}"), shown);
    }
}
