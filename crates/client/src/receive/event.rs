//! Events as functions and webhooks get them (TOS sheet section 6): CloudEvents in binary mode, with their attributes in
//! headers, or in structured mode, with everything in the body.
//!
//! Deliveries come at least once, and those of one key in the order of its changes. A repeated delivery has the same id.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};

use super::{Refused, bounded, header};

/// Longest attribute in a header.
const ATTRIBUTE_BYTES_MAX: usize = 2 << 10;

/// A delivery: attributes, and the events in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudEvent {
    /// Id; of this server the position in the log of the bucket, 20 digits.
    pub id: String,
    /// Where it is from, `/faas/event/tos/BUCKET`.
    pub source: String,
    /// Always `1.0` so far.
    pub spec_version: String,
    /// `faas.tos.event`.
    pub r#type: String,
    /// When it happened, as RFC 3339 writes it; empty when it is not told.
    pub time: String,
    /// What orders the events of a key, as text; this server only.
    pub sequencer: Option<String>,
    /// The replay that this delivery is part of; this server only.
    pub replay: Option<String>,
    /// What happened; one event at a time from this server.
    pub events: Vec<TosEvent>,
}

#[derive(Deserialize)]
struct Data {
    events: Vec<TosEvent>,
}

#[derive(Deserialize)]
struct Structured {
    id: String,
    source: String,
    specversion: String,
    r#type: String,
    #[serde(default)]
    time: String,
    sequencer: Option<String>,
    data: Data,
}

impl CloudEvent {
    /// Reads a delivery in either mode: structured when its `Content-Type` is `application/cloudevents+json`, or when it
    /// has no attributes in its headers.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let kind = headers
            .get(CONTENT_TYPE)
            .map(|kind| kind.as_bytes().to_ascii_lowercase());
        let structured = kind.is_some_and(|kind| kind.starts_with(b"application/cloudevents+json"));
        if structured || !headers.contains_key("ce-specversion") {
            return Self::structured(body);
        }
        Self::binary(headers, body)
    }

    /// Reads a delivery in binary mode.
    pub fn binary(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        bounded(body)?;
        let needed = |name| Ok(header(headers, name, ATTRIBUTE_BYTES_MAX)?.to_owned());
        let optional = |name| match needed(name) {
            Err(Refused::Missing(_)) => Ok(None),
            given => given.map(Some),
        };
        let data: Data =
            serde_json::from_slice(body).map_err(|_| Refused::Malformed("the body"))?;
        Ok(Self {
            id: needed("ce-id")?,
            source: needed("ce-source")?,
            spec_version: needed("ce-specversion")?,
            r#type: needed("ce-type")?,
            time: optional("ce-time")?.unwrap_or_default(),
            sequencer: optional("ce-sequencer")?,
            replay: optional("x-cohong-replay")?,
            events: data.events,
        })
    }

    /// Reads a delivery in structured mode.
    pub fn structured(body: &[u8]) -> Result<Self, Refused> {
        bounded(body)?;
        let read = serde_json::from_slice(body);
        let event: Structured = read.map_err(|_| Refused::Malformed("the body"))?;
        Ok(Self {
            id: event.id,
            source: event.source,
            spec_version: event.specversion,
            r#type: event.r#type,
            time: event.time,
            sequencer: event.sequencer,
            replay: None,
            events: event.data.events,
        })
    }
}

/// What happened to an object. Members that a service leaves out are empty, those it adds are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TosEvent {
    /// Such as `tos:ObjectCreated:Put`; see [`kind`](Self::kind).
    pub event_name: String,
    /// `tos`.
    pub event_source: String,
    /// When, as RFC 3339 writes it.
    pub event_time: String,
    /// `1.0`.
    pub event_version: String,
    /// The object and what belongs to it.
    pub tos: TosFacts,
}

impl TosEvent {
    /// What the name says; `None` for a name that is not known.
    pub fn kind(&self) -> Option<EventKind> {
        let known = KINDS.iter().find(|(_, name)| *name == self.event_name);
        known.map(|(kind, _)| *kind)
    }
}

/// Kinds of events (TOS sheet section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// An upload in one request.
    CreatedPut,
    /// An upload through a form.
    CreatedPost,
    /// A copy.
    CreatedCopy,
    /// An upload in parts.
    CreatedCompleteUpload,
    /// Fetched from a URL.
    CreatedFetch,
    /// Fetched because somebody read it.
    CreatedOrigin,
    /// Appended to; replays of this server only.
    CreatedAppend,
    /// A symlink; replays of this server only.
    CreatedSymlink,
    /// Removed.
    RemovedDelete,
    /// Hidden by a delete marker.
    RemovedDeleteMarkerCreated,
    /// Removed by a lifecycle rule.
    ExpiredDelete,
    /// Hidden by a lifecycle rule.
    ExpiredDeleteMarkerCreated,
    /// Created by replication.
    ReplicatedCreated,
    /// Changed by replication.
    ReplicatedModified,
    /// A restore was ordered.
    RestorePost,
    /// A restore is done.
    RestoreCompleted,
    /// Read.
    Downloaded,
}

