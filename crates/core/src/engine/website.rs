//! Reading what a bucket does beside showing its objects.

use super::Engine;
use crate::error::{Error, ErrorKind};
use crate::model::{BucketName, MirrorRule, Site, Website};

impl Engine {
    /// The website of a bucket and its origins; `None` when it has neither or there is no bucket. Asks
    /// nobody's rights: what is shown is read as any object is.
    pub async fn site_of(&self, name: &BucketName) -> Result<Option<Site>, Error> {
        let last = self.known.last(name);
        if last.is_some_and(|bucket| !bucket.has_website && !bucket.has_mirrors) {
            return Ok(None);
        }
        let bucket = match self.read_live_bucket(name).await {
            Ok((bucket, _)) => bucket,
            Err(error) if error.kind() == ErrorKind::NoSuchBucket => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut site = Site::default();
        if bucket.has_website {
            let website: Option<Website> = self.read_doc(&bucket).await?;
            site.website = website.unwrap_or_default();
        }
        if bucket.has_mirrors {
            let mirrors: Option<Vec<MirrorRule>> = self.read_doc(&bucket).await?;
            site.mirrors = mirrors.unwrap_or_default();
        }
        Ok((site != Site::default()).then_some(site))
    }
}
