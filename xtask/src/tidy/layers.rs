//! Who may depend on whom, read from `cargo metadata`: the layers of `ARCHITECTURE.md` as tables.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Finding;
use super::modules::Target;
use crate::shell::{self, Failure, Outcome};

/// Each crate of ours and those of ours that it may use. As development dependencies the test kit
/// is allowed to every crate but those that users may link without the server.
const OURS: &[(&str, &[&str])] = &[
    ("cohong-core", &[]),
    ("cohong-store", &["cohong-core"]),
    ("cohong-sign", &[]),
    ("cohong-dialects", &["cohong-core", "cohong-sign"]),
    ("cohong-egress", &["cohong-core", "cohong-sign"]),
    ("cohong-client", &["cohong-sign"]),
    (
        "cohong",
        &[
            "cohong-client",
            "cohong-core",
            "cohong-dialects",
            "cohong-egress",
            "cohong-sign",
            "cohong-store",
        ],
    ),
    (
        "cohong-testkit",
        &[
            "cohong-client",
            "cohong-core",
            "cohong-dialects",
            "cohong-egress",
            "cohong-sign",
            "cohong-store",
        ],
    ),
    ("xtask", &[]),
];

const KIT: &str = "cohong-testkit";

/// Crates that must not see the server, not even in their tests.
const WITHOUT_KIT: &[&str] = &["cohong-sign", "cohong-client", "xtask"];

/// Crates of others that belong to some of ours only: heavy, or the mark of a layer.
const OWNED: &[(&str, &[&str])] = &[
    ("axum", &["cohong"]),
    ("chacha20poly1305", &["cohong", "cohong-store"]),
    ("clap", &["cohong", "xtask"]),
    ("fjall", &["cohong-store"]),
    ("hyper", &["cohong", "cohong-testkit"]),
    ("hyper-util", &["cohong", "cohong-testkit"]),
    ("metrics-exporter-prometheus", &["cohong"]),
    ("multer", &["cohong-dialects"]),
    ("opendal", &["cohong-store"]),
    (
        "quick-xml",
        &[
            "cohong-client",
            "cohong-dialects",
            "cohong-egress",
            "cohong-testkit",
        ],
    ),
    (
        "reqwest",
        &["cohong-client", "cohong-egress", "cohong-testkit"],
    ),
    ("rsa", &["cohong-sign"]),
    ("tokio-postgres", &["cohong-store"]),
    ("tokio-rustls", &["cohong"]),
    ("tracing-subscriber", &["cohong"]),
];

/// Crates of ours whose normal dependencies are a closed list: computation only.
const CLOSED: &[(&str, &[&str])] = &[
    (
        "cohong-core",
        &[
            "aes-gcm",
            "async-trait",
            "base64",
            "bytes",
            "crc-fast",
            "futures-core",
            "futures-util",
            "hex",
            "hmac",
            "imagesize",
            "percent-encoding",
            "serde_json",
            "md-5",
            "postcard",
            "serde",
            "sha1",
            "sha2",
            "sm4",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "cohong-sign",
        &[
            "base64",
            "getrandom",
            "hex",
            "hmac",
            "http",
            "jiff",
            "md-5",
            "percent-encoding",
            "rsa",
            "sha1",
            "sha2",
            "thiserror",
        ],
    ),
];

/// What `core` may use of tokio: locks and channels, no runtime, no clock, no I/O.
const CORE_TOKIO: &[&str] = &["macros", "sync"];

/// The part of `cargo metadata` this check reads.
#[derive(Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
    targets: Vec<CargoTarget>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
    features: Vec<String>,
    uses_default_features: bool,
}

#[derive(Deserialize)]
struct CargoTarget {
    src_path: PathBuf,
    kind: Vec<String>,
}

/// Asks cargo about the workspace members.
pub(super) fn metadata() -> Outcome<Metadata> {
    let mut command = shell::cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps"]);
    serde_json::from_str(&shell::capture(&mut command)?)
        .map_err(|e| Failure::new(format!("cargo metadata is not understood: {e}")))
}

impl Metadata {
    /// Every file that cargo compiles by itself.
    pub(super) fn targets(&self) -> Vec<Target> {
        let targets = self.packages.iter().flat_map(|package| &package.targets);
        targets
            .map(|target| Target {
                path: relative(&target.src_path),
                is_test: target
                    .kind
                    .iter()
                    .any(|k| matches!(&**k, "test" | "bench" | "example")),
            })
            .collect()
    }
}

