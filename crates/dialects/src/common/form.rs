//! Form uploads as a stream: the fields in front of the file, then the file, never in memory as a whole.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use cohong_core::ports::{BodyError, ByteStream};
use futures_core::Stream;
use multer::{Field, Multipart};

use super::limits::{FORM_OVERHEAD_BYTES_MAX, FORM_PIECE_BYTES};

/// How much may stand in front of the file.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Names and values of fields together, bytes.
    pub bytes: usize,
    /// Fields.
    pub fields: usize,
}

/// A form, read up to its file.
pub struct Form {
    /// Fields in front of the file, in order. Those behind it are ignored.
    pub fields: Vec<(String, String)>,
    /// What the client calls the file; empty when it does not.
    pub file_name: String,
    /// The type that the client gives the file.
    pub file_type: Option<String>,
    /// The file. Ends with an error unless the form ends as forms do.
    pub file: ByteStream,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form")
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

/// Why a form cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadForm {
    /// It is not a form, or has no file; says what is wrong.
    #[error("{0}")]
    Malformed(String),
    /// More stands in front of the file than allowed.
    #[error("the form has too many or too large fields in front of its file")]
    TooLarge,
    /// The body failed.
    #[error(transparent)]
    Body(BodyError),
}

/// Reads a form up to its file: the first field that is named `file` or has a file name.
pub async fn open(content_type: &str, body: ByteStream, limits: Limits) -> Result<Form, BadForm> {
    let boundary = multer::parse_boundary(content_type).map_err(bad)?;
    let in_file = Arc::new(AtomicBool::new(false));
    let paced = Paced {
        body,
        rest: Bytes::new(),
        pause: false,
        head_left: limits.bytes + FORM_OVERHEAD_BYTES_MAX,
        in_file: in_file.clone(),
    };
    let mut parts = Multipart::new(paced, boundary);
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut bytes = 0;
    while let Some(part) = parts.next_field().await.map_err(bad)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" || part.file_name().is_some() {
            in_file.store(true, Ordering::Relaxed);
            return Ok(Form {
                fields,
                file_name: part.file_name().unwrap_or_default().to_owned(),
                file_type: part.content_type().map(ToString::to_string),
                file: file(part, parts, in_file),
            });
        }
        let value = part.bytes().await.map_err(bad)?;
        bytes += name.len() + value.len();
        if bytes > limits.bytes || fields.len() >= limits.fields {
            return Err(BadForm::TooLarge);
        }
        let value = String::from_utf8(value.into())
            .map_err(|_| BadForm::Malformed(format!("the form field {name:?} is not UTF-8")))?;
        fields.push((name, value));
    }
    Err(BadForm::Malformed(
        "the form has no field named file".into(),
    ))
}

fn bad(error: multer::Error) -> BadForm {
    match body_error(error) {
        Ok(BodyError::Refused(error)) if error.kind() == cohong_core::ErrorKind::TooLarge => {
            BadForm::TooLarge
        }
        Ok(error) => BadForm::Body(error),
        Err(error) => BadForm::Malformed(format!("the form is malformed: {error}")),
    }
}

/// The error of the body below, if it was one.
fn body_error(error: multer::Error) -> Result<BodyError, multer::Error> {
    match error {
        multer::Error::StreamReadFailed(inner) => match inner.downcast::<BodyError>() {
            Ok(error) => Ok(*error),
            Err(other) => Ok(BodyError::Aborted(other.to_string())),
        },
        other => Err(other),
    }
}

/// The bytes of the file; behind them the rest of the form is read too, so that a form cut short is
/// no upload.
fn file(part: Field<'static>, parts: Multipart<'static>, in_file: Arc<AtomicBool>) -> ByteStream {
    let state = Some((Some(part), parts, in_file));
    Box::pin(futures_util::stream::unfold(state, |state| async {
        let (part, mut parts, in_file) = state?;
        if let Some(mut part) = part {
            match part.chunk().await {
                Ok(Some(chunk)) => return Some((Ok(chunk), Some((Some(part), parts, in_file)))),
                Ok(None) => drop(part),
                Err(error) => return Some((Err(file_error(error)), None)),
            }
        }
        in_file.store(false, Ordering::Relaxed);
        match skip(&mut parts).await {
            Ok(()) => None,
            Err(error) => Some((Err(file_error(error)), None)),
        }
    }))
}

async fn skip(parts: &mut Multipart<'static>) -> Result<(), multer::Error> {
    while let Some(mut part) = parts.next_field().await? {
        while part.chunk().await?.is_some() {}
    }
    Ok(())
}

fn file_error(error: multer::Error) -> BodyError {
    body_error(error).unwrap_or_else(|error| BodyError::Aborted(error.to_string()))
}

/// A body that hands out one piece at a time. The parser takes whatever is ready before it looks at
/// it, so without pauses a fast client would fill the memory; and outside the file it waits for the end
/// of a part's headers however long they are, so there everything is counted.
struct Paced {
    body: ByteStream,
    rest: Bytes,
    pause: bool,
    head_left: usize,
    in_file: Arc<AtomicBool>,
}

impl Stream for Paced {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match self.body.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(bytes))) => self.rest = bytes,
                other => return other,
            }
        }
        self.pause = true;
        if self.in_file.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.rest))));
        }
        let len = self.rest.len().min(FORM_PIECE_BYTES);
        let piece = self.rest.split_to(len);
        match self.head_left.checked_sub(len) {
            Some(left) => {
                self.head_left = left;
                Poll::Ready(Some(Ok(piece)))
            }
            None => Poll::Ready(Some(Err(too_large()))),
        }
    }
}

fn too_large() -> BodyError {
    BodyError::Refused(cohong_core::Error::new(
        cohong_core::ErrorKind::TooLarge,
        "the form has too much beside its file",
    ))
}

#[cfg(test)]
mod tests;
