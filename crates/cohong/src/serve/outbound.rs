//! Everything this server sends to other people's servers, built from settings.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::delivery::{Registry, TargetKind};
use cohong_core::engine::Engine;
use cohong_core::model::DialectId;
use cohong_core::ports::{CallbackFormat, CallbackSender, EventFormat, Target};
use cohong_core::sync::RuleTarget;
use cohong_dialects::oss::callback::OssCallbacks;
use cohong_dialects::s3::S3Events;
use cohong_dialects::tos::TosEvents;
use cohong_egress::policy::{Allow, Policy, Profile};
use cohong_egress::{
    CallbackLimits, Endpoint, FunctionRegistry, FunctionTarget, Http, HttpCallbacks, HttpLimits,
    HttpOrigins, SystemResolver, WebhookSecret, WebhookSecrets, WebhookTarget,
};

use super::StartError;
use super::callback_key::KeyRing;
use super::config::{self, Settings};
use super::fetching::Fetches;

/// The one HTTP client, under the policy of the settings.
pub(super) fn client(settings: &Settings, own: Vec<SocketAddr>) -> Result<Arc<Http>, StartError> {
    let profile = match settings.profile {
        config::Profile::Dev => Profile::Dev,
        config::Profile::Prod => Profile::Prod,
    };
    let allow: Vec<Allow> = settings
        .allow
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?;
    let policy = Policy::new(profile, allow, own);
    Ok(Arc::new(Http::new(
        policy,
        Arc::new(SystemResolver::default()),
        HttpLimits::default(),
    )?))
}

/// Judges an entry of `egress.allow`.
pub(crate) fn egress_entry(text: &str) -> Result<(), StartError> {
    text.parse::<Allow>()?;
    Ok(())
}

/// Upload callbacks, signed with `keys` where their dialect has signatures.
pub(super) fn callbacks(http: &Arc<Http>, keys: &Arc<KeyRing>) -> Arc<dyn CallbackSender> {
    let oss: Arc<dyn CallbackFormat> = Arc::new(OssCallbacks::new(keys.clone()));
    Arc::new(HttpCallbacks::new(
        http.clone(),
        CallbackLimits::default(),
        BTreeMap::from([(DialectId::Oss, oss)]),
    ))
}

/// Lets the engine fetch objects that buckets mirror, and those that a URL in a request names.
pub(super) fn equip(engine: Engine, http: &Arc<Http>, fetches: Arc<Fetches>) -> Engine {
    engine
        .with_origins(Arc::new(HttpOrigins::new(http.clone())))
        .with_fetcher(fetches)
}

/// Targets and message formats.
pub(super) async fn registry(
    engine: &Arc<Engine>,
    http: &Arc<Http>,
) -> Result<Registry, StartError> {
    let clock = engine.ports().clock.clone();
    let functions: Arc<dyn Target> = Arc::new(FunctionTarget::new(
        http.clone(),
        Arc::new(Functions(engine.clone())),
        clock.clone(),
    ));
    let secret = WebhookSecret::new(engine.webhook_secret().await?);
    let webhooks: Arc<dyn Target> = Arc::new(WebhookTarget::new(
        http.clone(),
        Arc::new(ServerSecret(secret)),
        clock,
    ));
    let syncs: Arc<dyn Target> = Arc::new(RuleTarget::new(engine));
    let tos: Arc<dyn EventFormat> = Arc::new(TosEvents);
    let s3: Arc<dyn EventFormat> = Arc::new(S3Events);
    Ok(Registry {
        targets: BTreeMap::from([
            (TargetKind::Function, functions),
            (TargetKind::Webhook, webhooks),
            (TargetKind::Sync, syncs),
        ]),
        formats: BTreeMap::from([(DialectId::Tos, tos), (DialectId::S3, s3)]),
    })
}

/// The engine's registry, as deliveries ask for it.
#[derive(Debug)]
struct Functions(Arc<Engine>);

#[async_trait]
impl FunctionRegistry for Functions {
    async fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, String> {
        let found = self
            .0
            .function(name)
            .await
            .map_err(|error| error.to_string())?;
        Ok(found.map(|function| Endpoint { url: function.url }))
    }
}

/// One key signs all webhooks of a server.
#[derive(Debug)]
struct ServerSecret(WebhookSecret);

impl WebhookSecrets for ServerSecret {
    fn secret(&self) -> WebhookSecret {
        self.0.clone()
    }
}
