//! Listings whose answers are XML documents.

use cohong_core::engine::Engine;
use http::{HeaderMap, Response};

use super::attributes::boolean;
use super::vocabulary::Vocabulary;
use super::wire::list::{ObjectList, ObjectList2};
use super::wire::multipart::{PartList, UploadList};
use super::wire::versions::VersionList;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

type Answer = Result<Response<OutBody>, Fault>;

impl Vocabulary {
    /// Objects after a key.
    pub(crate) async fn objects_page(&self, call: Call, engine: &Engine) -> Answer {
        let page = self.list_objects(&call, engine, false).await?;
        let body = self.object_list(&page);
        Ok(self.answer(HeaderMap::new(), ObjectList::ROOT, &body))
    }

    /// Objects after a token.
    pub(crate) async fn objects_page_by_token(&self, call: Call, engine: &Engine) -> Answer {
        let owner = call.query("fetch-owner").unwrap_or_default();
        let owner = boolean("fetch-owner", owner)?;
        let page = self.list_objects_by_token(&call, engine, false).await?;
        let body = self.object_list_by_token(page, owner);
        Ok(self.answer(HeaderMap::new(), ObjectList2::ROOT, &body))
    }

    /// Versions.
    pub(crate) async fn versions_page(&self, call: Call, engine: &Engine) -> Answer {
        let page = self.list_versions(&call, engine).await?;
        let body = self.version_list(&page);
        Ok(self.answer(HeaderMap::new(), VersionList::ROOT, &body))
    }

    /// Parts of an upload.
    pub(crate) async fn parts_page(&self, call: Call, engine: &Engine) -> Answer {
        let page = self.list_parts(&call, engine).await?;
        let body = self.part_list(page);
        Ok(self.answer(HeaderMap::new(), PartList::ROOT, &body))
    }

    /// Open uploads.
    pub(crate) async fn uploads_page(&self, call: Call, engine: &Engine) -> Answer {
        let page = self.list_uploads(&call, engine).await?;
        let body = self.upload_list(&page);
        Ok(self.answer(HeaderMap::new(), UploadList::ROOT, &body))
    }
}
