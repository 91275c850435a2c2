//! Bodies in chunks of a vendor's own, inside whatever framing HTTP gives them: each chunk with its length in front,
//! perhaps signed, and perhaps lines behind the last one (S3 sheet section 3).
//!
//! Boundaries of what comes in fall anywhere. Unsigned bytes go out as they come, without a copy; a signed chunk is held
//! until its signature is known to be good.

mod tail;

use bytes::{Buf, Bytes, BytesMut};
use cohong_core::ports::{BodyError, ByteStream};
use cohong_core::{Error, ErrorKind};
use cohong_sign::ChunkSigner;
use futures_util::StreamExt;
use sha2::{Digest as _, Sha256};

pub use tail::Trailer;

/// Longest line in front of a chunk, bytes: 16 digits, the name and 64 digits of a signature, and some room.
const HEAD_BYTES_MAX: usize = 128;

/// Longest signed chunk, bytes. It is held in memory whole; vendors' clients send 64 KiB to 8 MiB.
const SIGNED_BYTES_MAX: u64 = 16 << 20;

/// Parameter of a chunk with its signature.
const CHUNK_SIGNATURE: &str = "chunk-signature";

/// What the head of a request says about the chunks of its body.
#[derive(Clone, Debug)]
pub struct Chunked {
    /// Bytes in all chunks together.
    pub length: u64,
    /// What checks chunks and trailer, if they are signed.
    pub signer: Option<ChunkSigner>,
    /// What follows the last chunk, if anything may.
    pub trailer: Option<Trailer>,
}

/// The bytes inside the chunks. `take` is given the lines behind them, name in lower case and value, once all have
/// come and the signatures are good; the stream ends after that.
///
/// The stream fails with `IncompleteBody` when it ends early or its length is not the one announced, `BadSignature`
/// when a chunk or the trailer is not what was signed, `InvalidTrailer` when what follows the chunks is not what was
/// announced, `TooLarge` when a signed chunk is longer than 16 MiB, and `InvalidArgument` when no chunk begins where
/// one should.
pub fn decode<F>(body: ByteStream, form: Chunked, take: F) -> ByteStream
where
    F: FnMut(&str, &str) -> Result<(), BodyError> + Send + 'static,
{
    let reader = Reader {
        body,
        input: Bytes::new(),
        decoder: Decoder::new(form),
        take,
        ended: false,
    };
    let stream = futures_util::stream::unfold(reader, |mut reader| async move {
        let item = reader.next().await?;
        Some((item, reader))
    });
    Box::pin(stream.fuse())
}

/// Feeds the decoder.
struct Reader<F> {
    body: ByteStream,
    input: Bytes,
    decoder: Decoder,
    take: F,
    ended: bool,
}

impl<F: FnMut(&str, &str) -> Result<(), BodyError>> Reader<F> {
    async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        while !self.ended {
            let failed = match self.decoder.read(&mut self.input) {
                Ok(Some(bytes)) => return Some(Ok(bytes)),
                Ok(None) => match self.body.next().await {
                    Some(Ok(input)) => {
                        self.input = input;
                        continue;
                    }
                    Some(Err(error)) => Some(error),
                    None => self.decoder.finish(&mut self.take).err(),
                },
                Err(error) => Some(error.into()),
            };
            self.ended = true;
            return failed.map(Err);
        }
        None
    }
}

/// Where in the chunks it is.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// In the line in front of a chunk.
    Head,
    /// In a chunk, of which so many bytes are to come.
    Data(u64),
    /// In the line end behind a chunk.
    End,
    /// Behind the last chunk.
    Tail,
}

struct Decoder {
    form: Chunked,
    step: Step,
    /// Bytes that further chunks have to bring.
    left: u64,
    /// The line, or the tail, so far.
    line: Vec<u8>,
    /// The signed chunk so far, its digest, and its signature.
    held: BytesMut,
    sha256: Sha256,
    signature: String,
}

/// A failure of the decoder itself; the body's own failures pass by it.
struct Bad(Error);

impl Bad {
    fn new(kind: ErrorKind, why: &'static str) -> Self {
        Self(Error::new(kind, why))
    }

    fn trailer(why: &'static str) -> Self {
        Self::new(ErrorKind::InvalidTrailer, why)
    }
}

impl From<Bad> for BodyError {
    fn from(bad: Bad) -> Self {
        Self::Refused(bad.0)
    }
}

impl Decoder {
    fn new(form: Chunked) -> Self {
        Self {
            left: form.length,
            form,
            step: Step::Head,
            line: Vec::new(),
            held: BytesMut::new(),
            sha256: Sha256::new(),
            signature: String::new(),
        }
    }