const KINDS: &[(EventKind, &str)] = &[
    (EventKind::CreatedPut, "tos:ObjectCreated:Put"),
    (EventKind::CreatedPost, "tos:ObjectCreated:Post"),
    (EventKind::CreatedCopy, "tos:ObjectCreated:Copy"),
    (
        EventKind::CreatedCompleteUpload,
        "tos:ObjectCreated:CompleteUpload",
    ),
    (EventKind::CreatedFetch, "tos:ObjectCreated:Fetch"),
    (EventKind::CreatedOrigin, "tos:ObjectCreated:Origin"),
    (EventKind::CreatedAppend, "tos:ObjectCreated:Append"),
    (EventKind::CreatedSymlink, "tos:ObjectCreated:Symlink"),
    (EventKind::RemovedDelete, "tos:ObjectRemoved:Delete"),
    (
        EventKind::RemovedDeleteMarkerCreated,
        "tos:ObjectRemoved:DeleteMarkerCreated",
    ),
    (EventKind::ExpiredDelete, "tos:LifecycleExpiration:Delete"),
    (
        EventKind::ExpiredDeleteMarkerCreated,
        "tos:LifecycleExpiration:DeleteMarkerCreated",
    ),
    (
        EventKind::ReplicatedCreated,
        "tos:ObjectReplication:ObjectCreated",
    ),
    (
        EventKind::ReplicatedModified,
        "tos:ObjectReplication:ObjectModified",
    ),
    (EventKind::RestorePost, "tos:ObjectRestore:Post"),
    (EventKind::RestoreCompleted, "tos:ObjectRestore:Completed"),
    (EventKind::Downloaded, "tos:ObjectDownload:*"),
];

/// Defines what stands in an event: every member may be missing.
macro_rules! facts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    };
}

facts! {
    /// The object and what belongs to it.
    TosFacts {
        /// `1.0`.
        tos_schema_version: String,
        /// The rule that asked for the event.
        rule_id: String,
        /// The region.
        region: String,
        /// The bucket.
        bucket: Bucket,
        /// The object.
        object: Object,
        /// About the request.
        request_parameters: RequestParameters,
        /// About its answer.
        response_elements: ResponseElements,
        /// Who did it.
        user_identity: UserIdentity,
        /// Variables of the upload's callback, names with their `x:`.
        x_vars: BTreeMap<String, String>,
        /// About a restore.
        archive_event_data: Option<ArchiveEventData>,
        /// About a lifecycle rule.
        lifecycle_event_data: Option<LifecycleEventData>,
    }
}
facts! {
    /// The bucket.
    Bucket {
        /// Its resource name.
        trn: String,
        /// Its name.
        name: String,
        /// Who owns it; the vendor spells it so.
        owner_identify: String,
    }
}
facts! {
    /// The object.
    Object {
        /// Its key, not encoded.
        key: String,
        /// Bytes; 0 also when there is no object any more.
        size: u64,
        /// Etag, without quotes.
        #[serde(rename = "eTag")]
        etag: String,
        /// Version, where the bucket keeps versions.
        version_id: Option<String>,
    }
}
facts! {
    /// About the request.
    RequestParameters {
        /// Where it came from.
        #[serde(rename = "sourceIPAddress")]
        source_ip_address: Option<String>,
    }
}
facts! {
    /// About the answer.
    ResponseElements {
        /// Id of the request.
        request_id: String,
    }
}
facts! {
    /// Who did it.
    UserIdentity {
        /// The account; none when nobody signed.
        principal_id: Option<String>,
    }
}
facts! {
    /// About a restore.
    ArchiveEventData {
        /// What became of it.
        restore_event_data: RestoreEventData,
    }
}
facts! {
    /// What became of a restore.
    RestoreEventData {
        /// How long the object can be read.
        restoration_expiry_time: String,
        /// Its class.
        restore_storage_class: String,
    }
}
facts! {
    /// About a lifecycle rule.
    LifecycleEventData {
        /// What it did.
        transition_event_data: TransitionEventData,
    }
}
facts! {
    /// What a lifecycle rule did.
    TransitionEventData {
        /// The new class.
        destination_storage_class: String,
    }
}

#[cfg(test)]
mod tests;
