//! The pinned packages of a Java suite in a scratch folder, brought by Maven. The suite itself is a source file
//! that Java runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scratch;
use crate::shell::{self, Failure, Outcome};

/// A finished environment.
pub(crate) struct Env {
    packages: PathBuf,
}

impl Env {
    /// The environment in `folder` with what `pom` names, and what that needs.
    pub(crate) fn prepare(folder: &Path, pom: &Path) -> Outcome<Self> {
        let named = scratch::read(pom)?;
        check_pinned(&named)?;
        let packages = folder.join("packages");
        scratch::keep(folder, &named, || {
            let mut maven = Command::new("mvn");
            maven.args(["--quiet", "--batch-mode", "--file"]).arg(pom);
            maven.arg("dependency:copy-dependencies");
            maven.arg(format!("-DoutputDirectory={}", packages.display()));
            shell::run(&mut maven)
        })?;
        Ok(Self { packages })
    }

    /// The command in this environment, whose classes Java finds.
    pub(crate) fn command(&self, words: &[String]) -> Command {
        let (program, args) = words.split_first().expect("a suite's command is not empty");
        let mut command = Command::new(program);
        command.args(args);
        self.show(&mut command);
        command
    }

    /// Lets Java find the classes, where a command starts it.
    pub(crate) fn show(&self, command: &mut Command) {
        command.env("CLASSPATH", self.packages.join("*"));
    }
}

/// Every package names one version, and none where it comes from.
fn check_pinned(pom: &str) -> Outcome {
    let packages = pom.matches("<dependency>").count();
    let parts = pom.split("<dependency>").skip(1);
    let versions = parts.filter_map(|part| {
        let version = part.split("<version>").nth(1)?;
        version.split("</version>").next()
    });
    let pinned = versions.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let why = if pinned.count() != packages {
        "every dependency names one version"
    } else if pom.contains("<repositories>") {
        "where packages come from is the machine's setting"
    } else {
        return Ok(());
    };
    Err(Failure::new(format!("pom.xml: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pinned_packages_pass() {
        let pom = |version: &str| {
            format!(
                "<project><version>1</version><dependency><artifactId>a</artifactId>{version}</dependency></project>"
            )
        };
        assert!(check_pinned("<project></project>").is_ok());
        assert!(check_pinned(&pom("<version>3.1.143</version>")).is_ok());
        for version in [
            "",
            "<version>[1,2)</version>",
            "<version>LATEST</version>",
            "<version></version>",
        ] {
            assert!(check_pinned(&pom(version)).is_err(), "{version}");
        }
        let elsewhere = pom("<version>1</version>") + "<repositories></repositories>";
        assert!(check_pinned(&elsewhere).is_err());
    }
}
