//! Looking at what is stored before a reader does: every row and every file, whoever may need it.

use std::io;

use bytes::Bytes;
use cohong_core::error::BoxError;
use fjall::{Keyspace, Readable};

use super::engine::Tables;
use super::versions::{self, TableFile};
use super::{EmbeddedMeta, codec, journal};

/// Where a look at the rows goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowsFrom {
    keyspace: usize,
    after: Bytes,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Rows looked at.
    pub rows: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// What is not as it was written; of rows that cannot be read at all only the first.
    pub damage: Vec<String>,
}

impl EmbeddedMeta {
    /// Looks at some rows, at most `rows`, and tells where to go on. Blocks.
    pub fn examine_rows(&self, from: RowsFrom, rows: usize) -> (Examined, Option<RowsFrom>) {
        let Some((what, keyspace)) = keyspaces(&self.tables).nth(from.keyspace) else {
            return (Examined::default(), None);
        };
        let next = RowsFrom {
            keyspace: from.keyspace + 1,
            after: Bytes::new(),
        };
        let mut found = Examined::default();
        let mut last = from.after.clone();
        let range = (
            std::ops::Bound::Excluded(from.after),
            std::ops::Bound::<Bytes>::Unbounded,
        );
        for row in self.tables.db.snapshot().range(keyspace, range).take(rows) {
            let (at, value) = match row.into_inner() {
                Ok(row) => row,
                Err(error) => {
                    let after = last.escape_ascii();
                    found.damage.push(format!(
                        "{what}s behind \"{after}\" cannot be read: {error}"
                    ));
                    return (found, Some(next));
                }
            };
            found.rows += 1;
            found.bytes += (at.len() + value.len()) as u64;
            if let Err(error) = codec::decode_plain(what, &at, value.into()) {
                found.damage.push(error.to_string());
            }
            last = Bytes::from(at);
        }
        let on = RowsFrom {
            keyspace: from.keyspace,
            after: last,
        };
        let next = if found.rows < rows as u64 { next } else { on };
        (found, Some(next))
    }

    /// The engine's files that do not change any more.
    pub fn table_files(&self) -> Result<Vec<TableFile>, BoxError> {
        versions::files(&self.folder.engine())
    }

    /// Looks at one of them. Blocks.
    pub fn examine_file(&self, file: &TableFile) -> io::Result<Examined> {
        versions::check_file(file).map(examined)
    }

    /// Looks at the journals that are not written to any more. Blocks.
    pub fn examine_journals(&self) -> io::Result<Examined> {
        journal::check_sealed(&self.folder.engine()).map(examined)
    }
}

fn examined((bytes, damage): (u64, Option<String>)) -> Examined {
    Examined {
        rows: 0,
        bytes,
        damage: damage.into_iter().collect(),
    }
}

/// The keyspaces, with the word for a row of each.
pub(super) fn keyspaces(tables: &Tables) -> impl Iterator<Item = (&'static str, &Keyspace)> {
    [
        ("record", &tables.records),
        ("log record", &tables.logs),
        ("payload", &tables.payloads),
    ]
    .into_iter()
}
