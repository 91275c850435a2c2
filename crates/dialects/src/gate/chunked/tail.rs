//! What follows the last chunk.

use super::{Bad, ended_early};

/// Most bytes behind the last chunk: a checksum and a signature take less than 200.
pub(super) const BYTES_MAX: usize = 4 << 10;

/// Lines that are to follow the last chunk.
#[derive(Clone, Debug)]
pub struct Trailer {
    /// Their names in lower case, each of which must come once.
    pub names: Vec<String>,
    /// Name in lower case of the line with the trailer's signature. It must come when chunks are signed, and means
    /// nothing otherwise.
    pub signature: &'static str,
}

/// Names in lower case and values, in order.
type Lines<'a> = Vec<(String, &'a str)>;

/// The lines of the tail, which are those that `form` announces, and its signature, if that is there. Blank lines
/// mean nothing, wherever they stand.
pub(super) fn read<'a>(
    tail: &'a [u8],
    form: Option<&Trailer>,
) -> Result<(Lines<'a>, Option<&'a str>), Bad> {
    let (mut lines, mut signature): (Lines<'_>, _) = (Vec::new(), None);
    let mut rest = tail;
    while !rest.trim_ascii().is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (line, behind) = rest.split_at(end.ok_or_else(ended_early)? + 1);
        rest = behind;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let form = form.ok_or_else(|| Bad::trailer("something follows the last chunk"))?;
        let (name, value) = split(line)?;
        let twice = if name == form.signature {
            signature.replace(value).is_some()
        } else {
            let again = lines.iter().any(|(seen, _)| *seen == name);
            lines.push((name, value));
            again
        };
        if twice {
            return Err(Bad::trailer("a line behind the body stands twice"));
        }
    }
    let announced = form.map_or(&[][..], |form| &form.names);
    let came = |name: &String| lines.iter().any(|(seen, _)| seen == name);
    if lines.len() != announced.len() || !announced.iter().all(came) {
        let why = "the lines behind the body are not those that were announced";
        return Err(Bad::trailer(why));
    }
    Ok((lines, signature))
}

/// Name in lower case and value of a line.
fn split(line: &[u8]) -> Result<(String, &str), Bad> {
    let malformed = || Bad::trailer("a line behind the body is not a name and a value");
    let line = std::str::from_utf8(line).map_err(|_| malformed())?;
    let (name, value) = line.split_once(':').ok_or_else(malformed)?;
    Ok((name.trim().to_ascii_lowercase(), value.trim()))
}
