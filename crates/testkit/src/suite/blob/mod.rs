//! What every blob store promises, case by case. An implementation runs them all with
//! [`blob_suite!`](crate::blob_suite), which makes one test of each.
//!
//! The cases know the port alone, and none asserts a duration.

mod damage;
mod finish;
mod full;
mod read;
mod scan;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::model::{BlobId, PayloadId};
use cohong_core::ports::{BlobError, BlobStore, BlobWriter, BodyError, ByteStream};
use futures_util::StreamExt;

use crate::seed::Seed;

pub use damage::*;
pub use finish::*;
pub use full::*;
pub use read::*;
pub use scan::*;

/// Largest piece of a read, as the port promises.
const PIECE: usize = 1 << 20;

/// A store under test and the way to hurt it.
pub trait Subject: Send {
    /// The store as it is open now.
    fn store(&self) -> Arc<dyn BlobStore>;

    /// Ends the store without warning and opens what it left.
    fn reopen(&mut self);

    /// Bytes that a finished blob takes where it is kept.
    fn stored_len(&self, id: BlobId) -> u64;

    /// Inverts a bit of those bytes, counted from the first byte's lowest.
    fn flip_bit(&self, id: BlobId, n: u64);

    /// Things kept that are not finished blobs.
    fn leftovers(&self) -> usize;
}

/// A store whose space can be bounded.
pub trait Bounded: Subject {
    /// From now on `bytes` more fit; `None` lifts the bound.
    fn set_room(&self, bytes: Option<u64>);
}

/// Makes one test of every case. The argument is an expression that makes an empty
/// [`Subject`](crate::suite::blob::Subject); it is evaluated once a case.
#[macro_export]
macro_rules! blob_suite {
    ($new:expr) => {
        $crate::blob_suite! { $new =>
            a_finished_blob_is_read_also_after_a_crash
            an_unfinished_blob_is_never_seen
            a_dropped_writer_leaves_nothing
            a_writer_of_a_former_life_makes_nothing_visible
            writers_do_not_disturb_each_other
            a_name_is_never_written_twice
            the_length_said_beforehand_decides_nothing
            ranges_are_exact
            a_range_outside_the_blob_is_refused
            an_unknown_blob_is_absent
            a_reader_outlives_its_blob
            a_deleted_blob_is_absent_and_deleting_again_succeeds
            readers_do_not_disturb_each_other
            pages_follow_each_other_in_order
            pages_are_bounded
            every_flipped_byte_is_noticed
        }
    };
    ($new:expr => $($case:ident)*) => {$(
        #[tokio::test]
        async fn $case() {
            $crate::suite::blob::$case(&mut $new).await;
        }
    )*};
}

/// Makes one test of every case about space. The argument makes an empty
/// [`Bounded`](crate::suite::blob::Bounded).
#[macro_export]
macro_rules! bounded_blob_suite {
    ($new:expr) => {
        $crate::blob_suite! { $new =>
            a_full_store_says_so_and_keeps_what_it_has
            a_full_store_takes_blobs_again_when_there_is_space
            a_writer_that_failed_once_finishes_nothing
        }
    };
}

/// Blob `n` of the suite; different `n` are spread over all ids, in no order.
pub fn blob_id(n: u64) -> BlobId {
    let mut seed = Seed::new(n);
    let mut payload = [0; 16];
    let (first, second) = payload.split_at_mut(8);
    first.copy_from_slice(&seed.draw().to_be_bytes());
    second.copy_from_slice(&seed.draw().to_be_bytes());
    BlobId {
        payload: PayloadId(payload),
        n: 0,
    }
}

/// `len` bytes that are different for every `n` and do not repeat.
pub fn content(n: u64, len: usize) -> Bytes {
    let mut seed = Seed::new(n);
    let words = len.div_ceil(8);
    let mut bytes: Vec<u8> = (0..words).flat_map(|_| seed.draw().to_le_bytes()).collect();
    bytes.truncate(len);
    bytes.into()
}

/// Writes a blob in chunks of `step` bytes.
pub async fn put(
    store: &dyn BlobStore,
    id: BlobId,
    bytes: &Bytes,
    step: usize,
    len: Option<u64>,
) -> Result<(), BlobError> {
    let mut writer = store.create(id, len).await?;
    write(&mut *writer, bytes, step).await?;
    let info = writer.finish().await?;
    assert_eq!((info.id, info.len), (id, bytes.len() as u64));
    Ok(())
}

/// Reads a range; what was read before an error is dropped.
pub async fn get(
    store: &dyn BlobStore,
    id: BlobId,
    range: Range<u64>,
) -> Result<Vec<u8>, BlobError> {
    let stream = store.read(id, range).await?;
    let mut bytes = Vec::new();
    match drain(stream, &mut bytes).await {
        Ok(()) => Ok(bytes),
        Err(BodyError::Stored(error)) => Err(error),
        Err(other) => panic!("a store reports its own errors only, not {other:?}"),
    }
}

async fn put_ok(store: &dyn BlobStore, id: BlobId, bytes: &Bytes) {
    let put = put(store, id, bytes, PIECE / 3, Some(bytes.len() as u64)).await;
    put.expect("a blob is written");
}

async fn write(writer: &mut dyn BlobWriter, bytes: &Bytes, step: usize) -> Result<(), BlobError> {
    for start in (0..bytes.len()).step_by(step) {
        let end = bytes.len().min(start + step);
        writer.write(bytes.slice(start..end)).await?;
    }
    Ok(())
}

/// Appends what the stream gives until its end or first error.
async fn drain(mut stream: ByteStream, bytes: &mut Vec<u8>) -> Result<(), BodyError> {
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        assert!(
            !piece.is_empty() && piece.len() <= PIECE,
            "a piece of {}",
            piece.len()
        );
        bytes.extend_from_slice(&piece);
    }
    Ok(())
}

async fn assert_holds(store: &dyn BlobStore, id: BlobId, expected: &Bytes) {
    let read = get(store, id, 0..expected.len() as u64).await;
    let read = read.expect("a finished blob is read");
    assert!(read == *expected, "{id} has other bytes than were written");
}

async fn assert_absent(store: &dyn BlobStore, id: BlobId) {
    let read = get(store, id, 0..0).await;
    assert!(matches!(read, Err(BlobError::NoSuchBlob)), "{read:?}");
    let seen = store.scan(None, usize::MAX).await.expect("a scan succeeds");
    assert!(seen.iter().all(|info| info.id != id), "{id} is listed");
}

/// Waits for what stores do in the background; the test fails if it never comes about.
async fn eventually<F: Future<Output = bool>>(what: &str, mut reached: impl FnMut() -> F) {
    for _ in 0..10_000 {
        if reached().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never came about: {what}");
}
