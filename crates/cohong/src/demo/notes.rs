//! What a step did and saw, and the comparison that lets it go on.

use std::fmt;

/// Something was seen that the product does not promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deviation {
    pub what: String,
    pub expected: String,
    pub seen: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            expected,
            seen,
        } = self;
        write!(f, "{what}\n  expected: {expected}\n  seen:     {seen}")
    }
}

enum Note {
    /// What was done, in words for newcomers.
    Did(String),
    /// What was checked and found.
    Saw(String),
    /// Text as it came.
    Shown(String),
}

impl Note {
    fn text(&self) -> &str {
        match self {
            Self::Did(text) | Self::Saw(text) | Self::Shown(text) => text,
        }
    }
}

/// The story of one step.
#[derive(Default)]
pub(crate) struct Notes {
    notes: Vec<Note>,
}

impl Notes {
    pub(super) fn did(&mut self, text: impl Into<String>) {
        self.notes.push(Note::Did(text.into()));
    }

    pub(super) fn shown(&mut self, text: impl Into<String>) {
        self.notes.push(Note::Shown(text.into()));
    }

    /// Goes on only when `seen` is `expected`.
    pub(super) fn see<E, S>(&mut self, what: &str, expected: E, seen: S) -> Result<(), Deviation>
    where
        E: fmt::Display,
        S: fmt::Display,
    {
        let (expected, seen) = (expected.to_string(), seen.to_string());
        if expected != seen {
            return Err(Deviation {
                what: what.into(),
                expected,
                seen,
            });
        }
        self.notes.push(Note::Saw(format!("{what}: {seen}")));
        Ok(())
    }

    /// Goes on only when it is so.
    pub(super) fn holds(&mut self, what: &str, is_so: bool) -> Result<(), Deviation> {
        if !is_so {
            let (expected, seen) = ("yes".into(), "no".into());
            return Err(Deviation {
                what: what.into(),
                expected,
                seen,
            });
        }
        self.notes.push(Note::Saw(what.into()));
        Ok(())
    }

    /// Goes on only when `part` is in `seen`.
    pub(super) fn see_within(
        &mut self,
        what: &str,
        part: &str,
        seen: &str,
    ) -> Result<(), Deviation> {
        if !seen.contains(part) {
            let expected = format!("a text with {part:?}");
            return Err(Deviation {
                what: what.into(),
                expected,
                seen: seen.into(),
            });
        }
        self.notes.push(Note::Saw(format!("{what}: {part}")));
        Ok(())
    }

    pub(super) fn did_lines(&self) -> Vec<&str> {
        let did = self
            .notes
            .iter()
            .filter(|note| matches!(note, Note::Did(_)));
        did.map(Note::text).collect()
    }

    pub(super) fn saw_lines(&self) -> Vec<&str> {
        let saw = self
            .notes
            .iter()
            .filter(|note| matches!(note, Note::Saw(_)));
        saw.map(Note::text).collect()
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for note in &self.notes {
            match note {
                Note::Did(text) => lines.push(format!("   {text}")),
                Note::Saw(text) => lines.push(format!("   ✓ {text}")),
                Note::Shown(text) => {
                    lines.extend(text.lines().map(|line| format!("     | {line}")));
                }
            }
        }
        f.write_str(&lines.join("\n"))
    }
}

/// For what has to be there before anything can be compared.
pub(super) fn missing(what: &str, seen: impl fmt::Display) -> Deviation {
    Deviation {
        what: what.into(),
        expected: "an answer".into(),
        seen: seen.to_string(),
    }
}
