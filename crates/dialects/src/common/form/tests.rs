use std::sync::atomic::AtomicUsize;

use futures_util::StreamExt;
use proptest::prelude::*;

use super::*;

const TYPE: &str = "multipart/form-data; boundary=BB";
const LIMITS: Limits = Limits {
    bytes: 20 << 10,
    fields: 10,
};

fn part(name: &str, value: &str) -> String {
    format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn stream(text: &str, piece: usize) -> ByteStream {
    let pieces: Vec<_> = text
        .as_bytes()
        .chunks(piece.max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    Box::pin(futures_util::stream::iter(pieces.into_iter().map(Ok)))
}

async fn read(text: &str, piece: usize) -> Result<(Vec<(String, String)>, Vec<u8>), String> {
    let form = open(TYPE, stream(text, piece), LIMITS)
        .await
        .map_err(|error| format!("{error:?}"))?;
    let mut file = form.file;
    let mut bytes = Vec::new();
    while let Some(chunk) = file.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| format!("{error:?}"))?);
    }
    Ok((form.fields, bytes))
}

#[tokio::test]
async fn fields_before_the_file_count() {
    let text =
        part("key", "a") + &part("file", "bytes\r\n--B") + &part("late", "ignored") + "--BB--\r\n";
    for piece in [1, 7, 4096] {
        let (fields, file) = read(&text, piece).await.expect("a form");
        assert_eq!(fields, [("key".to_owned(), "a".to_owned())]);
        assert_eq!(file, b"bytes\r\n--B");
    }
}

#[tokio::test]
async fn a_form_cut_short_is_no_upload() {
    let whole = part("key", "a") + &part("file", "bytes") + "--BB--\r\n";
    for end in 0..whole.len() - 2 {
        assert!(read(&whole[..end], 5).await.is_err(), "{end}");
    }
}

#[tokio::test]
async fn what_stands_before_the_file_is_bounded() {
    let many: String = (0..11).map(|n| part(&format!("f{n}"), "v")).collect();
    let large = part("key", &"v".repeat(21 << 10));
    let headers = format!("--BB\r\nX-Long: {}", "v".repeat(200 << 10));
    for head in [many, large, headers] {
        let text = head + &part("file", "bytes") + "--BB--\r\n";
        assert!(
            read(&text, 1 << 20)
                .await
                .expect_err("too large")
                .contains("TooLarge")
        );
    }
    assert!(open("text/plain", stream("", 1), LIMITS).await.is_err());
    assert!(read(&(part("key", "a") + "--BB--\r\n"), 9).await.is_err());
}

#[tokio::test]
async fn the_file_is_not_gathered_in_memory() {
    let taken = Arc::new(AtomicUsize::new(0));
    let head = Bytes::from(
        part("key", "a") + "--BB\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n",
    );
    let counted = taken.clone();
    let endless = futures_util::stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(&[b'x'; 1024]))
    });
    let body = futures_util::stream::once(async { Ok(head) }).chain(endless);
    let mut file = open(TYPE, Box::pin(body), LIMITS)
        .await
        .expect("a form")
        .file;
    for read in 1..100 {
        file.next().await.expect("more").expect("bytes");
        assert!(taken.load(Ordering::Relaxed) <= read + 4, "{read}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(text in "(--BB|\r\n|name=\"file\"|Content-Disposition: form-data; |[a-z]){0,30}") {
        let run = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let outcome = run.block_on(read(&text, 3));
        prop_assert!(outcome.is_err() || text.contains("name=\"file\""));
    }
}