    /// Reads until there are bytes to hand out; none when all of `input` has been read.
    fn read(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, Bad> {
        while !input.is_empty() {
            match self.step {
                Step::Head => {
                    if let Some(line) = self.line(input)? {
                        self.step = self.begin(&line)?;
                    }
                }
                Step::Data(left) => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX);
                    let piece = input.split_to(most.min(input.len()));
                    let left = left - piece.len() as u64;
                    self.step = if left == 0 {
                        Step::End
                    } else {
                        Step::Data(left)
                    };
                    if let Some(bytes) = self.pass(piece)? {
                        return Ok(Some(bytes));
                    }
                }
                Step::End => {
                    if let Some(line) = self.line(input)? {
                        if !line.is_empty() {
                            return Err(misplaced());
                        }
                        self.step = Step::Head;
                    }
                }
                Step::Tail => {
                    if self.line.len() + input.len() > tail::BYTES_MAX {
                        return Err(Bad::trailer("too much follows the last chunk"));
                    }
                    self.line.extend_from_slice(input);
                    input.clear();
                }
            }
        }
        Ok(None)
    }

    /// The line without its end, once it is whole.
    fn line(&mut self, input: &mut Bytes) -> Result<Option<Vec<u8>>, Bad> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let most = end.map_or(input.len(), |end| end + 1);
        if self.line.len() + most > HEAD_BYTES_MAX {
            return Err(misplaced());
        }
        self.line.extend_from_slice(&input[..most]);
        input.advance(most);
        if end.is_none() {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r\n").ok_or_else(misplaced)?;
        Ok(Some(text.to_vec()))
    }

    /// Begins the chunk that `line` announces.
    fn begin(&mut self, line: &[u8]) -> Result<Step, Bad> {
        let (size, signature) = head(line).ok_or_else(misplaced)?;
        self.left = self.left.checked_sub(size).ok_or_else(wrong_length)?;
        signature.clone_into(&mut self.signature);
        if size > 0 {
            if self.form.signer.is_some() && size > SIGNED_BYTES_MAX {
                let why = "a signed chunk is longer than 16 MiB; send shorter ones";
                return Err(Bad::new(ErrorKind::TooLarge, why));
            }
            return Ok(Step::Data(size));
        }
        if self.left > 0 {
            return Err(wrong_length());
        }
        self.check_chunk()?;
        Ok(Step::Tail)
    }

    /// What of a chunk may go out with its next bytes, which have just been cut off.
    fn pass(&mut self, piece: Bytes) -> Result<Option<Bytes>, Bad> {
        if self.form.signer.is_none() {
            return Ok(Some(piece));
        }
        self.sha256.update(&piece);
        self.held.extend_from_slice(&piece);
        if matches!(self.step, Step::Data(_)) {
            return Ok(None);
        }
        self.check_chunk()?;
        Ok(Some(self.held.split().freeze()))
    }

    fn check_chunk(&mut self) -> Result<(), Bad> {
        let sum = self.sha256.finalize_reset().into();
        let Some(signer) = &mut self.form.signer else {
            return Ok(());
        };
        if signer.is_chunk(&sum, &self.signature) {
            return Ok(());
        }
        let why = "a chunk of the body is not what its signature signs";
        Err(Bad::new(ErrorKind::BadSignature, why))
    }

    /// Checks what followed the last chunk and hands its lines out.
    fn finish(
        &mut self,
        take: &mut impl FnMut(&str, &str) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        if !matches!(self.step, Step::Tail) {
            return Err(ended_early().into());
        }
        let tail = std::mem::take(&mut self.line);
        let (lines, signature) = tail::read(&tail, self.form.trailer.as_ref())?;
        if let (Some(signer), Some(_)) = (&mut self.form.signer, &self.form.trailer) {
            let text: Vec<String> = lines.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
            let signature = signature.ok_or_else(|| Bad::trailer("the trailer is not signed"))?;
            if !signer.is_trailer(text.concat().as_bytes(), signature) {
                let why = "the trailer is not what its signature signs";
                return Err(Bad::new(ErrorKind::BadSignature, why).into());
            }
        }
        for (name, value) in lines {
            take(&name, value)?;
        }
        Ok(())
    }
}

/// Size and signature of `{size in hexadecimal};{name}={value}...`. Other parameters mean nothing.
fn head(line: &[u8]) -> Option<(u64, &str)> {
    let line = std::str::from_utf8(line).ok()?;
    let mut pieces = line.split(';').map(str::trim);
    let digits = pieces.next()?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = u64::from_str_radix(digits, 16).ok().filter(|_| hex)?;
    let signature = pieces.find_map(|piece| piece.strip_prefix(CHUNK_SIGNATURE)?.strip_prefix('='));
    Some((size, signature.unwrap_or_default()))
}

fn misplaced() -> Bad {
    let why = "the body is not in chunks with their lengths; send it as its head says";
    Bad::new(ErrorKind::InvalidArgument, why)
}

fn wrong_length() -> Bad {
    let why = "the chunks of the body are not as long together as its head says";
    Bad::new(ErrorKind::IncompleteBody, why)
}

fn ended_early() -> Bad {
    let why = "the body ended before its last chunk; send it again";
    Bad::new(ErrorKind::IncompleteBody, why)
}

#[cfg(test)]
mod tests;
