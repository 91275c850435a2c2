//! Outgoing calls against raw receivers on 127.0.0.1. No test resolves a real name.
//! The modules are marked as tests so that their helpers may unwrap.

#[cfg(test)]
mod accept;
#[cfg(test)]
mod buckets;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod urls;
#[cfg(test)]
mod ways;
