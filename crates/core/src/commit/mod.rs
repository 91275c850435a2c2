//! What a committer decides, as pure code: which transactions pass, which numbers they take, and
//! what changes in the end. Every single-process metadata store is a shell around this.
//!
//! A shell gives each waiting transaction to [`Batch::offer`] until one finds no room or none is
//! waiting, takes the outcome from [`Batch::seal`], makes it durable and visible as a whole, and only
//! then answers. One sequence of numbers gives revisions and log positions: an applied transaction
//! takes the next number as revision of everything it puts, then one for each of its appends.
//!
//! It does not know how anything is stored or who waits. [`Budget`] and [`payload_part`], which cut
//! answers, are here because all stores must cut alike.

mod batch;
mod page;

pub use batch::{Batch, Bounds, Effects, InvalidTxn, Offer, Sealed, State};
pub use page::{Budget, payload_part};
