use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::model::PayloadId;

fn blob(payload: u8, n: u64) -> BlobId {
    BlobId {
        payload: PayloadId([payload; 16]),
        n,
    }
}

fn key(cipher: Cipher) -> DataKey {
    DataKey::new(cipher, [7; 32])
}

fn len_of(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

fn plain(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Opens a range as a reader does.
fn read(
    cipher: &BlobCipher,
    stored: &[u8],
    plain: u64,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, CipherError> {
    let span = span(&range, plain);
    let [start, end] = [span.start, span.end].map(len_of);
    let mut out = Vec::new();
    let text = stored.get(start..end).ok_or(CipherError)?;
    for (number, segment) in (span.first..).zip(text.chunks(len_of(SEALED_BYTES))) {
        let mut segment = BytesMut::from(segment);
        cipher.open(number, number == span.last, &mut segment)?;
        out.extend_from_slice(&segment);
    }
    let skip = len_of(span.skip);
    Ok(out[skip..skip + len_of(range.end - range.start)].to_vec())
}

/// Lengths around the borders of segments.
fn lengths() -> impl Strategy<Value = usize> {
    let around = |at: usize| at.saturating_sub(2)..at + 3;
    prop_oneof![
        1..100_usize,
        around(SEGMENT_LEN),
        around(2 * SEGMENT_LEN),
        1..3 * SEGMENT_LEN,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_range_is_what_was_sealed(
        len in lengths(),
        (from, to) in any::<(Index, Index)>(),
        sm4 in proptest::bool::weighted(0.2),
    ) {
        let cipher = if sm4 { Cipher::Sm4 } else { Cipher::Aes256 };
        let plain = plain(len);
        let sealing = key(cipher).of_blob(blob(1, 0));
        let stored = sealing.seal_all(&plain);
        prop_assert_eq!(stored.len() as u64, sealed_len(len as u64));
        let start = from.index(len);
        let end = start + 1 + to.index(len - start);
        let got = read(&sealing, &stored, len as u64, start as u64..end as u64).unwrap();
        prop_assert_eq!(&got, &plain[start..end]);
    }

    #[test]
    fn as_many_plain_bytes_fit_as_is_said(sealed in 0..400_000_usize) {
        let most = plain_max(sealed) as u64;
        prop_assert!(most == 0 || sealed_len(most) <= sealed as u64);
        prop_assert!(sealed_len(most + TAG_BYTES + 1) > sealed as u64);
    }
}

#[test]
fn no_plain_byte_run_is_stored() {
    let text = b"a secret line that is found when it is stored as it is. ".repeat(3000);
    for cipher in [Cipher::Aes256, Cipher::Sm4] {
        let stored = key(cipher).of_blob(blob(1, 0)).seal_all(&text);
        let found = stored.windows(8).any(|run| run == &text[..8]);
        assert!(!found, "{cipher:?}");
    }
}

#[test]
fn every_change_is_found() {
    let len = 2 * SEGMENT_LEN + 100;
    let plain = plain(len);
    let sealing = key(Cipher::Aes256).of_blob(blob(1, 5));
    let good = sealing.seal_all(&plain).to_vec();
    let sealed = len_of(SEALED_BYTES);
    let whole = 0..len as u64;
    let read_as = |stored: &[u8], len: u64| read(&sealing, stored, len, 0..len);
    assert_eq!(read(&sealing, &good, len as u64, whole).unwrap(), plain);
    for at in [0, 1, sealed - 1, sealed, 2 * sealed, good.len() - 1] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert_eq!(read_as(&changed, len as u64), Err(CipherError), "byte {at}");
    }
    let exchanged = [
        &good[sealed..2 * sealed],
        &good[..sealed],
        &good[2 * sealed..],
    ]
    .concat();
    assert_eq!(read_as(&exchanged, len as u64), Err(CipherError));
    let repeated = [&good[..sealed], &good[..sealed], &good[2 * sealed..]].concat();
    assert_eq!(read_as(&repeated, len as u64), Err(CipherError));
    // Cut at a segment's border, with a record that says so.
    let cut = &good[..2 * sealed];
    assert_eq!(read_as(cut, 2 * SEGMENT_BYTES), Err(CipherError));
    // Bytes behind the end, with a record that says so.
    let longer = [good.as_slice(), &good[2 * sealed..]].concat();
    assert_eq!(read_as(&longer, len as u64 + 116), Err(CipherError));
    for other in [blob(1, 6), blob(2, 5)] {
        let other = key(Cipher::Aes256).of_blob(other);
        assert_eq!(read(&other, &good, len as u64, 0..1), Err(CipherError));
    }
    let other = key(Cipher::Sm4).of_blob(blob(1, 5));
    assert_eq!(read(&other, &good, len as u64, 0..1), Err(CipherError));
}

#[test]
fn only_the_customer_s_key_opens_what_it_wrapped() {
    let (mine, other) = (CustomerKey([1; 32]), CustomerKey([2; 32]));
    let wrapped = key(Cipher::Aes256).wrap(&mine, [9; 32]);
    let opened = DataKey::unwrap(Cipher::Aes256, &wrapped, &mine).unwrap();
    assert_eq!(opened.secret(), key(Cipher::Aes256).secret());
    assert!(DataKey::unwrap(Cipher::Aes256, &wrapped, &other).is_err());
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        assert!(DataKey::unwrap(Cipher::Aes256, &changed, &mine).is_err());
        assert!(DataKey::unwrap(Cipher::Aes256, &wrapped[..at], &mine).is_err());
    }
    let again = key(Cipher::Aes256).wrap(&mine, [8; 32]);
    assert_ne!(wrapped, again);
}

#[test]
fn no_key_is_shown() {
    let shown = format!("{:?} {:?}", CustomerKey([1; 32]), key(Cipher::Sm4));
    assert_eq!(shown, "CustomerKey(..) DataKey { cipher: Sm4, .. }");
}
