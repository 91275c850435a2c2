//! Digests: the etag, MD5 of the bytes, and the tree-etag, the root of a tree of MD5 over blocks of 1 MiB (OAS sheet
//! section 3). Both are 32 upper-case hexadecimal digits; the tree-etag of nothing is empty.
//!
//! These functions compute and read files where they are called. In asynchronous code they belong into
//! `tokio::task::spawn_blocking`.

mod lanes;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{channel, sync_channel};

use md5::{Digest, Md5};

use super::error::{Error, ValueError};
use super::limits::CHUNK_BYTES;

/// Bytes below one leaf of the tree.
const BLOCK: usize = 1 << 20;

/// Bytes whose blocks are hashed together when they are there at once.
pub(super) const STRIDE: usize = lanes::LANES * BLOCK;

/// Pieces that are between the thread that reads and the one that computes the tree.
const PIECES: usize = 3;

/// What files are read into, used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Vec<u8>>);

/// A part of a file, and how it is read. The default is all of it, in pieces of 1 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// First byte.
    pub offset: u64,
    /// Number of bytes; none or 0 means up to the end.
    pub size: Option<u64>,
    /// Bytes read at once; 0 means 1 MiB. A tree-etag takes 4 MiB at least.
    pub chunk_size: usize,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            offset: 0,
            size: None,
            chunk_size: CHUNK_BYTES,
        }
    }
}

/// Etag of bytes in memory.
///
/// ```
/// use cohong_client::oas::compute_etag_from_string;
/// assert_eq!(compute_etag_from_string("abc"), "900150983CD24FB0D6963F7D28E17F72");
/// ```
pub fn compute_etag_from_string(content: impl AsRef<[u8]>) -> String {
    Node::of(Md5::digest(content)).text()
}

/// Etag of a file or of a section of it. Fails when the file cannot be read or ends before the section does.
///
/// ```
/// use cohong_client::oas::{Section, compute_etag_from_file};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("f");
/// std::fs::write(&path, "-abc-")?;
/// let middle = Section { offset: 1, size: Some(3), ..Section::default() };
/// assert_eq!(compute_etag_from_file(&path, middle)?, "900150983CD24FB0D6963F7D28E17F72");
/// # Ok::<(), cohong_client::oas::Error>(())
/// ```
pub fn compute_etag_from_file(
    file_path: impl AsRef<Path>,
    section: Section,
) -> Result<String, Error> {
    compute_etag_from_file_obj(&mut open(file_path.as_ref())?, section)
}

/// As [`compute_etag_from_file`], of whatever can be read and positioned. It stands at the section's first byte
/// afterwards.
pub fn compute_etag_from_file_obj(
    file_obj: &mut (impl Read + Seek),
    section: Section,
) -> Result<String, Error> {
    let mut etag = Md5::new();
    pieces(file_obj, section, |piece| etag.update(piece))?;
    Ok(Node::of(etag.finalize()).text())
}

/// Tree-etag of a file or of a section of it. Fails as [`compute_etag_from_file`] does.
///
/// ```
/// use cohong_client::oas::{Section, compute_tree_etag_from_file};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("f");
/// std::fs::write(&path, "abc")?;
/// let tree_etag = compute_tree_etag_from_file(&path, Section::default())?;
/// assert_eq!(tree_etag, "900150983CD24FB0D6963F7D28E17F72", "one block: the etag");
/// # Ok::<(), cohong_client::oas::Error>(())
/// ```
pub fn compute_tree_etag_from_file(
    file_path: impl AsRef<Path>,
    section: Section,
) -> Result<String, Error> {
    compute_tree_etag_from_file_obj(&mut open(file_path.as_ref())?, section)
}

/// As [`compute_tree_etag_from_file`], of whatever can be read and positioned. It stands at the section's first byte
/// afterwards.
pub fn compute_tree_etag_from_file_obj(
    file_obj: &mut (impl Read + Seek),
    section: Section,
) -> Result<String, Error> {
    let mut tree = TreeHasher::default();
    let chunk_size = chunk(section).max(STRIDE);
    let section = Section {
        chunk_size,
        ..section
    };
    pieces(file_obj, section, |piece| tree.update(piece))?;
    Ok(tree.finish())
}

