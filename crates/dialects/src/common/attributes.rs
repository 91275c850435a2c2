//! What a new object carries, from headers or from the fields of a form.

use cohong_core::engine::Attributes;
use cohong_core::limits::GRANTS_MAX;
use cohong_core::model::{
    AccountId, Acl, Grant, Grantee, StorageClass, StoredHeaders, Tags, UserMeta,
};

use super::limits::{TAG_NAME_CHARS_MAX, TAG_VALUE_CHARS_MAX};
use super::vocabulary::{Groups, TagRules, Vocabulary};
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// Names the days after which an object is to be deleted.
const EXPIRES: &str = "object-expires";

impl Vocabulary {
    /// Everything a new object carries. `acl` is the name of the header of its access control list.
    pub(crate) fn attributes(&self, given: &Given<'_>, acl: &str) -> Result<Attributes, Fault> {
        self.refuse_unkept(given)?;
        Ok(Attributes {
            headers: stored_headers(given),
            user_meta: self.user_meta(given),
            tags: self.tags_given(given)?,
            class: self.class_given(given)?,
            acl: self.acl_given(given, acl)?.own(),
            expires_days: self.expiry_given(given)?,
            lock: self.lock_given(given)?,
        })
    }

    /// The days after which a new object is to be deleted, with vendors that ask for that.
    pub(crate) fn expiry_given(&self, given: &Given<'_>) -> Result<Option<u32>, Fault> {
        let Some(text) = given.own_text(EXPIRES).filter(|_| self.own_ends) else {
            return Ok(None);
        };
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let days = text.parse().ok().filter(|days| digits && *days > 0);
        days.map(Some)
            .ok_or_else(|| given.bad(EXPIRES, "this header is a number of days"))
    }

    /// An error when the request asks for something that would not be done.
    pub(crate) fn refuse_unkept(&self, given: &Given<'_>) -> Result<(), Fault> {
        let asked = self.refused.iter().find(|name| given.own(name).is_some());
        match asked {
            None => Ok(()),
            Some(name) => Err(Fault::NotServed(given.name(name).into())),
        }
    }

    /// User metadata.
    pub(crate) fn user_meta(&self, given: &Given<'_>) -> UserMeta {
        let pairs = given.family("meta-");
        pairs
            .map(|(name, value)| (name.into(), self.metadata.read(value)))
            .collect()
    }

    /// The storage class that is asked for.
    pub(crate) fn class_given(&self, given: &Given<'_>) -> Result<Option<StorageClass>, Fault> {
        let word = given.own("storage-class");
        word.map(|word| self.class(word)).transpose()
    }

    /// Tags as `k=v&k2=v2`, percent-encoded.
    pub(crate) fn tags_given(&self, given: &Given<'_>) -> Result<Tags, Fault> {
        let text = given.own("tagging");
        let tags = text.map(|text| self.tags_of(text, &given.name("tagging")));
        Ok(tags.transpose()?.unwrap_or_default())
    }

    /// Reads tags written as a query.
    pub(crate) fn tags_of(&self, text: &str, name: &str) -> Result<Tags, Fault> {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        self.tags.read(pairs.collect(), name)
    }

    /// Reads the headers of an access control list: a canned word under `name`, or grants.
    pub(crate) fn acl_given(&self, given: &Given<'_>, name: &str) -> Result<AclSaid, Fault> {
        let canned = given.own_text(name);
        let grants = self.grants_given(given)?;
        match (canned, grants.is_empty()) {
            (None, true) => Ok(AclSaid::Nothing),
            (Some(word), true) => {
                let list = self.canned_acl(&given.name(name), word)?;
                Ok(list.map_or(AclSaid::OfBucket, AclSaid::Own))
            }
            (None, false) if grants.len() <= GRANTS_MAX => Ok(AclSaid::Own(Acl { grants })),
            (None, false) => Err(given.bad(name, "there are more than 100 grants")),
            (Some(_), false) => {
                let (list, one) = (given.name(name), given.name("grant"));
                Err(given.bad(
                    name,
                    format!("give either {list} or {one} headers, not both"),
                ))
            }
        }
    }

    fn grants_given(&self, given: &Given<'_>) -> Result<Vec<Grant>, Fault> {
        let mut grants = Vec::new();
        for (name, permission) in self.grants {
            let Some(value) = given.own(name) else {
                continue;
            };
            let grantees = grantees(value, self.groups).ok_or_else(|| {
                let key = self.groups.key;
                let why = format!("a grant header is a list of id=\"...\" or {key}=\"...\"");
                given.bad(name, why)
            })?;
            grants.extend(grantees.into_iter().map(|grantee| Grant {
                grantee,
                permission: *permission,
            }));
        }
        Ok(grants)
    }
}

