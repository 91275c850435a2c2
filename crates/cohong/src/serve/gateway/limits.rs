//! Limits of the data listener.

use std::time::Duration;

/// Connections at once. Each costs a task and two small buffers; beyond it the kernel's queue waits.
pub(super) const CONNECTIONS_MAX: usize = 4096;
/// File handles for each connection: itself, the body it sends or reads, and its part of what the stores have open.
pub(super) const HANDLES_A_CONNECTION: usize = 3;
/// Requests at once; beyond it clients are told to come back. Each upload holds a few buffers of up to
/// 1 MiB, so this also bounds memory.
pub(super) const REQUESTS_MAX: usize = 1024;
/// Between two measurements of how long requests wait: often enough to follow a load that begins.
pub(super) const LOAD_EVERY: Duration = Duration::from_millis(10);
/// What was measured longer ago says nothing about now.
pub(super) const LOAD_AGE_MAX: Duration = Duration::from_secs(1);
/// Bytes of request line and headers.
pub(super) const HEAD_BYTES_MAX: usize = 64 << 10;
/// Time for a client to send a head once it began, and for a new connection to begin one.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time between two requests of a connection. Clients close connections of their own that idled for up to 90 s (Go); a
/// server that did it first would sometimes take a request with it.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(100);
/// Time for a TLS handshake: a few exchanges, on a slow line too. Until then nobody is known to be a client.
pub(super) const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Bytes that are read of a client that is refused for what it speaks or asks for, so that it gets its answer.
pub(super) const PLAIN_BYTES_MAX: u64 = 64 << 10;
/// Longest silence within a body.
pub(super) const BODY_IDLE_MAX: Duration = Duration::from_secs(30);
/// Least speed of a body after its first minute, bytes a second: slower clients hold places for ever.
pub(super) const BODY_RATE_MIN: u64 = 1 << 10;
/// Longest that a client may read nothing of an answer: as web servers do by default.
pub(super) const ANSWER_IDLE_MAX: Duration = Duration::from_mins(1);
/// Longest that a client is heard out that is still sending when it has got its answer. A slow one needs some time to
/// see that it has.
pub(super) const LINGER_MAX: Duration = Duration::from_secs(5);
/// Time for running requests at shutdown: the callback deadline is 18 s, but a stop must end in 15 s.
pub(super) const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Pause after a failure to accept.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Most bytes of lines of access logs that wait to be written, all buckets together: what some tens of thousands
/// of requests leave. Lines beyond it are lost, since requests never wait for their logs.
pub(super) const LOG_LINES_BYTES_MAX: usize = 16 << 20;
/// Lines of one bucket that are written before their time has come, bytes: a small object.
pub(super) const LOG_OBJECT_BYTES: usize = 1 << 20;
/// Longest line of an access log, bytes: a target of 8 KiB and a few headers fit.
pub(super) const LOG_LINE_BYTES_MAX: usize = 32 << 10;