/// Etag and tree-etag of a file or of a section of it, which is read once. Each is computed on a thread of its own.
/// Fails as [`compute_etag_from_file`] does.
pub fn compute_hash_from_file(
    file_path: impl AsRef<Path>,
    section: Section,
) -> Result<(String, String), Error> {
    compute_hash_from_file_obj(&mut open(file_path.as_ref())?, section)
}

/// As [`compute_hash_from_file`], of whatever can be read and positioned. It stands at the section's first byte
/// afterwards.
///
/// ```
/// use cohong_client::oas::{Section, compute_hash_from_file_obj};
/// let mut bytes = std::io::Cursor::new(vec![0; 3 << 20]);
/// let (etag, tree_etag) = compute_hash_from_file_obj(&mut bytes, Section::default())?;
/// assert_ne!(etag, tree_etag);
/// # Ok::<(), cohong_client::oas::Error>(())
/// ```
pub fn compute_hash_from_file_obj(
    file_obj: &mut (impl Read + Seek),
    section: Section,
) -> Result<(String, String), Error> {
    hash_into(file_obj, section, &mut Pieces::default())
}

/// As [`compute_hash_from_file_obj`], reading into what is there already.
pub(super) fn hash_into(
    file_obj: &mut (impl Read + Seek),
    section: Section,
    pieces: &mut Pieces,
) -> Result<(String, String), Error> {
    let size = begin(file_obj, section)?;
    if size <= BLOCK as u64 {
        let etag = compute_etag_from_file_obj(file_obj, section)?;
        let tree_etag = if size == 0 {
            String::new()
        } else {
            etag.clone()
        };
        return Ok((etag, tree_etag));
    }
    let hashes = both(file_obj, size, chunk(section).max(STRIDE), pieces)?;
    file_obj.seek(SeekFrom::Start(section.offset))?;
    Ok(hashes)
}

/// Tree-etag of a whole from those of its parts, in order. It is that of the whole when every part but the last has
/// the same size, 1 MiB times a power of two. Fails when one of them is no digest.
///
/// ```
/// use cohong_client::oas::{compute_combine_tree_etag_from_list, compute_etag_from_string};
/// let parts = ["a", "b"].map(compute_etag_from_string);
/// let joined = compute_etag_from_string(parts.concat());
/// assert_eq!(compute_combine_tree_etag_from_list(&parts)?, joined);
/// # Ok::<(), cohong_client::oas::ValueError>(())
/// ```
pub fn compute_combine_tree_etag_from_list(
    tree_etag_list: &[impl AsRef<str>],
) -> Result<String, ValueError> {
    let mut tree = Tree::default();
    for etag in tree_etag_list {
        tree.push(Node::parse(etag.as_ref())?);
    }
    Ok(tree.root())
}

/// Etag on this thread, tree-etag on another.
fn both(
    file: &mut impl Read,
    size: u64,
    chunk: usize,
    pieces: &mut Pieces,
) -> Result<(String, String), Error> {
    let (full, work) = sync_channel::<(Vec<u8>, usize)>(PIECES);
    let (done, free) = channel();
    pieces.0.resize_with(PIECES, Vec::new);
    for mut piece in pieces.0.drain(..) {
        piece.resize(chunk, 0);
        done.send(piece).expect("the other end is here");
    }
    std::thread::scope(|scope| {
        let tree = scope.spawn(move || {
            let mut tree = TreeHasher::default();
            for (piece, bytes) in work {
                tree.update(&piece[..bytes]);
                // Nobody takes it when reading failed.
                drop(done.send(piece));
            }
            tree.finish()
        });
        let mut etag = Md5::new();
        let mut left = size;
        while left > 0 {
            let mut piece = free.recv().map_err(io::Error::other)?;
            let bytes = fill(file, &mut piece, left)?;
            etag.update(&piece[..bytes]);
            left -= bytes as u64;
            full.send((piece, bytes)).map_err(io::Error::other)?;
        }
        drop(full);
        let tree = match tree.join() {
            Ok(tree) => tree,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        pieces.0.extend(free);
        Ok((Node::of(etag.finalize()).text(), tree))
    })
}

pub(super) fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|error| Error::file("open", path, &error).into())
}