impl TagRules {
    /// Checks tags; `name` is where they stand.
    pub(crate) fn read(&self, tags: Vec<(String, String)>, name: &str) -> Result<Tags, Fault> {
        let bad = |why: String| {
            let (name, why) = (name.into(), why.into());
            Err(Fault::Tags { name, why })
        };
        if tags.len() > self.most {
            let (name, why) = (
                name.into(),
                format!("there are more than {} tags", self.most),
            );
            return Err(Fault::TooManyTags {
                name,
                why: why.into(),
            });
        }
        let mut names = std::collections::BTreeSet::new();
        for (name, value) in &tags {
            let chars = name.chars().count();
            if chars == 0
                || chars > TAG_NAME_CHARS_MAX
                || value.chars().count() > TAG_VALUE_CHARS_MAX
            {
                let why = "a tag has a name of 1 to 128 characters and a value of at most 256";
                return bad(why.into());
            }
            let fits =
                |c: char| c.is_alphanumeric() || self.marks.is_none_or(|marks| marks.contains(c));
            if let Some(c) = name.chars().chain(value.chars()).find(|c| !fits(*c)) {
                return bad(format!(
                    "the tag {name:?} holds {c:?}, which no tag may hold"
                ));
            }
            if let Some(front) = self.reserved.filter(|front| name.starts_with(front)) {
                return bad(format!("the name of a tag does not begin with {front:?}"));
            }
            if !names.insert(name.as_str()) {
                return bad(format!("the tag {name:?} stands twice"));
            }
        }
        let boxed = |(name, value): (String, String)| (name.into(), value.into());
        Ok(tags.into_iter().map(boxed).collect())
    }
}

/// What headers say of an access control list.
#[derive(Debug)]
pub(crate) enum AclSaid {
    /// Nothing.
    Nothing,
    /// The list of the bucket is to be in force.
    OfBucket,
    /// This list.
    Own(Acl),
}

impl AclSaid {
    /// The list of a new object; `None` leaves that of its bucket in force.
    pub(crate) fn own(self) -> Option<Acl> {
        match self {
            Self::Nothing | Self::OfBucket => None,
            Self::Own(acl) => Some(acl),
        }
    }
}

/// Headers given back with the object.
pub(crate) fn stored_headers(given: &Given<'_>) -> StoredHeaders {
    let boxed = |value: &str| (!value.is_empty()).then(|| value.into());
    let text = |name| given.get(name).and_then(boxed);
    StoredHeaders {
        content_type: text("content-type"),
        cache_control: text("cache-control"),
        content_disposition: text("content-disposition"),
        content_encoding: text("content-encoding"),
        content_language: text("content-language"),
        expires: text("expires"),
        website_redirect: given.own("website-redirect-location").and_then(boxed),
    }
}

/// Whom a canned grantee means.
pub(crate) fn canned_grantee(word: &str) -> Option<Grantee> {
    match word {
        "AllUsers" => Some(Grantee::AllUsers),
        "AuthenticatedUsers" => Some(Grantee::AuthenticatedUsers),
        _ => None,
    }
}

/// Reads the value of a grant header: `id="a",canned="AllUsers"`, quotes optional.
fn grantees(value: &str, groups: Groups) -> Option<Vec<Grantee>> {
    let grantee = |item: &str| {
        let (kind, name) = item.split_once('=')?;
        let name = name.trim().trim_matches('"');
        match kind.trim() {
            "id" if !name.is_empty() => Some(Grantee::Account(AccountId(name.into()))),
            key if key == groups.key => canned_grantee(name.strip_prefix(groups.front)?),
            _ => None,
        }
    };
    value.split(',').map(grantee).collect()
}

/// Reads a boolean: clients write Python's spelling too. `name` is where it stands.
pub(crate) fn boolean(name: &str, value: &str) -> Result<bool, Fault> {
    if value.eq_ignore_ascii_case("true") {
        return Ok(true);
    }
    if value.is_empty() || value.eq_ignore_ascii_case("false") {
        return Ok(false);
    }
    let why = format!("{name} is true or false");
    Err(Fault::argument(name.to_owned(), value, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_headers() {
        let canned = Groups {
            key: "canned",
            front: "",
        };
        let read = grantees("id=\"1\", canned=AllUsers", canned).expect("two grantees");
        assert_eq!(
            read,
            [Grantee::Account(AccountId("1".into())), Grantee::AllUsers]
        );
        for bad in ["", "1", "id=", "canned=Everybody", "email=a"] {
            assert!(grantees(bad, canned).is_none(), "{bad}");
        }
    }

    #[test]
    fn booleans_in_every_spelling() {
        for (text, wanted) in [
            ("True", true),
            ("true", true),
            ("False", false),
            ("", false),
        ] {
            assert_eq!(boolean("reverse", text).ok(), Some(wanted), "{text}");
        }
        assert!(boolean("reverse", "yes").is_err());
    }
}
