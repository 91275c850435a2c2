//! cohong-store