/// Forbidden edges of all crates.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in &metadata.packages {
        let place = relative(&package.manifest_path);
        let Some((_, allowed)) = OURS.iter().find(|(name, _)| *name == package.name) else {
            let why = format!("crate {} has no line in the table of layers", package.name);
            found.push(Finding::new("layers", &place, 0, why));
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(why) = refused(&package.name, allowed, dependency) {
                found.push(Finding::new("layers", &place, 0, why));
            }
        }
    }
    found
}

/// Why a crate may not have this dependency, if it may not.
fn refused(package: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    let is_dev = dependency.kind.as_deref() == Some("dev");
    if OURS.iter().any(|(ours, _)| *ours == name) {
        let kit = is_dev && name == KIT && !WITHOUT_KIT.contains(&package);
        let fine = kit || allowed.contains(&name);
        return (!fine).then(|| format!("{package} must not depend on {name}"));
    }
    if let Some((_, owners)) = OWNED.iter().find(|(owned, _)| *owned == name)
        && !owners.contains(&package)
    {
        return Some(format!(
            "{name} belongs to {} only, not to {package}",
            owners.join(", ")
        ));
    }
    if is_dev {
        return None;
    }
    let closed = CLOSED.iter().find(|(closed, _)| *closed == package);
    if closed.is_some_and(|(_, list)| !list.contains(&name)) {
        return Some(format!(
            "{package} must not depend on {name}: its list is closed"
        ));
    }
    let core_tokio = package == "cohong-core" && name == "tokio";
    let beyond = |feature: &String| !CORE_TOKIO.contains(&feature.as_str());
    let too_much = dependency.uses_default_features || dependency.features.iter().any(beyond);
    (core_tokio && too_much).then(|| format!("{package} may use tokio's {CORE_TOKIO:?} only"))
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(shell::root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(package: &str, kind: Option<&str>, name: &str) -> Vec<Finding> {
        let dependency = Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            features: Vec::new(),
            uses_default_features: true,
        };
        with(package, dependency)
    }

    fn with(package: &str, dependency: Dependency) -> Vec<Finding> {
        let package = Package {
            name: package.to_owned(),
            manifest_path: PathBuf::from("crates/x/Cargo.toml"),
            dependencies: vec![dependency],
            targets: Vec::new(),
        };
        check(&Metadata {
            packages: vec![package],
        })
    }

    #[test]
    fn allowed_edges_pass() {
        for (package, kind, name) in [
            ("cohong-store", None, "cohong-core"),
            ("cohong-store", None, "fjall"),
            ("cohong", None, "cohong-egress"),
            ("cohong-core", Some("dev"), "cohong-testkit"),
            ("cohong-core", Some("dev"), "proptest"),
            ("cohong-core", None, "sha2"),
            ("cohong-sign", None, "http"),
            ("xtask", None, "clap"),
        ] {
            assert_eq!(edge(package, kind, name), [], "{package} -> {name}");
        }
    }

    #[test]
    fn forbidden_edges_are_found() {
        for (package, kind, name) in [
            ("cohong-core", None, "cohong-store"),
            ("cohong-core", None, "cohong-testkit"),
            ("cohong-core", None, "http"),
            ("cohong-core", None, "tokio"),
            ("cohong-dialects", None, "cohong-store"),
            ("cohong-egress", Some("dev"), "cohong-dialects"),
            ("cohong-sign", Some("dev"), "cohong-testkit"),
            ("cohong-client", None, "cohong-core"),
            ("cohong-dialects", Some("dev"), "axum"),
            ("cohong-dialects", None, "reqwest"),
            ("cohong-newcomer", None, "bytes"),
        ] {
            assert_eq!(edge(package, kind, name).len(), 1, "{package} -> {name}");
        }
    }

    #[test]
    fn core_takes_only_the_locks_of_tokio() {
        let tokio = |features: &[&str]| Dependency {
            name: "tokio".to_owned(),
            kind: None,
            features: features.iter().map(|f| (*f).to_owned()).collect(),
            uses_default_features: false,
        };
        assert_eq!(with("cohong-core", tokio(&["sync", "macros"])), []);
        assert_eq!(with("cohong-core", tokio(&["sync", "rt"])).len(), 1);
        assert_eq!(with("cohong-store", tokio(&["rt"])), []);
    }

    #[test]
    fn every_crate_named_as_allowed_is_one_of_ours() {
        for name in OURS.iter().flat_map(|(_, allowed)| *allowed) {
            assert!(OURS.iter().any(|(ours, _)| ours == name), "{name}");
        }
    }
}
