//! What commands print: tables and sentences for people, one JSON document for programs.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use super::failure::Failure;

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints an answer: as it is for programs, in words for people.
    pub(super) fn say(
        self,
        answer: &Value,
        words: impl FnOnce(&Value) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json {
            answer.to_string()
        } else {
            words(answer)
        };
        print(&text)
    }

    /// Prints lines of a list: one JSON array, or a table; `nothing` when the list is empty.
    pub(super) fn list<const N: usize>(
        self,
        answer: &Value,
        columns: [(&str, Column); N],
        nothing: &str,
    ) -> Result<(), Failure> {
        self.say(answer, |answer| {
            let lines = answer.as_array().map_or(&[][..], Vec::as_slice);
            if lines.is_empty() {
                nothing.to_owned()
            } else {
                table(lines, columns)
            }
        })
    }

    /// Whether programs read this.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a failure and gives its exit code.
    pub(super) fn failed(self, failure: &Failure) -> ExitCode {
        let text = if self.json {
            let mut document = json!({ "error": failure.error });
            if let Some(hint) = &failure.hint {
                document["hint"] = hint.as_str().into();
            }
            document.to_string()
        } else {
            format!("error: {failure}")
        };
        // Nothing is left to do when the terminal is gone.
        drop(writeln!(std::io::stderr(), "{text}"));
        ExitCode::from(failure.code)
    }
}

/// Prints a text and a new line. A reader that has seen enough, such as `head`, is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Takes the text of a column from a line.
pub(super) type Column = fn(&Value) -> String;

/// A table without lines or colours, as wide as the terminal when there is one.
pub(super) fn table<const N: usize>(lines: &[Value], columns: [(&str, Column); N]) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|(name, _)| *name));
    for line in lines {
        table.add_row(columns.iter().map(|(_, text)| text(line)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// A member as text: strings as they are, nothing for null.
pub(super) fn text(line: &Value, name: &str) -> String {
    match &line[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The members of an object, one a line.
pub(super) fn lines(answer: &Value) -> String {
    let members = answer.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    let lines = members.map(|(name, _)| format!("{name:<12}{}", text(answer, name)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_quiet() {
        let lines = [
            json!({ "name": "resize", "url": "http://127.0.0.1:8080/", "tries": 3 }),
            json!({ "name": "a-longer-name", "url": null, "tries": 12 }),
        ];
        let columns: [(&str, Column); 3] = [
            ("NAME", |line| text(line, "name")),
            ("TRIES", |line| text(line, "tries")),
            ("URL", |line| text(line, "url")),
        ];
        insta::assert_snapshot!(table(&lines, columns), @r"
        NAME           TRIES  URL
        resize         3      http://127.0.0.1:8080/
        a-longer-name  12
        ");
    }
}
