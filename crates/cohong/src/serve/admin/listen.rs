//! The two listeners.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::place::Short;
use crate::serve::StartError;

/// Longest that running orders may take once the server stops; long ones end by themselves.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// Serves until `stop` turns true and running requests have ended.
pub(crate) async fn serve_tcp(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    serve(listener, router, stop).await;
}

/// Takes the socket's name, which a crash may have left behind, and serves as [`serve_tcp`] does; the
/// name goes at the end. Fails when somebody answers there already.
pub(crate) async fn serve_unix(
    path: &Path,
    router: Router,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let listener = listen(path).await.map_err(|error| {
        format!("cannot listen on {}: {error}; choose another folder with --data DIR", path.display())
    })?;
    let path: PathBuf = path.to_owned();
    Ok(tokio::spawn(async move {
        serve(listener, router, stop).await;
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::debug!(%error, "the admin socket was gone already");
        }
    }))
}

async fn listen(path: &Path) -> io::Result<UnixListener> {
    let short = Short::of(path)?;
    if UnixStream::connect(short.path()).await.is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers there"));
    }
    // Only a socket that is ready and private gets the name that others look for.
    let fresh = path.with_extension("new");
    remove(&fresh)?;
    let listener = UnixListener::bind(Short::of(&fresh)?.path())?;
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&fresh, path)?;
    Ok(listener)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn serve<L>(listener: L, router: Router, stop: watch::Receiver<bool>)
where
    L: Listener,
    L::Addr: std::fmt::Debug,
{
    let stopped = |mut stop: watch::Receiver<bool>| async move {
        // A sender that is gone means the same as its order.
        drop(stop.wait_for(|stop| *stop).await);
    };
    let late = {
        let stopped = stopped(stop.clone());
        async move {
            stopped.await;
            tokio::time::sleep(DRAIN_MAX).await;
        }
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stopped(stop));
    tokio::select! {
        ended = serving => {
            if let Err(error) = ended {
                tracing::error!(%error, "the admin listener ended");
            }
        }
        () = late => tracing::debug!("orders were still running when the server stopped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        // Longer than the address of a socket may be.
        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).expect("a folder");
        for path in [folder.path().join("admin.sock"), deep.join("admin.sock")] {
            let first = listen(&path).await.expect("a free name");
            let mode = std::fs::metadata(&path).expect("a socket").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let second = listen(&path).await.expect_err("somebody answers");
            assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
            drop(first);
            assert!(path.exists(), "a crash leaves the name behind");
            listen(&path).await.expect("a stale name");
        }
    }
}
