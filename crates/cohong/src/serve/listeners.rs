//! Where the server is reached: bound before anything else starts, so that a busy port is told first.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::Settings;
use super::gateway::{Gateway, Speech};
use super::tls::{Certificates, Reload};
use super::{StartError, ready};

/// The TCP listeners of a server.
pub(super) struct Listeners {
    pub data: TcpListener,
    pub tls: Option<Secured>,
    pub admin: TcpListener,
}

/// A listener that speaks TLS, with a certificate in files if there is one.
pub(super) struct Secured {
    listener: TcpListener,
    files: Option<(Reload, Certificates)>,
}

/// Where they listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub data: SocketAddr,
    pub tls: Option<SocketAddr>,
    pub admin: SocketAddr,
}

impl Listeners {
    /// Binds all that the settings name; fails too when TLS is wanted and its files cannot be used.
    pub(super) async fn bind(settings: &Settings) -> Result<Self, StartError> {
        let tls = match settings.tls.clone() {
            None => None,
            Some(tls) => {
                let at = tls.listen;
                let files = tls.files.map(Reload::start).transpose()?;
                Some(Secured {
                    listener: bind("tls-listen", at).await?,
                    files,
                })
            }
        };
        Ok(Self {
            data: bind("listen", settings.listen).await?,
            tls,
            admin: bind("admin", settings.admin).await?,
        })
    }

    pub(super) fn addresses(&self) -> io::Result<Addresses> {
        let tls = self.tls.as_ref().map(|tls| tls.listener.local_addr());
        Ok(Addresses {
            data: self.data.local_addr()?,
            tls: tls.transpose()?,
            admin: self.admin.local_addr()?,
        })
    }
}

/// Lets the gateway serve the listeners for data until `stop` turns true. TLS without files is spoken in the name
/// of the server's own authority, which there is then.
pub(super) fn open(
    gateway: &Arc<Gateway>,
    data: TcpListener,
    tls: Option<Secured>,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let serve =
        |listener, speech| tokio::spawn(gateway.clone().serve(listener, speech, stop.clone()));
    let mut serving = vec![serve(data, Speech::Any)];
    if let Some(tls) = tls {
        let certificates = if let Some((reload, certificates)) = tls.files {
            tokio::spawn(reload.run(stop.clone()));
            certificates
        } else {
            let local = gateway.local_config();
            let local = local.expect("settings without files stand for names");
            watch::Sender::new(local).subscribe()
        };
        serving.push(serve(tls.listener, Speech::Tls(certificates)));
    }
    serving
}

/// Binds a listener; a busy port names its owner's setting.
async fn bind(setting: &'static str, at: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(at).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "{at} is in use{}; stop that program or choose another address with --{setting} HOST:PORT (port 0 picks a free one)",
                ready::owner_of_port(at.port()),
            ),
            _ => format!("cannot listen on {at}: {error}; choose another address with --{setting} HOST:PORT"),
        };
        hint.into()
    })
}
