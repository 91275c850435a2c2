//! Lines of a trace made with `strace -f -y`.

use std::collections::BTreeMap;

/// The calls that change files or send bytes, and those that would make the record incomplete.
pub(super) const TRACED: &[&str] = &[
    "open",
    "openat",
    "creat",
    "close",
    "lseek",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "truncate",
    "fallocate",
    "copy_file_range",
    "sendfile",
    "splice",
    "fsync",
    "fdatasync",
    "sync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "sendto",
    "sendmsg",
];

/// A call at one of its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    /// Tells calls apart that run at the same time.
    pub thread: &'a str,
    /// Name.
    pub name: &'a str,
    /// Arguments, as they are written.
    pub args: &'a str,
    /// Result, when it has ended well.
    pub end: Option<&'a str>,
}

/// Gives every call to `see`, when it begins and again when it ends well; calls that fail only begin.
pub(super) fn each<'a>(
    trace: &'a str,
    mut see: impl FnMut(Call<'a>) -> Result<(), String>,
) -> Result<(), String> {
    let mut running: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, text)) = line.split_once(' ') else {
            continue;
        };
        let text = text.trim_start();
        // A call under which the process ends is `detached`.
        let begun = text.strip_suffix(" <unfinished ...>");
        let begun = begun.or_else(|| text.strip_suffix(" <detached ...>"));
        let (name, args, rest) = if let Some(begun) = begun {
            let Some((name, args)) = begun.split_once('(') else {
                return Err(unread(line));
            };
            running.insert(thread, (name, args));
            (name, args, None)
        } else if text.starts_with("<... ") {
            let Some((name, args)) = running.remove(thread) else {
                return Err(unread(line));
            };
            let end = result(text).map(|(_, end)| end);
            if let Some(end) = end {
                see(Call {
                    thread,
                    name,
                    args,
                    end: Some(end),
                })?;
            }
            continue;
        } else if let Some((name, rest)) = text.split_once('(') {
            // A call that failed changed nothing; signals and ends of threads are no calls.
            let Some((args, end)) = result(rest) else {
                if rest.contains(" = ") || !TRACED.contains(&name) {
                    continue;
                }
                return Err(unread(line));
            };
            (name, args, Some(end))
        } else {
            continue;
        };
        let call = Call {
            thread,
            name,
            args,
            end: None,
        };
        see(call)?;
        if rest.is_some() {
            see(Call { end: rest, ..call })?;
        }
    }
    Ok(())
}

fn unread(line: &str) -> String {
    format!("this line of the trace is not understood: {}", head(line))
}

/// The beginning of a line, short enough for a message.
pub(super) fn head(line: &str) -> &str {
    line.get(..200).unwrap_or(line)
}

/// Arguments and result of a call that ended well: `args) = result`.
fn result(text: &str) -> Option<(&str, &str)> {
    let (args, end) = text.rsplit_once(" = ")?;
    let args = args.trim_end().strip_suffix(')').unwrap_or(args);
    (!end.starts_with('-') && !end.starts_with('?')).then_some((args, end))
}

/// Reads arguments from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Args<'a>(pub(super) &'a str);

/// A descriptor, with what it stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Descriptor<'a> {
    /// Its number; none for the current folder.
    pub number: Option<i64>,
    /// Path, or `socket:` and the like.
    pub path: &'a str,
    /// The file has no name any more.
    pub gone: bool,
}

