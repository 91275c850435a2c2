//! Reads that may show something else than the object they ask for: a page of the bucket's website, another
//! address, an object that is fetched from its origin first. What is shown is decided in
//! [`cohong_core::rules::website`]; here it is read, as any object is, by whoever asks.

use cohong_core::ErrorKind;
use cohong_core::engine::{Engine, MirrorOrder};
use cohong_core::model::{BucketName, Mirror, Scheme, Site};
use cohong_core::rules::website::{Reach, Step, Target, Visit, after, before, changed};
use http::header::{
    CONTENT_LENGTH, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer::empty;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::address::Style;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

type Answer = Result<Response<OutBody>, Fault>;

/// How a dialect reads for visitors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Whether only the head is asked for.
    pub(crate) head: bool,
    /// Whether the addresses of objects show the website, too.
    pub(crate) pages: bool,
    /// Whether a parameter belongs to the signature or the SDK: that goes nowhere else.
    pub(crate) neutral: fn(&str) -> bool,
}

impl Vocabulary {
    /// Reads an object, or what its bucket shows in its place.
    pub(crate) async fn visit(&self, call: Call, engine: &Engine, manner: Manner) -> Answer {
        let site = match call.query("versionId") {
            None => engine.site_of(call.bucket()?).await?,
            Some(_) => None,
        };
        let visitor = Visitor {
            words: self,
            engine,
            manner,
            query: query(&call, manner.neutral),
            call,
        };
        match site {
            Some(site) => visitor.serve(&site).await,
            None => visitor.read().await,
        }
    }

    /// Whether a visitor is shown a page of the bucket of the address, not a list of its objects.
    pub(crate) async fn shows_page(
        &self,
        call: &Call,
        engine: &Engine,
        neutral: fn(&str) -> bool,
    ) -> Result<bool, Fault> {
        let signed = call.cx.principal.account().is_some();
        if signed || !call.query.iter().all(|(name, _)| neutral(name)) {
            return Ok(false);
        }
        let site = engine.site_of(call.bucket()?).await?;
        let website = site.map(|site| site.website).unwrap_or_default();
        Ok(website.index.is_some() || website.elsewhere.is_some())
    }
}

/// A read under way.
struct Visitor<'a> {
    words: &'a Vocabulary,
    engine: &'a Engine,
    manner: Manner,
    /// Its query without what is neutral, percent-encoded.
    query: String,
    call: Call,
}

