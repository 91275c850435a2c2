//! Limits of copying, with their reasons.

/// Largest object that is moved in one request: below it a second try costs less than parts do.
pub(super) const WHOLE_BYTES_MAX: u64 = 16 << 20;
/// Part of a larger one, as long as that makes no more than [`PARTS_MAX`]. Vendors want 5 MiB at least.
pub(super) const PART_BYTES: u64 = 8 << 20;
/// Most parts of an upload: the vendors' limit.
pub(super) const PARTS_MAX: u64 = 10_000;
/// Parts of an object that are on their way at once: enough to fill a connection, and what is lost when a command is
/// interrupted.
pub(super) const PARTS_AT_ONCE: usize = 4;
/// Objects that are on their way at once: small ones wait for answers, not for bytes.
pub(super) const OBJECTS_AT_ONCE: usize = 8;
/// Memory for bytes that are on their way, MiB. A part that is larger than all of it goes alone.
pub(super) const MEMORY_MIB: u32 = 128;
/// Parts of a stream, whose length is not known, double in size after so many: 10,000 of them hold 8 TiB.
pub(super) const STREAM_PARTS: u64 = 1000;
/// Largest object that a store copies in one request, and the part in which it copies a larger one: it answers when
/// it has copied, within the time limit of an answer.
pub(super) const COPY_BYTES_MAX: u64 = 128 << 20;
/// Uploads of a key, the latest first, that are looked at for one to go on with.
pub(super) const UPLOADS_LOOKED_AT: usize = 8;
/// Keys that are removed in one request: the vendors' limit.
pub(super) const REMOVED_AT_ONCE: usize = 1000;
/// Piece in which files are read to be compared.
pub(super) const PIECE_BYTES: usize = 1 << 20;
/// Longest name of a file, bytes: that of every common file system.
pub(super) const NAME_BYTES_MAX: usize = 255;
