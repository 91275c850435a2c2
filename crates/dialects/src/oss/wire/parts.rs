//! The answer of `ListParts`: the family's, and what a client that encrypts has written of that.

use cohong_core::model::UserMeta;
use serde::Serialize;

use crate::common::upload::PartPage;
use crate::common::wire::multipart::PartList;
use crate::oss::words::OSS;

/// Parts of an upload.
#[derive(Debug, Serialize)]
pub(in crate::oss) struct Parts {
    #[serde(flatten)]
    list: PartList,
    #[serde(flatten)]
    client: ClientEncryption,
}

/// What the vendor's SDKs keep in metadata of an upload that they encrypt, and read from lists of its parts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ClientEncryption {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_cek_alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_wrap_alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_data_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_encryption_part_size: Option<String>,
}

impl Parts {
    pub(in crate::oss) fn new(page: PartPage) -> Self {
        let client = ClientEncryption::of(&page.listing.user_meta);
        Self {
            list: OSS.part_list(page),
            client,
        }
    }
}

impl ClientEncryption {
    fn of(meta: &UserMeta) -> Self {
        let said = |name: &str| {
            let own = |found: &str| found.strip_prefix("client-side-encryption-") == Some(name);
            let found = meta.iter().find(|(found, _)| own(found));
            found.map(|(_, value)| value.to_string())
        };
        Self {
            client_encryption_key: said("key"),
            client_encryption_start: said("start"),
            client_encryption_cek_alg: said("cek-alg"),
            client_encryption_wrap_alg: said("wrap-alg"),
            client_encryption_data_size: said("data-size"),
            client_encryption_part_size: said("part-size"),
        }
    }
}
