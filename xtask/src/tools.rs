//! Which programs the gates need, whether they are here, and how to get them.

use std::process::Command;

use crate::shell::{self, Failure, Outcome};

/// A program that some step starts.
pub(crate) struct Tool {
    /// How people call it.
    pub(crate) name: &'static str,
    /// A harmless command that succeeds when the program is usable.
    probe: &'static [&'static str],
    /// What does not run without it.
    needed_by: &'static str,
    /// The one command that installs it.
    install: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "rustfmt",
        probe: &["cargo", "fmt", "--version"],
        needed_by: "the fmt step",
        install: "rustup component add rustfmt",
    },
    Tool {
        name: "clippy",
        probe: &["cargo", "clippy", "--version"],
        needed_by: "the clippy step",
        install: "rustup component add clippy",
    },
    Tool {
        name: "git",
        probe: &["git", "--version"],
        needed_by: "the tidy step",
        install: "apt-get install -y git",
    },
    Tool {
        name: "a C compiler",
        probe: &["cc", "--version"],
        needed_by: "building the TLS library",
        install: "apt-get install -y build-essential",
    },
    Tool {
        name: "strace",
        probe: &["strace", "-V"],
        needed_by: "the tests that watch the order of system calls",
        install: "apt-get install -y strace",
    },
    Tool {
        name: "private mounts",
        probe: &[
            "sh",
            "-c",
            "unshare --user --map-root-user --mount mount -t tmpfs tmpfs /mnt && prlimit --version",
        ],
        needed_by: "the tests of full disks and few file handles",
        install: "apt-get install -y util-linux; containers have to allow user namespaces",
    },
    Tool {
        name: "python3",
        probe: &["python3", "--version"],
        needed_by: "the conformance step",
        install: "apt-get install -y python3 python3-pip python3-venv",
    },
    Tool {
        name: "pip",
        probe: &["python3", "-m", "pip", "--version"],
        needed_by: "the conformance step",
        install: "apt-get install -y python3-pip python3-venv",
    },
    Tool {
        name: "python 2.7",
        probe: &["sh", "-c", "python2.7 --version || pyenv whence python2.7"],
        needed_by: "the conformance step, for a vendor's client that never left it",
        install: "pyenv install 2.7",
    },
    Tool {
        name: "node 18 or later",
        probe: &["node", "-e", "require('node:test')"],
        needed_by: "the conformance step",
        install: "apt-get install -y nodejs npm",
    },
    Tool {
        name: "npm",
        probe: &["npm", "--version"],
        needed_by: "the conformance step",
        install: "apt-get install -y nodejs npm",
    },
    Tool {
        name: "rclone",
        probe: &["rclone", "version"],
        needed_by: "the conformance step",
        install: "apt-get install -y rclone",
    },
    Tool {
        name: "go 1.23 or later",
        probe: &["go", "version"],
        needed_by: "the conformance step",
        install: "install Go from its own packages; Debian's is older",
    },
    Tool {
        name: "java 17 or later",
        probe: &["java", "-version"],
        needed_by: "the conformance step",
        install: "apt-get install -y openjdk-17-jdk-headless",
    },
    Tool {
        name: "maven",
        probe: &["mvn", "--version"],
        needed_by: "the conformance step",
        install: "apt-get install -y maven",
    },
];

/// Names every missing program loudly; that is a failure where nothing may be skipped.
pub(crate) fn check() -> Outcome {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !tool.is_here()).collect();
    for tool in &missing {
        println!("{}", tool.complaint());
    }
    verdict(missing.len(), shell::in_ci())
}

fn verdict(missing: usize, in_ci: bool) -> Outcome {
    match missing {
        0 => Ok(()),
        n if in_ci => Err(Failure::new(format!("{n} tool(s) missing, and CI=true"))),
        n => {
            println!("{n} tool(s) missing; what needs them fails below");
            Ok(())
        }
    }
}

impl Tool {
    fn is_here(&self) -> bool {
        let Some((program, args)) = self.probe.split_first() else {
            return false;
        };
        shell::succeeds(Command::new(program).args(args).current_dir(shell::root()))
    }

    fn complaint(&self) -> String {
        format!(
            "MISSING: {}, needed by {}. Install it with: {}",
            self.name, self.needed_by, self.install
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_tool_says_how_to_install_it() {
        let tool = Tool {
            name: "nothing",
            probe: &["no-such-program-of-cohong"],
            needed_by: "nobody",
            install: "apt-get install -y nothing",
        };
        assert!(!tool.is_here());
        assert!(tool.complaint().contains("apt-get install -y nothing"));
    }

    #[test]
    fn missing_tool_fails_only_where_nothing_may_be_skipped() {
        assert!(verdict(1, true).is_err());
        assert!(verdict(1, false).is_ok());
        assert!(verdict(0, true).is_ok());
    }
}
