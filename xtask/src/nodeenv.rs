//! The pinned packages of a Node.js suite in a scratch folder, installed by `npm ci`.
//!
//! A lock file names every package with its version and digest, and no address: where packages
//! come from is the machine's setting. Install scripts do not run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch;
use crate::shell::{self, Failure, Outcome};

const MANIFEST: &str = "package.json";

/// A finished environment.
pub(crate) struct Env {
    packages: PathBuf,
}

impl Env {
    /// The environment in `folder` with exactly what `lock` pins; `package.json` stands beside it.
    pub(crate) fn prepare(folder: &Path, lock: &Path) -> Outcome<Self> {
        let manifest = scratch::read(&lock.with_file_name(MANIFEST))?;
        let locked = scratch::read(lock)?;
        check_pinned(&manifest, &locked)?;
        let version = shell::capture(Command::new("node").arg("--version"))?;
        scratch::keep(folder, &format!("{version}{manifest}{locked}"), || {
            install(folder, lock)
        })?;
        let packages = folder.join("node_modules");
        Ok(Self { packages })
    }

    /// The command in this environment: `require` finds its packages.
    pub(crate) fn command(&self, words: &[String]) -> Command {
        let (program, args) = words.split_first().expect("a suite's command is not empty");
        let mut command = Command::new(program);
        command.args(args).env("NODE_PATH", &self.packages);
        command
    }
}

fn install(folder: &Path, lock: &Path) -> Outcome {
    for file in [lock, &lock.with_file_name(MANIFEST)] {
        let name = file.file_name().expect("both are files");
        std::fs::copy(file, folder.join(name))
            .map_err(|why| Failure::new(format!("{}: {why}", file.display())))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    shell::run(npm.current_dir(folder))
}

/// Every dependency names one version, and the lock names no address of a registry.
fn check_pinned(manifest: &str, lock: &str) -> Outcome {
    let parsed: serde_json::Value =
        serde_json::from_str(manifest).map_err(|why| Failure::new(format!("{MANIFEST}: {why}")))?;
    for section in ["dependencies", "devDependencies"] {
        let versions = parsed.get(section).and_then(|found| found.as_object());
        for (name, version) in versions.into_iter().flatten() {
            let version = version.as_str().unwrap_or_default();
            if !version.starts_with(|c: char| c.is_ascii_digit())
                || version.contains([' ', '|', 'x'])
            {
                let why = format!("{MANIFEST}: `{name}` is not pinned to one version");
                return Err(Failure::new(why));
            }
        }
    }
    if lock.contains("\"resolved\"") {
        let why = "the lock names addresses: make it with `npm install --omit-lockfile-registry-resolved`";
        return Err(Failure::new(why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pinned_packages_without_addresses_pass() {
        let manifest = |version: &str| format!("{{\"dependencies\":{{\"a\":\"{version}\"}}}}");
        assert!(check_pinned(&manifest("6.23.0"), "{}").is_ok());
        assert!(check_pinned("{}", "{}").is_ok());
        for version in ["^6.23.0", "~6", "6.x", ">=6", "*", "", "6.1.0 || 7.0.0"] {
            assert!(check_pinned(&manifest(version), "{}").is_err(), "{version}");
        }
        let lock = r#"{"packages":{"a":{"resolved":"https://registry.example/a.tgz"}}}"#;
        assert!(check_pinned(&manifest("6.23.0"), lock).is_err());
        assert!(check_pinned("nonsense", "{}").is_err());
    }
}
