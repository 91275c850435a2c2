//! A bucket as a website, and origins that stand in for objects it does not have.

use serde::{Deserialize, Serialize};

/// How a bucket's objects are shown to visitors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Website {
    /// Where every visitor is sent; nothing else counts then.
    pub elsewhere: Option<Elsewhere>,
    /// What is shown of folders.
    pub index: Option<Index>,
    /// What is shown in place of an error.
    pub error: Option<ErrorPage>,
    /// Rules in order, the first that fits counts; at most [`crate::limits::ROUTES_MAX`].
    pub routes: Vec<Route>,
}

/// Another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Its name, with a port where it has one of its own.
    pub host: Box<str>,
    /// How it is spoken to; that of the request when missing.
    pub scheme: Option<Scheme>,
}

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each name is its own explanation")]
pub enum Scheme {
    Http,
    Https,
}

/// What is shown of folders: keys that end with a slash, and the bucket itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The object, relative to its folder.
    pub suffix: Box<str>,
    /// Which folders have one.
    pub folders: Folders,
}

/// Which folders have an index of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Folders {
    /// None: all show that of the bucket.
    Bucket,
    /// All. A missing object that is named like a folder with an index is redirected to it.
    Redirect,
    /// All. Such an object is missing.
    Missing,
    /// All. Such an object shows the index.
    Show,
}

/// What is shown in place of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorPage {
    /// The object.
    pub key: Box<str>,
    /// Status it is shown with; that of the error when missing.
    pub status: Option<u16>,
}

/// What becomes of some requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// What it is known by, where its author counts.
    pub number: u32,
    /// Which requests.
    pub when: When,
    /// What becomes of them.
    pub then: Then,
}

/// Which requests a rule is about: all of it has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// The key begins with this.
    pub prefix: Option<Box<str>>,
    /// It ends with this.
    pub suffix: Option<Box<str>>,
    /// The answer would be an error of this status; without one the rule counts before anything is read.
    pub status: Option<u16>,
    /// What headers say.
    pub headers: Vec<HeaderTest>,
    /// The method is one of these; any where there are none, of a mirror `GET`.
    pub methods: Vec<Box<str>>,
    /// The host is one of these; any where there are none.
    pub hosts: Vec<Box<str>>,
}

/// What the value of a header has to be: all that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderTest {
    /// Name of the header; case does not matter.
    pub name: Box<str>,
    /// All of it.
    pub equals: Option<Box<str>>,
    /// Its beginning.
    pub starts: Option<Box<str>>,
    /// Its end.
    pub ends: Option<Box<str>>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// It is answered with another address.
    Redirect(Redirect),
    /// It shows what is under another key of the bucket.
    Inside {
        /// The key.
        key: KeyChange,
        /// Whether the query stays; nothing looks at it, and it is told again.
        pass_query: Option<bool>,
    },
    /// The object is fetched from its origin.
    Mirror(Mirror),
}

/// Another address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// Host; that of the request when missing.
    pub host: Option<Box<str>>,
    /// Scheme; that of the request when missing.
    pub scheme: Option<Scheme>,
    /// Key.
    pub key: KeyChange,
    /// Status, 301 when missing.
    pub status: Option<u16>,
    /// Whether the query goes with it; it does not when missing.
    pub pass_query: Option<bool>,
    /// Whether the address is that of a network that delivers contents.
    pub cdn: bool,
}

/// How a key is made of the one that was asked for; nothing said leaves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// All of it; `${key}` in it stands for the one that was asked for.
    pub whole: Option<Box<str>>,
    /// What it begins with, and what stands there instead.
    pub prefix: Option<(Box<str>, Box<str>)>,
    /// What is put in front.
    pub before: Box<str>,
    /// What is put behind.
    pub behind: Box<str>,
}

/// Where objects are fetched that a bucket does not have, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
pub struct Mirror {
    /// URLs that the key is put behind, tried in order.
    pub origins: Vec<Box<str>>,
    /// Those tried when the ones before cannot be reached or fail.
    pub spares: Vec<Box<str>>,
    /// Where other servers look whether the origin is well; here it is the origin that is asked.
    pub probe: Option<Box<str>>,
    /// The key there.
    pub key: KeyChange,
    /// Whether the query of the request goes there.
    pub pass_query: bool,
    /// Whether redirects of the origin are followed.
    pub follow: bool,
    /// Whether the digest that the origin tells is checked.
    pub check_md5: bool,
    /// Headers of the request that go there.
    pub headers: PassedHeaders,
    /// Headers of the origin that become user metadata, and the names they have there.
    pub metadata: Vec<(Box<str>, Box<str>)>,
    /// Whether the client is sent to the origin, too, instead of being shown what was fetched.
    pub redirects: bool,
    /// Whether the object is fetched where the client is sent on.
    pub fetches_redirected: bool,
    /// Whether that goes also for requests with a query.
    pub fetches_queries: bool,
    /// Whether its author says that the origin stays where it is, as it does here; told again.
    pub fixed: bool,
}

/// Headers of a request that an origin is shown. Credentials, conditions, ranges and what is about one
/// connection never are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedHeaders {
    /// All of them.
    pub all: bool,
    /// These.
    pub pass: Vec<Box<str>>,
    /// Not these.
    pub remove: Vec<Box<str>>,
    /// These, with these values.
    pub set: Vec<(Box<str>, Box<str>)>,
}

/// An origin that stands in for missing objects, apart from any website.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorRule {
    /// What it is known by.
    pub id: Box<str>,
    /// Which requests.
    pub when: When,
    /// Where from.
    pub mirror: Mirror,
}

/// All that a bucket does beside showing its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The website.
    pub website: Website,
    /// Origins, asked after the rules of the website.
    pub mirrors: Vec<MirrorRule>,
}
