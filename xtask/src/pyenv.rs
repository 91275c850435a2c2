//! A pinned Python environment in a scratch folder, made with whatever this machine offers.
//!
//! Three ways are tried: `venv` with its own pip; `venv` without pip, filled by the machine's pip
//! (distributions often leave `ensurepip` out); packages in a plain folder on `PYTHONPATH`. A
//! finished environment is kept and used again while the requirements and the interpreter stay.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch;
use crate::shell::{self, Failure, Outcome};

/// A finished environment.
pub(crate) struct Env {
    python: PathBuf,
    packages: Option<PathBuf>,
}

impl Env {
    /// The environment in `folder` with exactly the packages that `requirements` pins.
    pub(crate) fn prepare(folder: &Path, requirements: &Path) -> Outcome<Self> {
        Self::prepare_with(Path::new("python3"), folder, requirements)
    }

    fn prepare_with(python: &Path, folder: &Path, requirements: &Path) -> Outcome<Self> {
        let wanted = scratch::read(requirements)?;
        check_pinned(&wanted)?;
        let version = shell::capture(Command::new(python).arg("--version"))?;
        scratch::keep(folder, &format!("{version}{wanted}"), || {
            install(python, folder, requirements)
        })?;
        Ok(Self::at(python, folder))
    }

    /// The command in this environment, with the modules of `library` beside its packages; a
    /// leading `python` means the environment's own.
    pub(crate) fn command(&self, words: &[String], library: &Path) -> Command {
        let (program, args) = words.split_first().expect("a suite's command is not empty");
        let mut command = match program.as_str() {
            "python" | "python3" => Command::new(&self.python),
            other => Command::new(other),
        };
        command.args(args).env("PYTHONDONTWRITEBYTECODE", "1");
        let folders = [Some(library), self.packages.as_deref()];
        let path = std::env::join_paths(folders.into_iter().flatten());
        command.env("PYTHONPATH", path.expect("no folder of ours has a colon"));
        command
    }

    fn at(python: &Path, folder: &Path) -> Self {
        let own = folder.join("venv/bin/python");
        if own.exists() {
            return Self {
                python: own,
                packages: None,
            };
        }
        Self {
            python: python.to_owned(),
            packages: Some(folder.join("packages")),
        }
    }
}

fn install(python: &Path, folder: &Path, requirements: &Path) -> Outcome {
    let venv = folder.join("venv");
    let own = venv.join("bin/python");
    if shell::succeeds(Command::new(python).args(["-m", "venv"]).arg(&venv)) {
        return pip(
            Command::new(&own).args(["-m", "pip", "install"]),
            requirements,
        );
    }
    println!("python has no ensurepip, using the machine's pip");
    scratch::start_afresh(folder)?;
    let bare = shell::succeeds(
        Command::new(python)
            .args(["-m", "venv", "--without-pip"])
            .arg(&venv),
    );
    let mut into_venv = Command::new(python);
    into_venv
        .args(["-m", "pip", "--python"])
        .arg(&own)
        .arg("install");
    if bare && pip(&mut into_venv, requirements).is_ok() {
        return Ok(());
    }
    println!("pip cannot fill an environment, using a folder of packages");
    scratch::start_afresh(folder)?;
    let mut into_folder = Command::new(python);
    into_folder.args(["-m", "pip", "install", "--target"]);
    pip(into_folder.arg(folder.join("packages")), requirements)
}

/// Runs an `install` of pip.
pub(crate) fn pip(command: &mut Command, requirements: &Path) -> Outcome {
    command.args(["--quiet", "--disable-pip-version-check", "--no-input"]);
    shell::run(command.arg("--requirement").arg(requirements))
}

/// Every requirement names one version, so that a run means the same tomorrow.
pub(crate) fn check_pinned(requirements: &str) -> Outcome {
    for line in requirements.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() && !line.starts_with("--") && !line.contains("==") {
            return Err(Failure::new(format!("requirement `{line}` has no `==`")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pinned_requirements_pass() {
        for good in [
            "",
            "# none\n",
            "tos==2.8.0\nsix==1.16.0 # why\n",
            "--no-binary x\n",
        ] {
            assert!(check_pinned(good).is_ok(), "{good}");
        }
        for bad in ["tos\n", "tos>=2\n", "six==1\ntos\n"] {
            assert!(check_pinned(bad).is_err(), "{bad}");
        }
    }

    /// An interpreter that lacks what `missing` (a shell pattern over its arguments) asks for.
    fn lame_python(folder: &Path, missing: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("python");
        let script =
            format!("#!/bin/sh\ncase \"$*\" in {missing}) exit 1;; esac\nexec python3 \"$@\"\n");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn environments_are_made_with_what_the_machine_offers() {
        let ways = [
            "never",
            "*'-m venv /'*",
            "*'-m venv '*",
            "*'-m venv /'*|*'pip --python'*",
        ];
        for (i, missing) in ways.into_iter().enumerate() {
            let scratch = tempfile::tempdir().unwrap();
            let requirements = scratch.path().join("requirements.txt");
            std::fs::write(&requirements, "# nothing\n").unwrap();
            let python = lame_python(scratch.path(), missing);
            let place = scratch.path().join("env");
            let env = Env::prepare_with(&python, &place, &requirements).unwrap();
            let script = ["python", "-c", "print('ready')"].map(String::from);
            let said = shell::capture(&mut env.command(&script, scratch.path())).unwrap();
            assert_eq!(said.trim(), "ready", "without {missing}");
            assert_eq!(env.packages.is_some(), i > 1, "without {missing}");
        }
    }
}
