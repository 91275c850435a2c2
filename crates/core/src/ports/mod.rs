//! What the engine needs from outside. Object-safe; one conformance suite per port
//! (`cohong_testkit::suite`) says what every implementation promises.

mod blobs;
mod callback;
mod fetch;
mod inventory;
mod lists;
mod metadata;
mod origin;
mod seal;
mod sink;
mod source;
mod target;
mod world;

pub use blobs::{BlobError, BlobInfo, BlobStore, BlobWriter, BodyError, ByteStream};
pub use callback::{
    CallAbout, CallAttempt, CallTarget, CallbackAnswer, CallbackFormat, CallbackOutcome,
    CallbackRequest, CallbackSender, Failed, Fault, Phase, UnfitCall, Unmade,
};
pub use fetch::{FetchFault, Fetched, Fetcher};
pub use inventory::{InventoryFormat, Report, ReportFormat, ReportPaper, ReportRow};
pub use lists::OutcomeFormat;
pub use metadata::{
    CommitError, Expect, Key, KeyRange, Limit, LogId, MetadataStore, Order, Page, Position, Record,
    Revision, StoreError, Table, Tail, Txn, When, Write,
};
pub use origin::{OriginFault, OriginObject, OriginRequest, Origins};
pub use seal::{SealError, Sealer};
pub use sink::Sink;
pub use source::{
    Source, SourceCredentials, SourceDigests, SourceFault, SourceObject, SourcePage, Sources,
};
pub use target::{EventFormat, Message, MessageContext, Target, Undelivered};
pub use world::{Clock, Ids, Load, Mono, Spawner, Task};
