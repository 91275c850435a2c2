//! Encryption at rest: what requests say of it in the words of a vendor, and what answers tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::engine::{Cx, Encrypting};
use cohong_core::model::{Cipher, CustomerKey, Encryption, KeyHolder};
use http::{HeaderMap, HeaderName};
use md5::{Digest, Md5};

use super::answer::put_text;
use super::vocabulary::Vocabulary;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// How something is encrypted.
pub(crate) const HOW: &str = "server-side-encryption";
/// What is encrypted with keys of a key service, where that is said.
const DATA: &str = "server-side-data-encryption";
/// In front of what is said of a customer's key.
const CUSTOMER: &str = "server-side-encryption-customer-";
/// The same of the source of a copy.
const SOURCE: &str = "copy-source-server-side-encryption-customer-";
/// The only cipher for customers' keys.
const AES256: &str = "AES256";
/// Name of the key that is used where a key service is asked for and no key named.
const DEFAULT_KEY: &str = "server-key";

/// How a vendor speaks of encryption at rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EncryptionWords {
    /// Ciphers with keys of the server that can be asked for.
    pub(crate) ciphers: &'static [(&'static str, Cipher)],
    /// The word for keys of a key service.
    pub(crate) service: &'static str,
    /// Whether that can be asked for: the server is in the place of the service.
    pub(crate) serves_keys: bool,
    /// Header with the name of such a key.
    pub(crate) key_id: &'static str,
    /// Words of the vendor's that are not served.
    pub(crate) unserved: &'static [&'static str],
    /// Whether customers' keys have to come over TLS.
    pub(crate) needs_tls: bool,
    /// Whether parts of an upload may say again how they are encrypted.
    pub(crate) parts_repeat: bool,
}

/// How something is encrypted, as bodies tell it.
pub(crate) struct Told<'a> {
    /// The cipher, or the word for a key service.
    pub(crate) how: &'static str,
    /// Name of the key of a service, where one was named.
    pub(crate) key_id: Option<&'a str>,
    /// The cipher with keys of a service, where it is not the usual one.
    pub(crate) data: Option<&'static str>,
}

impl Vocabulary {
    /// The context of a request that writes: with what it says of encryption.
    pub(crate) fn encrypting(&self, call: &Call, given: &Given<'_>) -> Result<Cx, Fault> {
        let with = given.own(HOW).map(|word| {
            let name = given.name(HOW);
            let (key_id, data) = (given.own(self.encryption.key_id), given.own(DATA));
            self.encryption_of(&name, word, key_id, data)
        });
        let with = with.transpose()?;
        let cx = self.opening(call, given)?;
        if with.is_some() && cx.encrypting.key.is_some() {
            let why = "encrypt with a key of the server or with one of yours, not with both";
            return Err(given.bad(HOW, why));
        }
        Ok(Cx {
            encrypting: Encrypting {
                with,
                ..cx.encrypting
            },
            ..cx
        })
    }

    /// The context of a request that reads, or adds to what was begun: with the customer's keys.
    pub(crate) fn opening(&self, call: &Call, given: &Given<'_>) -> Result<Cx, Fault> {
        let encrypting = Encrypting {
            with: None,
            key: customer_key(given, CUSTOMER)?,
            source_key: customer_key(given, SOURCE)?,
        };
        let sent = encrypting.key.is_some() || encrypting.source_key.is_some();
        if sent && self.encryption.needs_tls && !call.cx.secure {
            return Err(Fault::Insecure);
        }
        Ok(Cx {
            encrypting,
            ..call.cx.clone()
        })
    }

    /// An error where a request says how something is encrypted that was begun before.
    pub(crate) fn refuse_encryption(&self, given: &Given<'_>) -> Result<(), Fault> {
        match given.own(HOW) {
            Some(_) if !self.encryption.parts_repeat => Err(given.bad(
                HOW,
                "how the object is encrypted was said when it was begun",
            )),
            _ => Ok(()),
        }
    }

