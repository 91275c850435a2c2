//! Checksums as members of bodies, with vendors that have such.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::{ChecksumAlgorithm, ChecksumForm, ChecksumValue, Etag, FurtherChecksum};
use serde::{Deserialize, Serialize};

use crate::common::checksum::{checksum, checksum_text, kind_word};
use crate::common::vocabulary::Vocabulary;
use crate::gate::fault::Fault;

/// At most one checksum, and what it covers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ChecksumBody {
    #[serde(flatten)]
    value: ChecksumMembers,
    #[serde(rename = "ChecksumType", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// The members that hold checksums.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ChecksumMembers {
    #[serde(rename = "ChecksumCRC32", skip_serializing_if = "Option::is_none")]
    pub(super) crc32: Option<String>,
    #[serde(rename = "ChecksumCRC32C", skip_serializing_if = "Option::is_none")]
    pub(super) crc32c: Option<String>,
    #[serde(rename = "ChecksumCRC64NVME", skip_serializing_if = "Option::is_none")]
    pub(super) crc64nvme: Option<String>,
    #[serde(rename = "ChecksumSHA1", skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<String>,
    #[serde(rename = "ChecksumSHA256", skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// How a checksum is computed and what it covers, in a line of a list.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChecksumLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum_type: Option<&'static str>,
}

impl ChecksumBody {
    /// Without what it covers, which goes without saying of a part.
    pub(crate) fn of_part(self) -> Self {
        Self { kind: None, ..self }
    }
}

impl ChecksumMembers {
    fn place(&mut self, algorithm: ChecksumAlgorithm) -> &mut Option<String> {
        match algorithm {
            ChecksumAlgorithm::Crc32 => &mut self.crc32,
            ChecksumAlgorithm::Crc32c => &mut self.crc32c,
            ChecksumAlgorithm::Crc64Nvme => &mut self.crc64nvme,
            ChecksumAlgorithm::Sha1 => &mut self.sha1,
            ChecksumAlgorithm::Sha256 => &mut self.sha256,
        }
    }

    fn new(algorithm: ChecksumAlgorithm, text: String) -> Self {
        let mut members = Self::default();
        *members.place(algorithm) = Some(text);
        members
    }

    /// The checksum that they say; an error for several, and for one that cannot be one.
    pub(crate) fn read(mut self) -> Result<Option<ChecksumValue>, Fault> {
        let mut said = None;
        for algorithm in ChecksumAlgorithm::ALL {
            let Some(text) = self.place(algorithm).take() else {
                continue;
            };
            let value = checksum(algorithm, &text).ok_or(Fault::Xml)?;
            if said.replace(value).is_some() {
                return Err(Fault::Checksum(
                    "a part has one checksum, not several".into(),
                ));
            }
        }
        Ok(said)
    }
}

impl Vocabulary {
    /// A checksum as a body tells it, the count of parts behind one of parts.
    pub(crate) fn checksum_body(
        &self,
        further: Option<&FurtherChecksum>,
        etag: &Etag,
    ) -> ChecksumBody {
        let told = further.filter(|further| self.tells(further.value.algorithm()));
        told.map_or_else(ChecksumBody::default, |further| ChecksumBody {
            value: ChecksumMembers::new(further.value.algorithm(), checksum_text(further, etag)),
            kind: Some(kind_word(further.kind)),
        })
    }

    /// As [`Vocabulary::checksum_body`], without the count of parts.
    pub(crate) fn bare_checksum_body(&self, further: &FurtherChecksum) -> ChecksumBody {
        ChecksumBody {
            kind: Some(kind_word(further.kind)),
            value: self.checksum_members(Some(further)),
        }
    }

    /// The checksum of a part.
    pub(crate) fn checksum_members(&self, further: Option<&FurtherChecksum>) -> ChecksumMembers {
        let told = further.filter(|further| self.tells(further.value.algorithm()));
        told.map_or_else(ChecksumMembers::default, |further| {
            let text = STANDARD.encode(further.value.bytes());
            ChecksumMembers::new(further.value.algorithm(), text)
        })
    }

    /// What a line of a list says of a checksum.
    pub(crate) fn checksum_line(&self, form: Option<ChecksumForm>) -> ChecksumLine {
        let told = form.filter(|form| self.tells(form.algorithm));
        told.map_or_else(ChecksumLine::default, |form| ChecksumLine {
            checksum_algorithm: self.checksum_word(form.algorithm),
            checksum_type: Some(kind_word(form.kind)),
        })
    }

    fn tells(&self, algorithm: ChecksumAlgorithm) -> bool {
        self.checksum_word(algorithm).is_some()
    }
}

/// Of which form a checksum is.
pub(crate) fn form_of(further: &FurtherChecksum) -> ChecksumForm {
    ChecksumForm {
        algorithm: further.value.algorithm(),
        kind: further.kind,
    }
}
