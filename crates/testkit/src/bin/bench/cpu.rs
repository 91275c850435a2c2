//! Processor time, which a busy neighbour changes less than rates.

use std::time::Duration;

/// What Linux calls a tick of `/proc/PID/stat`, whatever the kernel's own are.
const TICK: Duration = Duration::from_millis(10);

/// What a process and this one have spent so far.
pub(crate) fn spent(server: u32) -> Result<Duration, String> {
    Ok(of(&server.to_string())? + of("self")?)
}

/// What one process has spent so far, by its id.
pub(crate) fn of(process: &str) -> Result<Duration, String> {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    // The name in parentheses may hold anything; user and system time are fields 14 and 15 of all.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: Vec<u32> = fields
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse().ok())
        .collect();
    match ticks[..] {
        [user, system] => Ok(TICK * (user + system)),
        _ => Err(format!("{path} has another form")),
    }
}
