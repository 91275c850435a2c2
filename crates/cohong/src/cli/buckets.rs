//! `cohong cp`, `mirror`, `ls`, `rm`, `stat`, `presign`, `mb`, `rb`: buckets from the command line, in the tongue that
//! the place names, as any other client of the store.

mod context;
mod copy;
pub(super) mod cp;
mod fetch;
mod limits;
pub(super) mod look;
pub(super) mod mirror;
mod piece;
mod place;
pub(super) mod remove;
mod report;
mod scratch;
mod send;
mod stores;
mod transfer;
mod tree;
mod trouble;
