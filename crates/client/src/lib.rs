//! cohong-client