impl Visitor<'_> {
    async fn serve(mut self, site: &Site) -> Answer {
        let signed = self.call.cx.principal.account().is_some();
        let headers = self.call.headers.clone();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let host = header(HOST.as_str()).unwrap_or_default();
        let asked = self.call.key.clone();
        let visit = Visit {
            key: asked.as_ref().map_or("", |key| key.as_str()),
            method: if self.manner.head { "HEAD" } else { "GET" },
            host: host.split_once(':').map_or(host, |(name, _)| name),
            header: &header,
            reach: match (self.manner.pages, signed) {
                (false, _) => Reach::Mirrors,
                (true, true) => Reach::Rules,
                (true, false) => Reach::Pages,
            },
        };
        let shown = match before(site, &visit) {
            Some(step) => self.take(step).await,
            None => self.read().await,
        };
        let (fault, status) = match shown {
            Ok(response) if visit.reach == Reach::Pages => return Ok(self.led_on(response)),
            Ok(response) => return Ok(response),
            Err(fault) => match status(&fault) {
                Some(status) => (fault, status),
                None => return Err(fault),
            },
        };
        self.call.key = asked.clone();
        for step in self.steps(site, &visit, status).await? {
            match self.take(step).await {
                Err(none) if self::status(&none).is_some() => {}
                shown => return shown,
            }
        }
        Err(fault)
    }

    /// What is to be tried. Whoever may read a key and not list the bucket is told nothing of a missing
    /// object, and its origin is asked for it all the same.
    async fn steps<'s>(
        &self,
        site: &'s Site,
        visit: &Visit<'_>,
        status: u16,
    ) -> Result<Vec<Step<'s>>, Fault> {
        if let (403, Some(key)) = (status, &self.call.key) {
            let visit = Visit {
                reach: Reach::Mirrors,
                ..*visit
            };
            let origin = after(site, &visit, 404);
            let bucket = self.call.bucket()?;
            if !origin.is_empty() && self.engine.is_missing(&self.call.cx, bucket, key).await? {
                return Ok(origin);
            }
        }
        Ok(after(site, visit, status))
    }

    async fn take(&mut self, step: Step<'_>) -> Answer {
        match step {
            Step::Redirect(target) => Ok(self.redirect(&target)),
            Step::Show { key, status } => self.show(&key, status).await,
            Step::Folder { index, target } => {
                let asked = self.call.key.take();
                self.call.key = Some(self.words.keys.read(&index)?);
                self.plain();
                let found = self.words.look(&self.call, self.engine).await;
                self.call.key = asked;
                found.map(|_| self.redirect(&target))
            }
            Step::Mirror(mirror) => self.mirror(mirror).await,
        }
    }

    /// Reads the object of the address.
    async fn read(&self) -> Answer {
        if self.manner.head {
            self.words.head_object(&self.call, self.engine).await
        } else {
            self.words.get_object(&self.call, self.engine).await
        }
    }

    /// Reads another object in its place.
    async fn show(&mut self, key: &str, status: Option<u16>) -> Answer {
        let asked = self.call.key.replace(self.words.keys.read(key)?);
        if status.is_some() {
            self.plain();
        }
        let shown = self.read().await;
        self.call.key = asked;
        let mut response = shown?;
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
            *response.status_mut() = status;
        }
        Ok(response)
    }

    /// Leaves out what the request says of the object it asked for.
    fn plain(&mut self) {
        let about = [
            RANGE,
            IF_RANGE,
            IF_MATCH,
            IF_NONE_MATCH,
            IF_MODIFIED_SINCE,
            IF_UNMODIFIED_SINCE,
        ];
        for name in about {
            self.call.headers.remove(name);
        }
        self.call.query.retain(|(name, _)| name != "partNumber");
    }

    /// Fetches the object of the address, and shows it or where it is.
    async fn mirror(&mut self, mirror: &Mirror) -> Answer {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
        let headers = self.call.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_str().into(), text(value)));
        let order = MirrorOrder {
            bucket: self.call.bucket()?,
            key: self.call.key()?,
            mirror,
            headers: headers.collect(),
            query: self.query.clone(),
        };
        let fetched = self.engine.mirror_back(&self.call.cx, order).await;
        let origin = mirror.origins.first().filter(|_| mirror.redirects);
        let Some(origin) = origin else {
            fetched?;
            return self.read().await;
        };
        let key = changed(&mirror.key, self.call.key()?.as_str());
        let mut location = format!("{}/{}", origin.trim_end_matches('/'), encoded(&key));
        if mirror.pass_query {
            self.put_query(&mut location);
        }
        Ok(moved(StatusCode::FOUND, &location))
    }

    /// What an object answers with whose author says that it is elsewhere.
    fn led_on(&self, response: Response<OutBody>) -> Response<OutBody> {
        let said = response.headers().get(&self.words.names.website_redirect);
        let said = said.and_then(|value| value.to_str().ok());
        let leads = |to: &&str| {
            ["/", "http://", "https://"]
                .iter()
                .any(|front| to.starts_with(front))
        };
        match said.filter(leads) {
            Some(to) => moved(StatusCode::MOVED_PERMANENTLY, to),
            None => response,
        }
    }

    fn redirect(&self, target: &Target) -> Response<OutBody> {
        let address = &self.call.address;
        let bucket = self.call.bucket.as_ref().map_or("", BucketName::as_str);
        let path = match (address.style, &target.host) {
            (Style::Path, None) => format!("/{bucket}/{}", encoded(&target.key)),
            _ => format!("/{}", encoded(&target.key)),
        };
        let scheme = target
            .scheme
            .map_or(self.call.scheme(), |scheme| match scheme {
                Scheme::Http => "http",
                Scheme::Https => "https",
            });
        let mut location = match (&target.host, target.scheme) {
            (None, None) => path,
            (Some(host), _) => format!("{scheme}://{host}{path}"),
            (None, Some(_)) if address.style == Style::Host => {
                format!("{scheme}://{bucket}.{}{path}", address.endpoint)
            }
            (None, Some(_)) => format!("{scheme}://{}{path}", address.endpoint),
        };
        if target.query {
            self.put_query(&mut location);
        }
        let status = StatusCode::from_u16(target.status).unwrap_or(StatusCode::MOVED_PERMANENTLY);
        moved(status, &location)
    }

    fn put_query(&self, location: &mut String) {
        if !self.query.is_empty() {
            location.extend(["?", &self.query]);
        }
    }
}

/// A key in a path. A slash at its beginning is escaped: two of them begin the name of a host.
fn encoded(key: &str) -> String {
    let text = cohong_sign::encode_path(key.as_bytes());
    match text.strip_prefix('/') {
        Some(rest) => format!("%2F{rest}"),
        None => text,
    }
}

/// The parameters of a request that are nobody's.
fn query(call: &Call, neutral: fn(&str) -> bool) -> String {
    let encode = |text: &str| cohong_sign::encode(text.as_bytes());
    let pairs = call.query.iter().filter(|(name, _)| !neutral(name));
    let pairs = pairs.map(|(name, value)| match value.as_str() {
        "" => encode(name),
        value => format!("{}={}", encode(name), encode(value)),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The status of an error that a website may have something in place of.
fn status(fault: &Fault) -> Option<u16> {
    match fault {
        Fault::Engine(error) => match error.kind() {
            ErrorKind::NoSuchKey => Some(404),
            ErrorKind::Denied => Some(403),
            _ => None,
        },
        _ => None,
    }
}

fn moved(status: StatusCode, location: &str) -> Response<OutBody> {
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_bytes(location.as_bytes()) {
        headers.insert(LOCATION, location);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    empty(status, headers)
}
