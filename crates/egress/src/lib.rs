//! cohong-egress