fn chunk(section: Section) -> usize {
    match section.chunk_size {
        0 => CHUNK_BYTES,
        chunk => chunk,
    }
}

/// Positions the file at the section and tells its size.
fn begin(file: &mut impl Seek, section: Section) -> Result<u64, Error> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(section.offset))?;
    match section.size {
        Some(size) if size > 0 => Ok(size),
        _ => Ok(end.saturating_sub(section.offset)),
    }
}

/// Hands the section to `each`, piece by piece.
fn pieces(
    file: &mut (impl Read + Seek),
    section: Section,
    mut each: impl FnMut(&[u8]),
) -> Result<(), Error> {
    let mut left = begin(file, section)?;
    let mut piece = vec![0; chunk(section)];
    while left > 0 {
        let bytes = fill(file, &mut piece, left)?;
        each(&piece[..bytes]);
        left -= bytes as u64;
    }
    file.seek(SeekFrom::Start(section.offset))?;
    Ok(())
}

/// Reads a piece, or what is left.
fn fill(file: &mut impl Read, piece: &mut [u8], left: u64) -> Result<usize, Error> {
    let bytes = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
    file.read_exact(&mut piece[..bytes])
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::new(
                error.kind(),
                format!("the file ends {left} bytes too early"),
            ),
            _ => error,
        })?;
    Ok(bytes)
}

/// A digest as the text that is hashed again: upper-case hexadecimal digits.
#[derive(Clone, Copy)]
struct Node([u8; 32]);

impl Node {
    fn of(digest: impl AsRef<[u8]>) -> Self {
        let mut text = [0; 32];
        hex::encode_to_slice(digest, &mut text).expect("16 bytes are 32 digits");
        text.make_ascii_uppercase();
        Self(text)
    }

    fn parse(text: &str) -> Result<Self, ValueError> {
        let digits: Result<[u8; 32], _> = text.as_bytes().try_into();
        match digits {
            Ok(mut digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
                digits.make_ascii_uppercase();
                Ok(Self(digits))
            }
            _ => Err(ValueError::new(format!(
                "{text:?} is no digest: it has to be 32 hexadecimal digits"
            ))),
        }
    }

    fn parent(left: Self, right: Self) -> Self {
        Self::of(Md5::digest([left.0, right.0].as_flattened()))
    }

    fn text(self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

/// A tree that grows from the left. Finished subtrees are joined at once, so it holds one node a level.
#[derive(Default)]
struct Tree {
    /// Roots of subtrees with their heights, each lower than the one before.
    pending: Vec<(u32, Node)>,
}

impl Tree {
    fn push(&mut self, node: Node) {
        let (mut height, mut node) = (0, node);
        while let Some(&(other, left)) = self.pending.last()
            && other == height
        {
            self.pending.pop();
            (height, node) = (height + 1, Node::parent(left, node));
        }
        self.pending.push((height, node));
    }

    /// What is left over moves up unchanged until it finds a neighbour.
    fn root(self) -> String {
        let nodes = self.pending.into_iter().rev().map(|(_, node)| node);
        let root = nodes.reduce(|right, left| Node::parent(left, right));
        root.map(Node::text).unwrap_or_default()
    }
}

/// Computes a tree-etag of bytes as they come.
#[derive(Default)]
pub(super) struct TreeHasher {
    block: Md5,
    filled: usize,
    tree: Tree,
}

impl TreeHasher {
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == 0
                && let Some((stride, later)) = bytes.split_at_checked(STRIDE)
            {
                self.blocks(stride);
                bytes = later;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.block.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == BLOCK {
                self.end_block();
            }
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.filled > 0 {
            self.end_block();
        }
        self.tree.root()
    }

    fn blocks(&mut self, stride: &[u8]) {
        let blocks = std::array::from_fn(|n| &stride[n * BLOCK..(n + 1) * BLOCK]);
        for digest in lanes::digests(blocks) {
            self.tree.push(Node::of(digest));
        }
    }

    fn end_block(&mut self) {
        self.tree.push(Node::of(self.block.finalize_reset()));
        self.filled = 0;
    }
}
