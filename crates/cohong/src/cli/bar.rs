//! Progress bars, Ctrl-C, and commands as they are typed.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::failure::Failure;
use super::output::Output;

/// How often a bar is drawn anew.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// A bar for so many bytes, with rate and remaining time. Drawn only on a terminal.
pub(super) fn bar(output: Output, total: u64) -> ProgressBar {
    if output.is_json() {
        return ProgressBar::hidden();
    }
    let style = "{bar:30} {bytes} of {total_bytes}  {binary_bytes_per_sec}  {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is right");
    ProgressBar::new(total).with_style(style)
}

/// What is said when Ctrl-C came.
pub(super) fn stopped(stop: std::io::Result<()>) -> Failure {
    match stop {
        Ok(()) => Failure::new("interrupted"),
        Err(error) => Failure::new(format!("cannot listen for Ctrl-C: {error}")),
    }
}

/// Words as they are typed in a shell.
pub(super) fn typed(words: &[&str]) -> String {
    let plain = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        !word.is_empty() && word.chars().all(plain)
    };
    let word = |word: &&str| {
        if plain(word) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words: Vec<String> = words.iter().map(word).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let table = [
            (&["cohong", "job", "a-b/c.d"][..], "cohong job a-b/c.d"),
            (
                &["cohong", "it's a file", ""][..],
                r"cohong 'it'\''s a file' ''",
            ),
        ];
        for (words, wanted) in table {
            assert_eq!(typed(words), wanted);
        }
    }
}
