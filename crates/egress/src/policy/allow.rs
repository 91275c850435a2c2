//! One entry of the operator's list of inner addresses that may be called.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

use super::zone::embedded_v4;

/// An entry of `egress.allow`: a network (`10.0.0.0/8`), an address (`10.1.2.3`), a host name
/// (`app.internal`) or all names below one (`*.internal`). Names are compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow(Entry);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Net(IpNet),
    Host(Box<str>),
    /// With the leading dot.
    Below(Box<str>),
}

/// A text that is no entry of `egress.allow`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "egress.allow: {0:?} is neither a network (10.0.0.0/8), an address (10.1.2.3), a host name \
     (app.internal) nor a pattern (*.internal)"
)]
pub struct InvalidAllow(Box<str>);

impl FromStr for Allow {
    type Err = InvalidAllow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self(Entry::Net(net)));
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self(Entry::Net(ip.into())));
        }
        let lower = text.to_ascii_lowercase();
        let name = lower.strip_prefix("*.").unwrap_or(&lower);
        if !is_name(name) {
            return Err(InvalidAllow(text.into()));
        }
        Ok(Self(match lower.strip_prefix('*') {
            Some(below) => Entry::Below(below.into()),
            None => Entry::Host(name.into()),
        }))
    }
}

impl Allow {
    /// Whether this entry names the address, or the host it was found under. A final dot of the host
    /// does not matter.
    pub(super) fn names(&self, host: &str, ip: IpAddr) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        match &self.0 {
            Entry::Net(net) => within(net, ip),
            Entry::Host(name) => host == **name,
            Entry::Below(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
        }
    }
}

fn within(net: &IpNet, ip: IpAddr) -> bool {
    net.contains(&ip) || matches!(ip, IpAddr::V6(ip) if carried(net, ip))
}

/// Whether all IPv4 addresses inside lie in the network, and there is one.
fn carried(net: &IpNet, ip: Ipv6Addr) -> bool {
    let inside: Vec<_> = embedded_v4(ip).into_iter().flatten().collect();
    !inside.is_empty() && inside.into_iter().all(|ip| net.contains(&IpAddr::V4(ip)))
}

/// Labels of letters, digits, `-` and `_`. A last label of digits would be an address in disguise.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.split('.').all(label) && !last.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_name_what_they_say() {
        let cases = [
            ("10.0.0.0/8", "x", "10.200.1.1", true),
            ("10.0.0.0/8", "x", "11.0.0.1", false),
            ("10.1.2.3", "x", "10.1.2.3", true),
            ("10.1.2.3", "x", "10.1.2.4", false),
            ("10.1.2.3", "x", "::ffff:10.1.2.3", true),
            ("8.8.8.8", "x", "2001:0:808:808::f5ff:fffe", false),
            ("fd00::/8", "x", "fd12::1", true),
            ("app.internal", "APP.internal.", "10.0.0.1", true),
            ("App.Internal", "app.internal", "10.0.0.1", true),
            ("app.internal", "xapp.internal", "10.0.0.1", false),
            ("*.internal", "app.internal", "10.0.0.1", true),
            ("*.internal", "a.b.internal", "10.0.0.1", true),
            ("*.internal", "internal", "10.0.0.1", false),
            ("*.internal", "appinternal", "10.0.0.1", false),
        ];
        for (entry, host, ip, named) in cases {
            let allow: Allow = entry.parse().unwrap();
            assert_eq!(
                allow.names(host, ip.parse().unwrap()),
                named,
                "{entry} {host} {ip}"
            );
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            "10.0.0.0/33",
            "10.0.0",
            "0x7f.1",
            "a b",
            "http://a/",
            "a..b",
        ] {
            let refused = text.parse::<Allow>();
            assert!(refused.is_err(), "{text}");
        }
    }
}
