//! Which addresses this server calls for others.
//!
//! Two questions are kept apart: who gave the URL ([`Given`]), and what the address is ([`Zone`]).
//! Requests may name public addresses, and inner ones as the profile and `egress.allow` say; the
//! operator may register inner addresses freely; nobody gets at a cloud's metadata service. Judging
//! is pure but for one question to the operating system, whether an address belongs to this machine.

mod allow;
mod url;
mod zone;

use std::fmt;
use std::net::{IpAddr, SocketAddr, UdpSocket};

pub use allow::{Allow, InvalidAllow};
pub(crate) use url::shown;
pub use url::{CheckedUrl, UrlError};
pub use zone::Zone;

/// How strict the policy is before `egress.allow` is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Loopback and private addresses may be called: receivers on the developer's machine.
    Dev,
    /// Public addresses only.
    Prod,
}

/// Who gave a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It came in a request: callback addresses, rules' HTTP servers. Not trusted.
    ByRequest,
    /// It stands in the configuration or was registered with the operator's rights.
    ByOperator,
}

/// How a URL's addresses are judged. The name resolver is not told the port, so calls to a port that
/// this server listens on itself go a way of their own, on which the address of any listener is
/// refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Request,
    RequestToOwnPort,
    Operator,
}

/// Why an address is not called, and what the operator may do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    host: String,
    ip: IpAddr,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Never(Zone),
    Own,
    Closed { zone: Zone, open_in_dev: bool },
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, ip, why } = self;
        write!(f, "address {ip}")?;
        if *host != ip.to_string() {
            write!(f, " of host {host}")?;
        }
        match why {
            Why::Never(zone) => write!(
                f,
                " is {zone} and is never called, whatever egress.allow and egress.profile say; name \
                 another receiver"
            ),
            Why::Own => write!(
                f,
                " with this port is this server itself and is never called, whatever egress.allow \
                 and egress.profile say; name another receiver"
            ),
            Why::Closed { zone, open_in_dev } => {
                let bits = if ip.is_ipv4() { 32 } else { 128 };
                write!(
                    f,
                    " is {zone}, which requests may not have called; to permit it set egress.allow \
                     = [\"{ip}/{bits}\"] in the configuration file"
                )?;
                if *open_in_dev {
                    write!(f, ", or egress.profile = \"dev\" on a developer's machine")?;
                }
                Ok(())
            }
        }
    }
}

/// The outbound policy. Fixed for the life of the process.
#[derive(Clone, Debug)]
pub struct Policy {
    profile: Profile,
    allow: Vec<Allow>,
    own: Vec<SocketAddr>,
}

impl Policy {
    /// A policy from the operator's settings. `own` are the server's own listeners, which URLs from
    /// requests never reach; a listener on all addresses counts for every address of this machine.
    pub fn new(profile: Profile, allow: Vec<Allow>, own: Vec<SocketAddr>) -> Self {
        Self {
            profile,
            allow,
            own,
        }
    }

    /// Reads a URL and judges what its text shows: form, scheme, and the address when it is written
    /// out. Sends nothing and resolves nothing.
    pub fn check_url(&self, raw: &str, given: Given) -> Result<CheckedUrl, UrlError> {
        url::check(self, raw, given)
    }

    pub(crate) fn way(&self, given: Given, port: u16) -> Way {
        match given {
            Given::ByOperator => Way::Operator,
            Given::ByRequest if self.own.iter().any(|own| own.port() == port) => {
                Way::RequestToOwnPort
            }
            Given::ByRequest => Way::Request,
        }
    }

    /// Judges one address that a host stands for.
    pub(crate) fn judge(&self, host: &str, ip: IpAddr, way: Way) -> Result<(), Refusal> {
        let zone = Zone::of(ip);
        let refuse = |why| {
            Err(Refusal {
                host: host.to_owned(),
                ip,
                why,
            })
        };
        if matches!(zone, Zone::Metadata | Zone::Unusable) {
            return refuse(Why::Never(zone));
        }
        if way == Way::Operator {
            return Ok(());
        }
        if way == Way::RequestToOwnPort && self.is_own(ip) {
            return refuse(Why::Own);
        }
        let open_in_dev = matches!(zone, Zone::Loopback | Zone::Private);
        let open = zone == Zone::Public
            || (self.profile == Profile::Dev && open_in_dev)
            || self.allow.iter().any(|entry| entry.names(host, ip));
        if open {
            Ok(())
        } else {
            refuse(Why::Closed { zone, open_in_dev })
        }
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.own
            .iter()
            .map(|own| own.ip().to_canonical())
            .any(|own| {
                own == ip || (own.is_unspecified() && (ip.is_loopback() || is_of_this_machine(ip)))
            })
    }
}

/// Only a machine's own addresses can be bound. Nothing is sent.
fn is_of_this_machine(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}
