//! Keeping secrets at rest.

use std::fmt::Debug;

/// A sealed text could not be opened: it is damaged or was sealed with another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret cannot be opened with this server's key")]
pub struct SealError;

/// Seals secrets with the server's own key, and makes new ones.
pub trait Sealer: Debug + Send + Sync + 'static {
    /// Seals; equal inputs give different outputs.
    fn seal(&self, secret: &[u8]) -> Vec<u8>;
    /// Opens what `seal` made.
    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError>;
    /// Fills `out` with bytes that nobody can guess, for new secrets.
    fn random(&self, out: &mut [u8]);
}
