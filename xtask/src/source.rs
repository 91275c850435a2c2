//! The source archive of a Python package: it carries the vendor's own tests, which the installed
//! package leaves out.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch;
use crate::shell::{self, Failure, Outcome};

/// Downloads and unpacks the one package that `pin` names into `folder`; the archive's own folder.
///
/// The pin is one line of a requirements file: the name, its version and the archive's digest.
pub(crate) fn unpacked(folder: &Path, pin: &Path) -> Outcome<PathBuf> {
    let wanted = scratch::read(pin)?;
    check_pinned(&wanted)?;
    scratch::keep(folder, &wanted, || {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--no-input"]);
        pip.args(["--no-deps", "--no-binary", ":all:", "--require-hashes"]);
        pip.arg("--dest").arg(folder);
        shell::run(pip.arg("--requirement").arg(pin))?;
        let archive = only(folder, Path::is_file)?;
        let mut unpack = Command::new("python3");
        unpack.args(["-m", "tarfile", "-e"]);
        shell::run(unpack.arg(archive).arg(folder))
    })?;
    only(folder, Path::is_dir)
}

fn check_pinned(wanted: &str) -> Outcome {
    let mut lines = wanted.lines().filter(|line| !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(line), None) if line.contains("==") && line.contains("--hash=sha256:") => Ok(()),
        _ => Err(Failure::new(
            "a source is one line: name==version --hash=sha256:digest",
        )),
    }
}

/// The one entry of its kind, beside the stamp.
fn only(folder: &Path, kind: fn(&Path) -> bool) -> Outcome<PathBuf> {
    let unreadable = |why| Failure::new(format!("{}: {why}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if kind(&path) && !path.ends_with("stamp") {
            found.push(path);
        }
    }
    match <[PathBuf; 1]>::try_from(found) {
        Ok([path]) => Ok(path),
        Err(found) => Err(Failure::new(format!(
            "{} holds {} archives or folders instead of one",
            folder.display(),
            found.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_one_package_with_its_digest() {
        assert!(check_pinned("# why\na==1 --hash=sha256:00\n").is_ok());
        for bad in [
            "",
            "a==1\n",
            "a --hash=sha256:00\n",
            "a==1 --hash=sha256:00\nb==1 --hash=sha256:00\n",
        ] {
            assert!(check_pinned(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn archive_and_its_folder_are_found_beside_the_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let add = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        assert!(only(folder.path(), Path::is_file).is_err());
        add("stamp");
        add("a-1.tar.gz");
        assert!(
            only(folder.path(), Path::is_file)
                .unwrap()
                .ends_with("a-1.tar.gz")
        );
        std::fs::create_dir(folder.path().join("a-1")).unwrap();
        assert!(only(folder.path(), Path::is_dir).unwrap().ends_with("a-1"));
        add("b-1.tar.gz");
        assert!(only(folder.path(), Path::is_file).is_err());
    }
}
