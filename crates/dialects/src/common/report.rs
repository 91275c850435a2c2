//! Lists of what a bucket holds, written as CSV with documents beside them: what vendors of one family write alike.

use std::fmt::Write as _;

use cohong_core::model::{
    Encryption, InventoryField, KeyHolder, ObjectRecord, ObjectType, Timestamp,
};
use cohong_core::ports::{ByteStream, Report, ReportFormat, ReportPaper, ReportRow};
use cohong_core::records::InventoryFile;
use md5::{Digest, Md5};
use serde::Serialize;

use super::answer::version_text;
use super::compress::gzip;
use super::date::shaped;
use super::inventory::InventoryWords;
use super::vocabulary::{Digits, Vocabulary};

/// What is told of a list, beside the words of its order.
#[derive(Debug)]
pub(crate) struct ReportWords {
    /// The vendor's words.
    pub(crate) words: &'static Vocabulary,
    /// Those of the order.
    pub(crate) order: &'static InventoryWords,
    /// The version of the documents.
    pub(crate) version: &'static str,
    /// How the destination is named.
    pub(crate) names_target: bool,
    /// Whether the time of creation is told in milliseconds; else in seconds.
    pub(crate) millis: bool,
    /// How instants stand in the lines.
    pub(crate) instants: fn(Timestamp) -> String,
    /// How keys stand in the lines.
    pub(crate) keys: fn(&str) -> String,
    /// Where files are.
    pub(crate) files: Files,
    /// How it is told whether an object is encrypted.
    pub(crate) encrypted: fn(Option<&Encryption>) -> &'static str,
    /// The word for the grants of an object, with vendors that tell it.
    pub(crate) acl: fn(&ObjectRecord) -> &'static str,
}

/// Where the files of a list are, and what they are called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Files {
    /// All of them beside each other: `data/uuid.csv.gz`, `data/uuid-1.csv.gz`. With a document that names
    /// them, by their scheme, for programs that read tables.
    Together {
        /// The scheme; none where there is no such document.
        scheme: Option<&'static str>,
    },
    /// With the documents of their list: `files/uuid_0.csv.gz`.
    Apart,
}

/// Lists in the words of a vendor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reports(pub(crate) &'static ReportWords);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    source_bucket: &'a str,
    destination_bucket: String,
    version: &'a str,
    creation_timestamp: String,
    file_format: &'a str,
    file_schema: String,
    files: Vec<FileLine>,
}

#[derive(Serialize)]
struct FileLine {
    key: String,
    size: u64,
    #[serde(rename = "MD5checksum")]
    md5: String,
}

impl Reports {
    /// The folder of all lists of an inventory, a slash at its end.
    fn home(report: &Report<'_>) -> String {
        let inventory = report.inventory;
        let prefix = &*inventory.target.prefix;
        let slash = if prefix.is_empty() || prefix.ends_with('/') {
            ""
        } else {
            "/"
        };
        format!("{prefix}{slash}{}/{}/", report.source.name, inventory.id)
    }

    /// The folder of one list, a slash at its end.
    fn folder(report: &Report<'_>) -> String {
        let begun = shaped(report.begun, "%Y-%m-%dT%H-%MZ");
        format!("{}{begun}/", Self::home(report))
    }

    /// Names of the columns.
    fn columns(self, report: &Report<'_>) -> Vec<&'static str> {
        let mut columns = vec!["Bucket", "Key"];
        if report.inventory.all_versions {
            columns.extend(["VersionId", "IsLatest", "IsDeleteMarker"]);
        }
        let fields = report.inventory.fields.iter();
        columns.extend(fields.map(|field| self.0.order.column(*field)));
        columns
    }

    fn cell(self, field: InventoryField, row: ReportRow<'_>) -> String {
        let words = self.0.words;
        if field == InventoryField::WrittenAt {
            return (self.0.instants)(row.version.written_at);
        }
        // Of a delete marker nothing else is told.
        let Some(object) = row.version.object() else {
            return String::new();
        };
        match field {
            InventoryField::Size => object.size.to_string(),
            InventoryField::Etag => words.digits(&object.etag.to_string()),
            InventoryField::Class => words.class_word(object.class).to_owned(),
            InventoryField::IsMultipart => {
                (object.object_type() == ObjectType::Multipart).to_string()
            }
            InventoryField::Encryption => (self.0.encrypted)(object.encryption()).to_owned(),
            InventoryField::Crc64 => object.checksums.crc64.to_string(),
            InventoryField::ChecksumAlgorithm => {
                let algorithm = object
                    .checksums
                    .further
                    .map(|further| further.value.algorithm());
                let known = words.checksums.iter();
                let word = algorithm.and_then(|one| known.clone().find(|(known, _)| *known == one));
                word.map_or_else(String::new, |(_, word)| (*word).to_owned())
            }
            InventoryField::Owner => object.owner.0.to_string(),
            InventoryField::TagCount => object.tags.len().to_string(),
            InventoryField::Acl => (self.0.acl)(object).to_owned(),
            InventoryField::Kind => kind_word(object.object_type()).to_owned(),
            InventoryField::Replication => {
                let replicas = words.replicas.as_ref();
                let word = replicas.and_then(|words| words.word(object.replicated));
                word.unwrap_or_default().to_owned()
            }
            InventoryField::WrittenAt => String::new(),
        }
    }

    fn manifest(self, report: &Report<'_>, files: &[InventoryFile]) -> String {
        let seconds = report.begun.seconds();
        let line = |(n, file): (usize, &InventoryFile)| FileLine {
            key: self.file_key(report, n),
            size: file.size,
            md5: match self.0.words.etags {
                Digits::Lower => hex::encode(file.md5),
                Digits::Upper => hex::encode_upper(file.md5),
            },
        };
        let target = &report.inventory.target.bucket;
        let front = if self.0.names_target {
            self.0.order.resource
        } else {
            ""
        };
        let manifest = Manifest {
            source_bucket: report.source.name.as_str(),
            destination_bucket: format!("{front}{target}"),
            version: self.0.version,
            creation_timestamp: if self.0.millis {
                report.begun.millis().to_string()
            } else {
                seconds.to_string()
            },
            file_format: "CSV",
            file_schema: self.columns(report).join(", "),
            files: files.iter().enumerate().map(line).collect(),
        };
        serde_json::to_string(&manifest).expect("texts and numbers are always JSON")
    }
}

impl ReportFormat for Reports {
    fn file_key(&self, report: &Report<'_>, n: usize) -> String {
        let end = if report.inventory.compressed {
            ".csv.gz"
        } else {
            ".csv"
        };
        match self.0.files {
            Files::Together { .. } => {
                let n = if n == 0 {
                    String::new()
                } else {
                    format!("-{n}")
                };
                format!("{}data/{}{n}{end}", Self::home(report), uuid(report.name))
            }
            Files::Apart => {
                let name = hex::encode(report.name);
                format!("{}files/{name}_{n}{end}", Self::folder(report))
            }
        }
    }