    /// What a word asks for, with the name of a key and a cipher for it; `name` is where the word stands.
    pub(crate) fn encryption_of(
        &self,
        name: &str,
        word: &str,
        key_id: Option<&str>,
        data: Option<&str>,
    ) -> Result<Encryption, Fault> {
        let words = &self.encryption;
        let named = |text: &str| words.ciphers.iter().find(|(known, _)| *known == text);
        let unknown = |word: &str| Fault::Cipher {
            name: name.into(),
            value: word.into(),
        };
        let key_id = key_id.filter(|id| !id.is_empty());
        if words.serves_keys && word == words.service {
            let data = data.filter(|word| !word.is_empty());
            let cipher = data.map_or(Ok(Cipher::Aes256), |word| {
                named(word)
                    .map(|(_, cipher)| *cipher)
                    .ok_or_else(|| unknown(word))
            });
            return Ok(Encryption {
                cipher: cipher?,
                holder: KeyHolder::Service(key_id.map(Into::into)),
            });
        }
        if words.unserved.contains(&word) {
            return Err(Fault::NotServed(word.to_owned().into()));
        }
        let (_, cipher) = named(word).ok_or_else(|| unknown(word))?;
        if let Some(id) = key_id {
            let why = "a key is named only where a key service has it";
            return Err(Fault::argument(words.key_id, id, why));
        }
        Ok(Encryption {
            cipher: *cipher,
            holder: KeyHolder::Server,
        })
    }

    /// How something is encrypted with keys of the server, in the vendor's words.
    pub(crate) fn told<'a>(&self, encryption: &'a Encryption) -> Told<'a> {
        let sm4 = encryption.cipher == Cipher::Sm4;
        match &encryption.holder {
            KeyHolder::Service(id) => Told {
                how: self.encryption.service,
                key_id: id.as_deref(),
                data: sm4.then_some("SM4"),
            },
            KeyHolder::Server | KeyHolder::Customer => Told {
                how: if sm4 { "SM4" } else { AES256 },
                key_id: None,
                data: None,
            },
        }
    }

    /// Adds how bytes are encrypted; of a customer's key the digest, where the request brought the key.
    pub(crate) fn put_encryption(
        &self,
        headers: &mut HeaderMap,
        encryption: Option<&Encryption>,
        cx: &Cx,
    ) {
        let Some(encryption) = encryption else {
            return;
        };
        if encryption.holder == KeyHolder::Customer {
            self.put_own(headers, &format!("{CUSTOMER}algorithm"), AES256);
            if let Some(key) = &cx.encrypting.key {
                let digest = STANDARD.encode(Md5::digest(key.0));
                self.put_own(headers, &format!("{CUSTOMER}key-md5"), &digest);
            }
            return;
        }
        let told = self.told(encryption);
        self.put_own(headers, HOW, told.how);
        if let KeyHolder::Service(_) = encryption.holder {
            let id = told.key_id.unwrap_or(DEFAULT_KEY);
            self.put_own(headers, self.encryption.key_id, id);
        }
        if let Some(data) = told.data.filter(|_| self.encryption.serves_keys) {
            self.put_own(headers, DATA, data);
        }
    }

    fn put_own(&self, headers: &mut HeaderMap, name: &str, value: &str) {
        if let Ok(name) = HeaderName::try_from(format!("{}{name}", self.prefix)) {
            put_text(headers, name, value);
        }
    }
}

/// Whether a request says anything of encryption.
pub(crate) fn is_said(given: &Given<'_>) -> bool {
    let key = format!("{CUSTOMER}key");
    given.own(HOW).is_some() || given.own(&key).is_some()
}

/// The key of a customer whose headers have these names: algorithm, key and the key's MD5, all three or
/// none. Errors never repeat a key.
fn customer_key(given: &Given<'_>, front: &str) -> Result<Option<CustomerKey>, Fault> {
    let [algorithm, key, digest] =
        ["algorithm", "key", "key-md5"].map(|name| format!("{front}{name}"));
    let sent = [&algorithm, &key, &digest].map(|name| given.own_text(name));
    if sent == [None; 3] {
        return Ok(None);
    }
    let bad = |name: &str, why: &'static str| Fault::argument(given.name(name), "", why);
    let [how, text, md5] = sent;
    match how {
        Some(AES256) => {}
        Some(other) => {
            return Err(Fault::Cipher {
                name: given.name(&algorithm).into(),
                value: other.into(),
            });
        }
        None => return Err(bad(&algorithm, "a customer's key comes with its algorithm")),
    }
    let bytes = text.and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let secret = bytes.ok_or_else(|| bad(&key, "a customer's key is 32 bytes in Base64"))?;
    let sent = md5.and_then(|md5| STANDARD.decode(md5).ok());
    if sent.as_deref() != Some(Md5::digest(secret).as_slice()) {
        return Err(bad(&digest, "this is not the MD5 of the key, in Base64"));
    }
    Ok(Some(CustomerKey(secret)))
}
