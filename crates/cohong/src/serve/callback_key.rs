//! The key that signs upload callbacks: made when it is first needed, held in memory, and its public half
//! given to anybody.
//!
//! Every key has a URL of its own, so that receivers which keep what they read once still verify after the
//! key was replaced. The one before stays readable until the next is replaced.

use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::engine::{CallbackKeys, StoredCallbackKey};
use cohong_core::records::FormerCallbackKey;
use cohong_core::{Error, ErrorKind};
use cohong_dialects::oss::callback::{CallbackSigner, KEY_HOST, KEY_PATH, SignedText};
use cohong_sign::{CallbackKey, CallbackKeyError};
use http::Uri;
use http::uri::Authority;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// Where the key in force is read by people; no bucket's name begins with a dot.
const CURRENT: &str = "/.cohong/callback_pub_key.pem";
/// Where a key is read by its name: this, the name, [`SUFFIX`].
const PREFIX: &str = "/.cohong/callback_pub_key_";
const SUFFIX: &str = ".pem";

/// The keys of a server.
#[derive(Debug)]
pub(crate) struct KeyRing {
    stored: CallbackKeys,
    public_url: String,
    held: Mutex<Option<Arc<Held>>>,
}

/// The key in force, ready for use.
#[derive(Debug)]
pub(crate) struct Held {
    key: CallbackKey,
    stored: StoredCallbackKey,
}

/// Which key somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'a> {
    /// The one in force.
    Current,
    /// By its name.
    Named(&'a str),
}

impl Held {
    /// Names the key.
    pub(crate) fn id(&self) -> &str {
        self.key.id()
    }

    /// Its public half in PEM.
    pub(crate) fn public(&self) -> &str {
        self.key.public_pem()
    }

    /// Names the key before it, while that one is still readable.
    pub(crate) fn former(&self) -> Option<&str> {
        self.stored.former.as_ref().map(|former| &*former.id)
    }
}

impl KeyRing {
    /// Keys that receivers read below `public_url`, which has no slash at its end.
    pub(crate) fn new(stored: CallbackKeys, public_url: String) -> Self {
        Self {
            stored,
            public_url,
            held: Mutex::default(),
        }
    }

    /// The key in force; made now when there is none. `Internal` when it cannot be opened.
    pub(crate) async fn held(&self) -> Result<Arc<Held>, Error> {
        let mut held = self.held.lock().await;
        if let Some(held) = &*held {
            return Ok(held.clone());
        }
        let stored = match self.stored.load().await? {
            Some(stored) => stored,
            None => self.stored.keep_first(&generated().await?).await?,
        };
        let opened = opened(stored).await?;
        Ok(held.insert(opened).clone())
    }

    /// Replaces the key in force, which stays readable until the next time.
    pub(crate) async fn rotate(&self) -> Result<Arc<Held>, Error> {
        let seen = self.held().await?;
        let former = FormerCallbackKey {
            id: seen.id().into(),
            public: seen.public().into(),
        };
        let made = generated().await?;
        self.stored.replace(&seen.stored, former, &made).await?;
        *self.held.lock().await = None;
        let held = self.held().await?;
        tracing::info!(former = seen.id(), id = held.id(), "callback key replaced");
        Ok(held)
    }

    /// Where receivers read a key.
    pub(crate) fn url_of(&self, id: &str) -> String {
        format!("{}{PREFIX}{id}{SUFFIX}", self.public_url)
    }

    /// The key that a request for a URL of this server asks for. Not on hosts of buckets: there the same
    /// path is an object's.
    pub(crate) fn wanted<'a>(&self, host: &str, path: &'a str) -> Option<Wanted<'a>> {
        let host = host.parse::<Authority>().ok()?;
        let host = host.host().to_ascii_lowercase();
        if host == KEY_HOST && path == KEY_PATH {
            return Some(Wanted::Current);
        }
        let own = self.public_url.parse::<Uri>();
        let of_service = host == KEY_HOST
            || host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok()
            || own.is_ok_and(|own| {
                own.host()
                    .is_some_and(|own| own.eq_ignore_ascii_case(&host))
            });
        if !of_service {
            return None;
        }
        if path == CURRENT {
            return Some(Wanted::Current);
        }
        let id = path.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        Some(Wanted::Named(id))
    }

    /// A public key in PEM; none for a name that no key has.
    pub(crate) async fn public(&self, wanted: Wanted<'_>) -> Result<Option<String>, Error> {
        let held = self.held().await?;
        let former = held.stored.former.as_ref();
        Ok(match wanted {
            Wanted::Named(id) if id != held.id() => former
                .filter(|former| &*former.id == id)
                .map(|former| former.public.to_string()),
            Wanted::Current | Wanted::Named(_) => Some(held.public().to_owned()),
        })
    }
}