    fn file_type(&self, report: &Report<'_>) -> &'static str {
        if report.inventory.compressed {
            "application/gzip"
        } else {
            "text/csv"
        }
    }

    fn line(&self, report: &Report<'_>, row: ReportRow<'_>) -> String {
        let mut cells = vec![
            report.source.name.to_string(),
            (self.0.keys)(row.key.as_str()),
        ];
        if report.inventory.all_versions {
            cells.push(version_text(row.tag).unwrap_or_default());
            cells.push(row.is_latest.to_string());
            cells.push(row.version.object().is_none().to_string());
        }
        let fields = report.inventory.fields.iter();
        cells.extend(fields.map(|field| self.cell(*field, row)));
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        format!("{}\n", cells.join(","))
    }

    fn packed(&self, report: &Report<'_>, lines: ByteStream) -> ByteStream {
        if report.inventory.compressed {
            gzip(lines)
        } else {
            lines
        }
    }

    fn papers(&self, report: &Report<'_>, files: &[InventoryFile]) -> Vec<ReportPaper> {
        let folder = Self::folder(report);
        let manifest = self.manifest(report, files);
        let digest = Md5::digest(&manifest);
        let paper = |key, content_type, text| ReportPaper {
            key,
            content_type,
            text,
        };
        let mut papers = Vec::new();
        if let Files::Together {
            scheme: Some(scheme),
        } = self.0.files
        {
            let target = &report.inventory.target.bucket;
            let mut text = String::new();
            for n in 0..files.len() {
                let key = self.file_key(report, n);
                let written = writeln!(text, "{scheme}://{target}/{key}");
                written.expect("a text takes all lines");
            }
            let at = shaped(report.begun, "%Y-%m-%d-%H-%M");
            let key = format!("{}hive/dt={at}/symlink.txt", Self::home(report));
            papers.push(paper(key, "text/plain", text));
        }
        let key = format!("{folder}manifest.json");
        papers.push(paper(key, "application/json", manifest));
        let digest = match self.0.words.etags {
            Digits::Lower => hex::encode(digest),
            Digits::Upper => hex::encode_upper(digest),
        };
        let key = format!("{folder}manifest.checksum");
        papers.push(paper(key, "text/plain", digest));
        papers
    }
}

/// How an object is encrypted, as most vendors tell it.
pub(crate) fn scheme_of(encryption: Option<&Encryption>) -> &'static str {
    match encryption.map(|one| &one.holder) {
        None => "NOT-SSE",
        Some(KeyHolder::Server) => "SSE-S3",
        Some(KeyHolder::Service(_)) => "SSE-KMS",
        Some(KeyHolder::Customer) => "SSE-C",
    }
}

/// Whether an object is encrypted, for vendors that tell no more.
pub(crate) fn is_encrypted(encryption: Option<&Encryption>) -> &'static str {
    if encryption.is_some() {
        "true"
    } else {
        "false"
    }
}

fn kind_word(kind: ObjectType) -> &'static str {
    match kind {
        ObjectType::Normal => "Normal",
        ObjectType::Multipart => "Multipart",
        ObjectType::Appendable => "Appendable",
        ObjectType::Symlink => "Symlink",
    }
}

/// A key percent-encoded, slashes excepted.
pub(crate) fn escaped_key(key: &str) -> String {
    cohong_sign::encode(key.as_bytes()).replace("%2F", "/")
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn uuid(name: [u8; 16]) -> String {
    let digits = hex::encode(name);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}
