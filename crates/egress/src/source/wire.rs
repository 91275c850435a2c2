//! Bodies as a vendor writes them: XML, or JSON with the same names.

use cohong_core::ports::SourceFault;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::speech::Speech;

impl Speech {
    /// Reads a body; nothing for what is none of its vendor's.
    pub(super) fn read<T: DeserializeOwned>(self, body: &[u8]) -> Option<T> {
        let text = std::str::from_utf8(body).ok()?;
        match self {
            Self::Tos => serde_json::from_str(text).ok(),
            Self::S3 | Self::Oss | Self::Azure | Self::Http => quick_xml::de::from_str(text).ok(),
        }
    }

    /// Writes a body, of the one form or the other, and says what it is.
    pub(super) fn write(
        self,
        xml: &impl Serialize,
        json: &impl Serialize,
    ) -> Result<(&'static str, String), SourceFault> {
        let unwritten = || SourceFault::Broken("a name cannot be written in its words".into());
        match self {
            Self::Tos => {
                let body = serde_json::to_string(json).map_err(|_| unwritten())?;
                Ok(("application/json", body))
            }
            Self::S3 | Self::Oss | Self::Azure | Self::Http => {
                let body = quick_xml::se::to_string(xml).map_err(|_| unwritten())?;
                Ok(("application/xml", body))
            }
        }
    }
}
