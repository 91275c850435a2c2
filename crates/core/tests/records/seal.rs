//! Ways of encrypting, with what is kept of each.

use cohong_core::model::{Cipher, Encryption, KeyHolder, Seal};

pub(crate) fn seals() -> [Seal; 3] {
    let seal = |cipher, holder| Seal {
        encryption: Encryption { cipher, holder },
        key: Box::from([8; 9]),
    };
    [
        seal(Cipher::Aes256, KeyHolder::Customer),
        seal(Cipher::Sm4, KeyHolder::Server),
        seal(Cipher::Aes256, KeyHolder::Service(Some("name".into()))),
    ]
}
