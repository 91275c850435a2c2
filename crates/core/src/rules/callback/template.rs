//! The template of a callback's body.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Value, Variables};
use crate::limits;
use crate::model::{BodyType, JsonTemplate};

/// Everything but what RFC 3986 calls unreserved; a space becomes `%20`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Why a template gave no body. The object stays stored; its callback has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A `${` without its brace in a strict JSON template.
    #[error("the callback body has a ${{ that no }} closes")]
    Unclosed,
    /// The result is no JSON where it has to be; most often a placeholder stands between quotes.
    #[error(
        "the callback body is no JSON once its variables are filled in; write ${{name}} without quotes around it"
    )]
    NotJson,
    /// The result is larger than [`limits::CALLBACK_BODY_BYTES_MAX`].
    #[error("the callback body is larger than 1 MiB once its variables are filled in")]
    TooLarge,
}

/// A body template, split at its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<'a> {
    pieces: Vec<Piece<'a>>,
    form: Form,
}

/// How values are written, and what the result has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Percent-encoded.
    Form,
    /// As JSON, in this manner.
    Json(JsonTemplate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// Sent as it is.
    Text(&'a str),
    /// `${name}`.
    Name(&'a str),
    /// A `${` that no brace closes.
    Unclosed,
}

impl<'a> Template<'a> {
    /// Splits a template. Every text is one: what is wrong with it shows when it is rendered, because
    /// that is when the vendor notices (TOS sheet section 5, `malformed-json-template`).
    pub fn parse(body: &'a str, body_type: BodyType, json: JsonTemplate) -> Self {
        let mut pieces = Vec::new();
        let mut rest = body;
        while let Some(at) = rest.find("${") {
            pieces.push(Piece::Text(&rest[..at]));
            let inside = &rest[at + 2..];
            let (piece, after) = placeholder(inside).unwrap_or((Piece::Unclosed, inside));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(Piece::Text(rest));
        let form = match body_type {
            BodyType::Form => Form::Form,
            BodyType::Json => Form::Json(json),
        };
        Self { pieces, form }
    }

    /// Whether the body needs the image's dimensions or format.
    pub fn names_image(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Name(name) if name.starts_with("imageInfo.")))
    }

    /// Fills the values in. Names that mean nothing become the empty value.
    pub fn render(&self, vars: &Variables<'_>) -> Result<Bytes, RenderError> {
        let strict = self.form == Form::Json(JsonTemplate::Strict);
        let mut out = String::new();
        let mut quotes = Quotes::default();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    quotes.pass(text);
                    out.push_str(text);
                }
                Piece::Name(name) => self.put(&mut out, &vars.value(name), quotes.open),
                Piece::Unclosed if strict => return Err(RenderError::Unclosed),
                Piece::Unclosed => out.push_str("${"),
            }
            if out.len() > limits::CALLBACK_BODY_BYTES_MAX {
                return Err(RenderError::TooLarge);
            }
        }
        if strict {
            serde_json::from_str::<serde::de::IgnoredAny>(&out)
                .map_err(|_| RenderError::NotJson)?;
        }
        Ok(Bytes::from(out))
    }

    /// `quoted` tells that the placeholder stands between quotes of the template.
    fn put(&self, out: &mut String, value: &Value<'_>, quoted: bool) {
        match (self.form, value) {
            (_, Value::Number(number)) => out.push_str(&number.to_string()),
            (Form::Form, Value::Text(text)) => out.extend(utf8_percent_encode(text, ENCODED)),
            (Form::Json(manner), Value::Text(text)) => {
                let literal = serde_json::Value::from(&**text).to_string();
                let bare = quoted && manner == JsonTemplate::Lenient;
                let shown = if bare {
                    &literal[1..literal.len() - 1]
                } else {
                    &literal
                };
                out.push_str(shown);
            }
        }
    }
}

/// Whether what follows in a JSON template stands within a string of it.
#[derive(Debug, Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, text: &str) {
        for c in text.chars() {
            let escapes = self.open && c == '\\' && !self.escaped;
            if c == '"' && !self.escaped {
                self.open = !self.open;
            }
            self.escaped = escapes;
        }
    }
}

/// The placeholder that `inside` begins with, and what follows it. A name cannot hold what separates
/// fields of JSON or of a form, so that a forgotten brace is not closed by that of the next name.
fn placeholder(inside: &str) -> Option<(Piece<'_>, &str)> {
    let end = inside.find(|c: char| c.is_whitespace() || "{}$\"',&=".contains(c))?;
    let after = inside[end..].strip_prefix('}')?;
    Some((Piece::Name(&inside[..end]), after))
}

#[cfg(test)]
mod tests;