impl<'a> Args<'a> {
    /// `3</path>`, `3</path>(deleted)` or `AT_FDCWD</path>`.
    pub(super) fn descriptor(&mut self) -> Option<Descriptor<'a>> {
        let (number, rest) = self.0.split_once('<')?;
        // A path may hold '>', but none of ours does.
        let (path, rest) = rest.split_once('>')?;
        let gone = rest.starts_with("(deleted)");
        self.0 = rest.strip_prefix("(deleted)").unwrap_or(rest);
        self.comma();
        Some(Descriptor {
            number: number.parse().ok(),
            path,
            gone,
        })
    }

    /// A quoted string, and the rest.
    pub(super) fn text(&mut self) -> Option<Vec<u8>> {
        let rest = self.0.strip_prefix('"')?;
        let (bytes, len) = unquote(rest)?;
        self.0 = &rest[len..];
        self.comma();
        Some(bytes)
    }

    /// A word up to the next comma: a number or flags.
    pub(super) fn word(&mut self) -> &'a str {
        let (word, rest) = self.0.split_once(", ").unwrap_or((self.0, ""));
        self.0 = rest;
        word
    }

    /// All strings of a list of pieces.
    pub(super) fn pieces(&mut self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(at) = self.0.find("iov_base=\"") {
            self.0 = &self.0[at + "iov_base=".len()..];
            all.extend(self.text()?);
        }
        let (_, rest) = self.0.split_once("], ")?;
        self.0 = rest;
        Some(all)
    }

    fn comma(&mut self) {
        self.0 = self.0.strip_prefix(", ").unwrap_or(self.0);
    }
}

/// The bytes up to the closing quote, and the length of their text with it.
fn unquote(text: &str) -> Option<(Vec<u8>, usize)> {
    let text = text.as_bytes();
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        bytes.extend_from_slice(&rest[..plain]);
        at += plain;
        if text[at] == b'"' {
            return Some((bytes, at + 1));
        }
        let (byte, len) = escape(text.get(at + 1..)?)?;
        bytes.push(byte);
        at += 1 + len;
    }
}

/// What stands behind a backslash, and how long it is.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let plain = match text.first()? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'0'..=b'7' => {
            let digits = text.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7'));
            let (value, len) = digits.fold((0_u16, 0), |(value, len), digit| {
                (value * 8 + u16::from(digit - b'0'), len + 1)
            });
            return Some((u8::try_from(value).ok()?, len));
        }
        other => *other,
    };
    Some((plain, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_back() {
        let text = r#"ab\0c\"\\\n\1\1771\377", 11"#;
        let (bytes, len) = unquote(text).unwrap();
        assert_eq!(bytes, b"ab\0c\"\\\n\x01\x7f1\xff");
        assert_eq!(&text[len..], ", 11");
        assert!(unquote("never ends").is_none() && unquote("ends\\").is_none());
    }

    #[test]
    fn arguments_are_read_from_left_to_right() {
        let mut args = Args(r#"3</d/g>(deleted), "x, y", 4, 7"#);
        let file = args.descriptor().unwrap();
        assert_eq!((file.number, file.path, file.gone), (Some(3), "/d/g", true));
        assert_eq!(args.text().unwrap(), b"x, y");
        assert_eq!((args.word(), args.word()), ("4", "7"));
        let mut args = Args(r#"[{iov_base="q", iov_len=1}, {iov_base="], ", iov_len=2}], 2, 90"#);
        assert_eq!(args.pieces().unwrap(), b"q], ");
        assert_eq!((args.word(), args.word()), ("2", "90"));
        let mut args = Args(r#"AT_FDCWD</tmp>, "a", O_RDWR"#);
        assert_eq!(args.descriptor().unwrap().number, None);
    }

    #[test]
    fn calls_begin_and_end() {
        let trace = "\
1 fsync(9</d/a>) = 0
1 fdatasync(9</d/a> <unfinished ...>
2 write(3</d/l>, \") = 9\", 5)          = 5
1 <... fdatasync resumed>)                = 0
2 unlink(\"/d/x\") = -1 ENOENT (No such file or directory)
2 close(3</d/l> <detached ...>
2 +++ exited with 0 +++
";
        let mut seen = Vec::new();
        each(trace, |call| {
            seen.push((call.name.to_owned(), call.end.map(ToOwned::to_owned)));
            Ok(())
        })
        .unwrap();
        let ends = |name: &str| {
            let of = seen.iter().filter(|(seen, _)| seen == name);
            of.map(|(_, end)| end.as_deref()).collect::<Vec<_>>()
        };
        assert_eq!(ends("fsync"), [None, Some("0")]);
        assert_eq!(ends("fdatasync"), [None, Some("0")]);
        assert_eq!(ends("write"), [None, Some("5")]);
        assert_eq!(ends("close"), [None]);
        assert!(ends("unlink").len() <= 1, "a failed call does not end");
        each("1 fsync(what", |_| Ok(())).unwrap_err();
    }
}
