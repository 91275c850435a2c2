//! Signatures that dialects build on until each is written; the owner of a service deletes its stubs.
#![allow(missing_docs, unused_variables, clippy::todo, clippy::unused_async)]

use super::*;

// --- buckets.rs -----------------------------------------------------------------------------
impl Engine {
    /// Fails with BucketAlreadyOwned / BucketExists / TooManyBuckets.
    pub async fn create_bucket(&self, cx: &Cx, req: CreateBucket) -> Result<(), Error> {
        todo!()
    }
    /// Reads a bucket for one purpose (HEAD, location, ACL, versioning, notification, ...).
    pub async fn read_bucket(
        &self,
        cx: &Cx,
        name: &BucketName,
        action: Action,
    ) -> Result<Bucket, Error> {
        todo!()
    }
    /// Buckets of the asking account, in name order.
    pub async fn list_buckets(&self, cx: &Cx) -> Result<Vec<Bucket>, Error> {
        todo!()
    }
    pub async fn change_bucket(
        &self,
        cx: &Cx,
        name: &BucketName,
        change: BucketChange,
    ) -> Result<(), Error> {
        todo!()
    }
    pub async fn delete_bucket(&self, cx: &Cx, name: &BucketName) -> Result<(), Error> {
        todo!()
    }
}

// --- write.rs / copy.rs / delete.rs / change.rs ------------------------------------------------
impl Engine {
    pub async fn put_object(
        &self,
        cx: &Cx,
        req: PutObject,
        body: Body,
    ) -> Result<PutReceipt, Error> {
        todo!()
    }
    pub async fn delete_object(&self, cx: &Cx, req: DeleteObject) -> Result<DeleteReceipt, Error> {
        todo!()
    }
    /// One outcome per key, in order; keys fail alone. At most DELETE_KEYS_MAX.
    pub async fn delete_objects(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        keys: Vec<(ObjectKey, VersionChoice)>,
    ) -> Result<Vec<Result<DeleteReceipt, Error>>, Error> {
        todo!()
    }
    pub async fn copy_object(&self, cx: &Cx, req: CopyObject) -> Result<CopyReceipt, Error> {
        todo!()
    }
    pub async fn change_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        change: ObjectChange,
    ) -> Result<VersionTag, Error> {
        todo!()
    }
}

// --- read.rs ------------------------------------------------------------------------------------
impl Engine {
    pub async fn get_object(&self, cx: &Cx, req: GetObject) -> Result<ObjectReader, Error> {
        todo!()
    }
    /// Same checks as get, no body; `req.range` is ignored.
    pub async fn head_object(&self, cx: &Cx, req: GetObject) -> Result<ObjectInfo, Error> {
        todo!()
    }
    /// Reads an object's record for another purpose (ACL, tags).
    pub async fn inspect_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        action: Action,
    ) -> Result<ObjectInfo, Error> {
        todo!()
    }
}

// --- uploads.rs ---------------------------------------------------------------------------------
impl Engine {
    pub async fn create_upload(&self, cx: &Cx, req: CreateUpload) -> Result<UploadId, Error> {
        todo!()
    }
    pub async fn put_part(&self, cx: &Cx, req: PutPart, body: Body) -> Result<PartReceipt, Error> {
        todo!()
    }
    pub async fn copy_part(&self, cx: &Cx, req: CopyPart) -> Result<PartReceipt, Error> {
        todo!()
    }
    pub async fn complete_upload(
        &self,
        cx: &Cx,
        req: CompleteUpload,
    ) -> Result<CompleteReceipt, Error> {
        todo!()
    }
    pub async fn abort_upload(&self, cx: &Cx, target: &UploadTarget) -> Result<(), Error> {
        todo!()
    }
}

// --- list.rs ------------------------------------------------------------------------------------
impl Engine {
    pub async fn list_objects(&self, cx: &Cx, req: ListObjects) -> Result<Listing, Error> {
        todo!()
    }
    pub async fn list_versions(&self, cx: &Cx, req: ListVersions) -> Result<VersionListing, Error> {
        todo!()
    }
    pub async fn list_uploads(&self, cx: &Cx, req: ListUploads) -> Result<UploadListing, Error> {
        todo!()
    }
    pub async fn list_parts(&self, cx: &Cx, req: ListParts) -> Result<PartListing, Error> {
        todo!()
    }
}

// --- accounts.rs --------------------------------------------------------------------------------
/// A credential as the verifier needs it.
pub struct Credential {
    pub principal: crate::model::Principal,
    /// Plain secret, for computing signatures only.
    pub secret: Secret,
    /// Token that must come with a temporary credential.
    pub token: Option<crate::model::SessionToken>,
    /// End of a temporary credential.
    pub expires_at: Option<crate::model::Timestamp>,
}
/// A secret that never prints.
#[derive(Clone)]
pub struct Secret(Arc<str>);
impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
impl Engine {
    /// `None` for an unknown key. Answers come from a cache that is at most 5 s stale.
    pub async fn credential(&self, key: &AccessKeyId) -> Result<Option<Credential>, Error> {
        todo!()
    }
}
