//! The two listeners.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::place::Short;
use crate::serve::StartError;

/// Longest that running orders may take once the server stops; long ones end by themselves.
const DRAIN_MAX: Duration = Duration::from_secs(2);
/// Open connections: operators, scrapers and probes are few.
const CONNECTIONS_MAX: usize = 256;
/// Time for the head of a request, so that idle connections do not keep their places.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

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
        format!(
            "cannot listen on {}: {error}; choose another folder with --data DIR",
            path.display()
        )
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
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another server answers there",
        ));
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

async fn serve<L: Listener>(mut listener: L, router: Router, mut stop: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let (stream, place) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&mut listener, &places) => accepted,
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(
                TokioIo::new(stream),
                TowerToHyperService::new(router.clone()),
            );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an admin connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_MAX, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::debug!("orders were still running when the server stopped");
    }
}

/// Waits for a place, then for a connection.
async fn accept<L: Listener>(
    listener: &mut L,
    places: &Arc<Semaphore>,
) -> (L::Io, OwnedSemaphorePermit) {
    let place = places
        .clone()
        .acquire_owned()
        .await
        .expect("places are never closed");
    (listener.accept().await.0, place)
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
            let mode = std::fs::metadata(&path)
                .expect("a socket")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
            let second = listen(&path).await.expect_err("somebody answers");
            assert_eq!(second.kind(), io::ErrorKind::AddrInUse);
            drop(first);
            assert!(path.exists(), "a crash leaves the name behind");
            listen(&path).await.expect("a stale name");
        }
    }
}
