//! The bytes of a file, with holes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

const PAGE: usize = 4096;

/// Bytes in pages that copies share. What was never written reads as zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pages: BTreeMap<u64, Arc<[u8; PAGE]>>,
    len: u64,
}

impl Pages {
    /// A file as it is.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut pages = Self::default();
        let len = file.metadata()?.len();
        let mut buffer = vec![0; 1 << 20];
        let mut at = 0;
        while at < len {
            let left = usize::try_from(len - at).unwrap_or(usize::MAX);
            let piece = &mut buffer[..left.min(1 << 20)];
            file.read_exact_at(piece, at)?;
            pages.write(at, piece);
            at += piece.len() as u64;
        }
        Ok(pages)
    }

    /// Its length.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Writes bytes; the file grows if need be.
    pub(super) fn write(&mut self, mut at: u64, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (page, within) = split(at);
            let now = bytes.len().min(PAGE - within);
            let (piece, rest) = bytes.split_at(now);
            // Holes stay holes, so that a reserved journal takes no memory.
            if self.pages.contains_key(&page) || piece.iter().any(|byte| *byte != 0) {
                let page = self
                    .pages
                    .entry(page)
                    .or_insert_with(|| Arc::new([0; PAGE]));
                Arc::make_mut(page)[within..within + now].copy_from_slice(piece);
            }
            at += now as u64;
            self.len = self.len.max(at);
            bytes = rest;
        }
    }

    /// Cuts or extends.
    pub(super) fn resize(&mut self, len: u64) {
        if len < self.len {
            let (page, within) = split(len);
            self.pages.split_off(&(page + u64::from(within > 0)));
            if let Some(page) = self.pages.get_mut(&page) {
                Arc::make_mut(page)[within..].fill(0);
            }
        }
        self.len = len;
    }

    /// Writes them down in an empty file.
    pub(super) fn put(&self, file: &File) -> io::Result<()> {
        file.set_len(self.len)?;
        for (page, bytes) in &self.pages {
            let at = page * PAGE as u64;
            let len = usize::try_from(self.len.saturating_sub(at)).unwrap_or(PAGE);
            file.write_all_at(&bytes[..len.min(PAGE)], at)?;
        }
        Ok(())
    }

    /// The first byte that differs.
    pub(super) fn difference(&self, other: &Self) -> Option<u64> {
        if self.len != other.len {
            return Some(self.len.min(other.len));
        }
        let zeros = [0; PAGE];
        let numbers = self.pages.keys().chain(other.pages.keys());
        let differ = numbers.filter_map(|number| {
            let bytes = |of: &Self| of.pages.get(number).map_or(zeros, |page| **page);
            let (one, two) = (bytes(self), bytes(other));
            let within = one.iter().zip(&two).position(|(a, b)| a != b)?;
            Some(number * PAGE as u64 + within as u64)
        });
        differ.min()
    }
}

fn split(at: u64) -> (u64, usize) {
    let page = PAGE as u64;
    let within = usize::try_from(at % page).unwrap_or_default();
    (at / page, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_reads_as_zeros_when_it_comes_back() {
        let mut pages = Pages::default();
        pages.write(PAGE as u64 - 2, b"abcd");
        pages.resize(PAGE as u64 - 1);
        pages.resize(3 * PAGE as u64);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        pages.put(&File::create_new(&path).unwrap()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 3 * PAGE);
        assert_eq!(&bytes[PAGE - 2..PAGE + 2], b"a\0\0\0");
        let again = Pages::read(&File::open(&path).unwrap()).unwrap();
        assert_eq!(pages.difference(&again), None);
        pages.write(5000, b"x");
        assert_eq!(pages.difference(&again), Some(5000));
    }
}