#[async_trait]
impl CallbackSigner for KeyRing {
    async fn sign(&self, text: Vec<u8>) -> Result<SignedText, String> {
        let held = self.held().await.map_err(|error| error.to_string())?;
        let public_key_url = self.url_of(held.id());
        let signature = spawn_blocking(move || held.key.sign(&text)).await;
        let signature = signature.map_err(|defect| defect.to_string())?;
        Ok(SignedText {
            signature: signature.map_err(|error| error.to_string())?,
            public_key_url,
        })
    }
}

/// A new private key.
async fn generated() -> Result<Vec<u8>, Error> {
    computed(|| CallbackKey::generate()?.to_der()).await
}

async fn opened(stored: StoredCallbackKey) -> Result<Arc<Held>, Error> {
    computed(move || {
        let key = CallbackKey::from_der(&stored.secret)?;
        Ok(Arc::new(Held { key, stored }))
    })
    .await
}

/// Computes apart from the threads of requests.
async fn computed<T: Send + 'static>(
    what: impl FnOnce() -> Result<T, CallbackKeyError> + Send + 'static,
) -> Result<T, Error> {
    let failed = |cause| {
        let message = "the callback key cannot be used; the log says why";
        Error::new(ErrorKind::Internal, message).because(cause)
    };
    match spawn_blocking(what).await {
        Ok(done) => done.map_err(|error| failed(cohong_core::error::BoxError::from(error))),
        Err(defect) => Err(failed(defect.into())),
    }
}

#[cfg(test)]
mod tests {
    use cohong_core::memory::MemoryMeta;
    use cohong_core::ports::{SealError, Sealer};

    use super::*;

    #[derive(Debug)]
    struct Plain;

    impl Sealer for Plain {
        fn seal(&self, secret: &[u8]) -> Vec<u8> {
            secret.to_vec()
        }

        fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
            Ok(sealed.to_vec())
        }

        fn random(&self, _: &mut [u8]) {}
    }

    fn ring(meta: &Arc<MemoryMeta>) -> KeyRing {
        let stored = CallbackKeys::new(meta.clone(), Arc::new(Plain));
        KeyRing::new(stored, "http://store.example:9000".to_owned())
    }

    #[tokio::test]
    async fn one_key_signs_until_it_is_replaced_and_the_one_before_stays_readable() {
        let meta = Arc::new(MemoryMeta::new());
        let keys = ring(&meta);
        let (first, same) = tokio::join!(keys.sign(b"text".to_vec()), keys.sign(b"text".to_vec()));
        let first = first.expect("signed");
        assert_eq!(Ok(&first), same.as_ref());
        let held = keys.held().await.expect("a key");
        let first_id = held.id().to_owned();
        assert_eq!(
            first.public_key_url,
            format!("http://store.example:9000/.cohong/callback_pub_key_{first_id}.pem")
        );
        // After a restart it is the same.
        let again = ring(&meta).sign(b"text".to_vec()).await.expect("signed");
        assert_eq!(again, first);

        let second = keys.rotate().await.expect("replaced");
        assert_eq!(second.former(), Some(&*first_id));
        let signed = keys.sign(b"text".to_vec()).await.expect("signed");
        assert_ne!(signed.signature, first.signature);
        assert_ne!(signed.public_key_url, first.public_key_url);
        let public = async |id: &str| keys.public(Wanted::Named(id)).await.expect("read");
        assert_eq!(public(&first_id).await.as_deref(), Some(held.public()));
        assert_eq!(public(second.id()).await.as_deref(), Some(second.public()));
        assert_eq!(public("0123").await, None);

        keys.rotate().await.expect("replaced again");
        assert_eq!(public(&first_id).await, None, "forgotten");
        assert_eq!(public(second.id()).await.as_deref(), Some(second.public()));
    }

    #[test]
    fn keys_are_asked_for_at_the_server_and_not_at_buckets() {
        let keys = ring(&Arc::default());
        let named = Wanted::Named("0a");
        for (host, path, wanted) in [
            ("127.0.0.1:9000", CURRENT, Some(Wanted::Current)),
            (
                "[::1]:9000",
                "/.cohong/callback_pub_key_0a.pem",
                Some(named),
            ),
            ("localhost", "/.cohong/callback_pub_key_0a.pem", Some(named)),
            (
                "Store.example",
                "/.cohong/callback_pub_key_0a.pem",
                Some(named),
            ),
            (
                "bucket.store.example",
                "/.cohong/callback_pub_key_0a.pem",
                None,
            ),
            ("bucket.127.0.0.1", CURRENT, None),
            (KEY_HOST, KEY_PATH, Some(Wanted::Current)),
            ("gosspublic.alicdn.com:80", CURRENT, Some(Wanted::Current)),
            (KEY_HOST, "/.cohong/callback_pub_key_0a.pem", Some(named)),
            (KEY_HOST, "/other", None),
            ("127.0.0.1", KEY_PATH, None),
            ("127.0.0.1", "/.cohong/", None),
            ("", CURRENT, None),
        ] {
            assert_eq!(keys.wanted(host, path), wanted, "{host} {path}");
        }
    }
}
