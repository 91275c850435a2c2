//! An application behind axum that takes callbacks and webhooks, as a user of the library would write it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::post;
use cohong_client::receive::{
    BODY_BYTES_MAX, CallbackBody, CallbackVerifier, CloudEvent, Refused, WebhookVerifier, accepted,
};
use serde_json::json;
use tokio::sync::Notify;

/// What the application was told.
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    callbacks: CallbackVerifier,
    webhooks: WebhookVerifier,
    called: Mutex<Vec<CallbackBody>>,
    events: Mutex<Vec<CloudEvent>>,
    more: Notify,
}

impl App {
    pub(crate) async fn start(callbacks: CallbackVerifier, webhooks: WebhookVerifier) -> Self {
        let shared = Arc::new(Shared {
            callbacks,
            webhooks,
            called: Mutex::default(),
            events: Mutex::default(),
            more: Notify::new(),
        });
        let router = Router::new()
            .route("/stored/{*more}", post(stored))
            .route("/events", post(events))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, shared }
    }

    pub(crate) fn called(&self) -> Vec<CallbackBody> {
        self.shared.called.lock().unwrap().clone()
    }

    /// So many events, once they are there.
    pub(crate) async fn events(&self, count: usize) -> Vec<CloudEvent> {
        loop {
            let more = self.shared.more.notified();
            let events = self.shared.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            more.await;
        }
    }
}

fn refusal(refused: &Refused) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = refused.status();
    response
}

async fn stored(
    State(app): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if let Err(refused) = app.callbacks.verify(target, &headers, &body).await {
        return refusal(&refused);
    }
    match CallbackBody::read(&headers, &body) {
        Ok(told) => {
            let answer = json!({ "object": told.get("object") });
            app.called.lock().unwrap().push(told);
            accepted(&answer).unwrap().map(Body::from)
        }
        Err(refused) => refusal(&refused),
    }
}

async fn events(State(app): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let genuine = app.webhooks.verify(&headers, &body, SystemTime::now());
    let event = genuine.and_then(|delivery| {
        let event = CloudEvent::read(&headers, &body)?;
        assert_eq!(delivery.id, event.id);
        Ok(event)
    });
    match event {
        Ok(event) => {
            app.events.lock().unwrap().push(event);
            app.more.notify_waiters();
            StatusCode::NO_CONTENT
        }
        Err(refused) => refused.status(),
    }
}
