//! cohong-dialects
