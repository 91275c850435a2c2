//! What kind of network an address lies in. Pure; knows neither profiles nor allow-lists.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of an address, from harmless to never called. Addresses that carry an IPv4 address inside
/// are judged by the worst of what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Reachable from everywhere.
    Public,
    /// RFC 1918 and unique local addresses.
    Private,
    /// This machine.
    Loopback,
    /// Carriers' address space, 100.64.0.0/10; clouds keep services of their own there.
    Shared,
    /// `fe80::/10`. The IPv4 link-local range counts as [`Zone::Metadata`].
    LinkLocal,
    /// Documentation, benchmarks, protocol assignments and what is not assigned at all.
    Reserved,
    /// Unspecified, broadcast and multicast: nothing that a connection can be made to.
    Unusable,
    /// Services that hand a machine's cloud credentials to whoever asks from inside.
    Metadata,
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::Shared => "carrier-shared",
            Self::LinkLocal => "link-local",
            Self::Reserved => "reserved",
            Self::Unusable => "unspecified, broadcast or multicast",
            Self::Metadata => "cloud metadata",
        })
    }
}

impl Zone {
    /// The zone of an address.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => of_v4(ip),
            IpAddr::V6(ip) => embedded_v4(ip)
                .into_iter()
                .flatten()
                .map(of_v4)
                .chain(of_v6(ip))
                .max()
                .unwrap_or(Self::Public),
        }
    }
}

fn of_v4(ip: Ipv4Addr) -> Zone {
    match ip.octets() {
        // AWS and most others; Alibaba; Volcengine; Oracle; Azure's host.
        [169, 254, ..]
        | [100, 100, 100, 200]
        | [100, 96, 0, 96]
        | [192, 0, 0, 192]
        | [168, 63, 129, 16] => Zone::Metadata,
        [0 | 224..=239, ..] | [255, 255, 255, 255] => Zone::Unusable,
        [127, ..] => Zone::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Zone::Private,
        [100, 64..=127, ..] => Zone::Shared,
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => Zone::Reserved,
        _ => Zone::Public,
    }
}

/// The zone of the IPv6 address itself; `None` when only the IPv4 address inside counts.
fn of_v6(ip: Ipv6Addr) -> Option<Zone> {
    Some(match ip.segments() {
        // AWS, Google, Scaleway, OpenStack.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42]
        | [0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe] => Zone::Metadata,
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xff00..=0xffff, ..] => Zone::Unusable,
        [0, 0, 0, 0, 0, 0, 0, 1] => Zone::Loopback,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [0x2002, ..]
        | [0x2001, 0, ..] => return None,
        [0xfe80..=0xfebf, ..] => Zone::LinkLocal,
        [0xfc00..=0xfdff, ..] => Zone::Private,
        [0x2001, 0x0..=0x1ff | 0xdb8, ..] | [0x3fff, 0x0..=0xfff, ..] => Zone::Reserved,
        [0x2000..=0x3fff, ..] => Zone::Public,
        _ => Zone::Reserved,
    })
}

/// The IPv4 addresses that a packet to this address may end at: mapped, translated, compatible,
/// NAT64, 6to4, Teredo (server and client) and ISATAP.
pub(super) fn embedded_v4(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let segments = ip.segments();
    let in_interface = match segments {
        [_, _, _, _, 0 | 0x200, 0x5efe, hi, lo] => Some(v4(hi, lo)),
        _ => None,
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        [0, 0, 0, 0, 0, 0 | 0xffff, hi, lo]
        | [0, 0, 0, 0, 0xffff, 0, hi, lo]
        | [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] => [Some(v4(hi, lo)), None],
        [0x2002, hi, lo, ..] => [Some(v4(hi, lo)), in_interface],
        [0x2001, 0, hi, lo, _, _, far_hi, far_lo] => [Some(v4(hi, lo)), Some(v4(!far_hi, !far_lo))],
        _ => [None, in_interface],
    }
}

fn v4(hi: u16, lo: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(hi) << 16 | u32::from(lo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_its_zone() {
        use Zone::*;
        let cases = [
            ("8.8.8.8", Public),
            ("100.63.255.255", Public),
            ("172.15.255.255", Public),
            ("172.32.0.0", Public),
            ("2606:4700::1111", Public),
            ("10.0.0.1", Private),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("192.168.255.255", Private),
            ("fc00::1", Private),
            ("fdff::1", Private),
            ("127.0.0.1", Loopback),
            ("127.255.255.255", Loopback),
            ("::1", Loopback),
            ("100.64.0.0", Shared),
            ("100.127.255.255", Shared),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("192.0.0.1", Reserved),
            ("192.0.2.1", Reserved),
            ("198.18.0.1", Reserved),
            ("198.51.100.1", Reserved),
            ("203.0.113.1", Reserved),
            ("240.0.0.1", Reserved),
            ("2001:db8::1", Reserved),
            ("3fff::1", Reserved),
            ("fec0::1", Reserved),
            ("100::1", Reserved),
            ("64:ff9b:1::a00:1", Reserved),
            ("0.0.0.0", Unusable),
            ("0.1.2.3", Unusable),
            ("224.0.0.1", Unusable),
            ("255.255.255.255", Unusable),
            ("::", Unusable),
            ("ff02::1", Unusable),
            ("169.254.169.254", Metadata),
            ("169.254.0.1", Metadata),
            ("100.100.100.200", Metadata),
            ("100.96.0.96", Metadata),
            ("192.0.0.192", Metadata),
            ("168.63.129.16", Metadata),
            ("fd00:ec2::254", Metadata),
            ("fd20:ce::254", Metadata),
            ("fe80::a9fe:a9fe", Metadata),
        ];
        for (ip, zone) in cases {
            assert_eq!(Zone::of(ip.parse().unwrap()), zone, "{ip}");
        }
    }

    #[test]
    fn an_embedded_address_counts_like_the_address_itself() {
        let forms = [
            "::ffff:HI:LO",
            "::HI:LO",
            "::ffff:0:HI:LO",
            "64:ff9b::HI:LO",
            "2002:HI:LO::1",
            "2001:0:HI:LO::f7f7:f7f7",
            "2606:4700::5efe:HI:LO",
            "2606:4700::200:5efe:HI:LO",
        ];
        for v4 in [
            "8.8.8.8",
            "10.1.2.3",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
        ] {
            let v4: Ipv4Addr = v4.parse().unwrap();
            let bits = v4.to_bits();
            for form in forms {
                let text = form
                    .replace("HI", &format!("{:x}", bits >> 16))
                    .replace("LO", &format!("{:x}", bits & 0xffff));
                let v6: Ipv6Addr = text.parse().unwrap();
                assert_eq!(Zone::of(v6.into()), of_v4(v4), "{text}");
            }
        }
    }

    #[test]
    fn the_worst_of_several_embedded_addresses_counts() {
        let cases = [
            ("2001:0:808:808::f5ff:fffe", Zone::Private), // Teredo client 10.0.0.1
            ("2001:0:a00:1::f7f7:f7f7", Zone::Private),   // Teredo server 10.0.0.1
            ("2002:7f00:1::5efe:808:808", Zone::Loopback), // 6to4 of 127.0.0.1
            ("2002:808:808::5efe:a9fe:a9fe", Zone::Metadata),
            ("fe80::5efe:808:808", Zone::LinkLocal),
        ];
        for (ip, zone) in cases {
            assert_eq!(Zone::of(ip.parse().unwrap()), zone, "{ip}");
        }
    }
}
