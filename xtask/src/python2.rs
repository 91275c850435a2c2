//! Python 2.7, for a vendor's client that never left it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pyenv::{check_pinned, pip};
use crate::scratch;
use crate::shell::{self, Failure, Outcome};

/// The interpreter, and a folder with exactly the packages that `requirements` pins.
pub(crate) fn prepare(folder: &Path, requirements: &Path) -> Outcome<(PathBuf, PathBuf)> {
    let wanted = scratch::read(requirements)?;
    check_pinned(&wanted)?;
    let python = interpreter()?;
    let packages = folder.join("packages");
    scratch::keep(folder, &format!("{}{wanted}", python.display()), || {
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--no-deps", "--target"]);
        pip(install.arg(&packages), requirements)
    })?;
    Ok((python, packages))
}

/// The machine's own, or one that pyenv keeps without having chosen it.
fn interpreter() -> Outcome<PathBuf> {
    if shell::succeeds(Command::new("python2.7").arg("--version")) {
        return Ok("python2.7".into());
    }
    let missing = || Failure::new("there is no Python 2.7; install it with: pyenv install 2.7");
    let versions = shell::capture(Command::new("pyenv").args(["whence", "python2.7"]));
    let versions = versions.map_err(|_| missing())?;
    let version = versions.lines().next().ok_or_else(missing)?;
    let prefix = shell::capture(Command::new("pyenv").args(["prefix", version]))?;
    Ok(Path::new(prefix.trim()).join("bin/python2.7"))
}
