//! Bytes that changed by themselves.

use cohong_core::ports::{BlobError, BodyError};

use super::{PIECE, Subject, assert_holds, blob_id, content, drain, put_ok};
use crate::seed::Seed;

/// Whichever byte of a stored blob changes, a full read ends with "damaged", and everything handed
/// out before is right. Once the byte is as it was, so is the blob.
pub async fn every_flipped_byte_is_noticed(subject: &mut impl Subject) {
    let lens = [1, 70_000, 2 * PIECE + 100];
    for (n, len) in lens.into_iter().enumerate() {
        let (id, bytes) = (blob_id(n as u64), content(n as u64, len));
        put_ok(&*subject.store(), id, &bytes).await;
        let stored = subject.stored_len(id);
        for bit in sampled_bits(stored) {
            subject.flip_bit(id, bit);
            let mut read = Vec::new();
            let outcome = match subject.store().read(id, 0..len as u64).await {
                Ok(stream) => drain(stream, &mut read).await,
                Err(error) => Err(BodyError::Stored(error)),
            };
            let noticed = matches!(outcome, Err(BodyError::Stored(BlobError::Damaged(_))));
            assert!(noticed, "bit {bit} of {stored} bytes: {outcome:?}");
            assert!(
                bytes.starts_with(&read),
                "bit {bit}: wrong bytes were handed out"
            );
            subject.flip_bit(id, bit);
        }
        assert_holds(&*subject.store(), id, &bytes).await;
    }
}

/// All bytes at the end, where a trailer would be, and some of the others.
fn sampled_bits(stored: u64) -> Vec<u64> {
    let mut seed = Seed::new(stored);
    let end = stored.saturating_sub(100)..stored;
    let others: Vec<u64> = (0..100).map(|_| seed.below(stored)).collect();
    let bytes = end.chain([0]).chain(others);
    bytes.map(|byte| byte * 8 + seed.below(8)).collect()
}
