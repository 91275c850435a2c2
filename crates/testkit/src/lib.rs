//! cohong-testkit
