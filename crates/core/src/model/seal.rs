//! Encryption at rest: what is asked for, what is told, and what is kept of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What bytes are encrypted with. Stored by number, so variants keep their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cipher {
    /// AES with keys of 256 bits.
    Aes256,
    /// SM4 (GB/T 32907), whose keys have 128 bits.
    Sm4,
}

/// Who has the key that opens the key of an object. Stored by number, so variants keep their place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyHolder {
    /// The server.
    Server,
    /// The server, in the place of a key service: the name of the key is kept and told, and every name is
    /// the server's own key. `None` is its default key.
    Service(Option<Box<str>>),
    /// The client, who sends it with every request.
    Customer,
}

/// How bytes are encrypted at rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Encryption {
    /// With what.
    pub cipher: Cipher,
    /// Who can open them.
    pub holder: KeyHolder,
}

/// What is kept with encrypted bytes: how, and the key they were encrypted with, which only its holder can
/// open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// How.
    pub encryption: Encryption,
    /// The key, sealed.
    pub key: Box<[u8]>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal")
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

/// A key that a client sends with a request and that is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey(pub [u8; 32]);

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}
