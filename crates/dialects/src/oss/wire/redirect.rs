//! The part of a website's rule that says what becomes of a request.

use cohong_core::model::{KeyChange, Mirror, PassedHeaders, Redirect, Then, When};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::common::wire::website::{said, scheme_said, scheme_word};
use crate::common::xml::Flag;
use crate::gate::fault::Fault;

/// What becomes of a request, as a rule says it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RedirectBody {
    redirect_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass_query_string: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_redirect_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replace_key_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replace_key_prefix_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_replace_prefix: Option<Flag>,
    #[serde(rename = "MirrorURL", skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(rename = "MirrorURLSlave", skip_serializing_if = "Option::is_none")]
    slave: Option<String>,
    #[serde(rename = "MirrorURLProbe", skip_serializing_if = "Option::is_none")]
    probe: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_pass_query_string: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_follow_redirect: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_check_md5: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_allow_head_object: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mirror_headers: Option<HeadersBody>,
    // Always so, whether it is asked for or not: names are told in TLS, and keys go to the origin as they are.
    #[serde(rename = "MirrorSNI", skip_serializing_if = "Option::is_none")]
    tells_name: Option<Flag>,
    #[serde(
        rename = "MirrorPassOriginalSlashes",
        skip_serializing_if = "Option::is_none"
    )]
    keeps_slashes: Option<Flag>,
    // What the vendor does at origins and this server does not: refused where it is asked for.
    #[serde(skip_serializing)]
    mirror_using_role: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_is_express_tunnel: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_proxy_pass: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_save_oss_meta: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_user_last_modified: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_auth: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    mirror_taggings: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    mirror_return_headers: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    mirror_multi_alternates: Option<IgnoredAny>,
    #[serde(skip_serializing)]
    transparent_mirror_response_codes: Option<String>,
    #[serde(skip_serializing)]
    mirror_switch_all_errors: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_allow_video_snapshot: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_allow_get_image_info: Option<Flag>,
    #[serde(skip_serializing)]
    mirror_async_status: Option<String>,
    #[serde(skip_serializing)]
    mirror_role: Option<String>,
    #[serde(skip_serializing)]
    mirror_dst_region: Option<String>,
    #[serde(skip_serializing)]
    mirror_dst_vpc_id: Option<String>,
    #[serde(skip_serializing)]
    mirror_dst_slave_vpc_id: Option<String>,
    #[serde(skip_serializing)]
    mirror_tunnel_id: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HeadersBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pass_all: Option<Flag>,
    pass: Vec<String>,
    remove: Vec<String>,
    set: Vec<SetBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetBody {
    key: String,
    #[serde(default)]
    value: String,
}

impl RedirectBody {
    pub(super) fn read(mut self, when: &mut When) -> Result<Then, Fault> {
        let enabled = self.enable_replace_prefix.map(|Flag(on)| on);
        let given = self
            .replace_key_prefix_with
            .take()
            .filter(|_| enabled != Some(false));
        let replaced = given.or_else(|| (enabled == Some(true)).then(String::new));
        let from = when.prefix.clone().unwrap_or_default();
        let key = KeyChange {
            whole: said(self.replace_key_with.take()),
            prefix: replaced.map(|to| (from, to.into())),
            ..KeyChange::default()
        };
        let pass_query = self.pass_query_string.map(|Flag(on)| on);
        let word = std::mem::take(&mut self.redirect_type);
        Ok(match word.as_str() {
            "Mirror" => Then::Mirror(self.origin(when, key)?),
            "Internal" => Then::Inside { key, pass_query },
            "External" | "AliCDN" => Then::Redirect(Redirect {
                host: said(self.host_name),
                scheme: scheme_said(self.protocol)?,
                key,
                status: self.http_redirect_code,
                pass_query,
                cdn: word == "AliCDN",
            }),
            _ => {
                let why = "RedirectType is Mirror, External, Internal or AliCDN";
                return Err(Fault::argument("RedirectType", &word, why));
            }
        })
    }

    pub(super) fn new(when: &When, then: &Then) -> Self {
        match then {
            Then::Redirect(redirect) => Self {
                redirect_type: if redirect.cdn { "AliCDN" } else { "External" }.into(),
                pass_query_string: redirect.pass_query.map(Flag),
                protocol: redirect.scheme.map(|scheme| scheme_word(scheme).to_owned()),
                host_name: redirect.host.as_ref().map(ToString::to_string),
                http_redirect_code: redirect.status,
                ..Self::of_key(&redirect.key)
            },
            Then::Inside { key, pass_query } => Self {
                redirect_type: "Internal".into(),
                pass_query_string: pass_query.map(Flag),
                ..Self::of_key(key)
            },
            Then::Mirror(mirror) => Self::of_origin(when, mirror),
        }
    }

    fn of_key(key: &KeyChange) -> Self {
        Self {
            replace_key_with: key.whole.as_ref().map(ToString::to_string),
            replace_key_prefix_with: key.prefix.as_ref().map(|(_, to)| to.to_string()),
            enable_replace_prefix: Some(Flag(key.prefix.is_some())),
            ..Self::default()
        }
    }

    /// The name of what is asked for at an origin and not served.
    fn unserved(&self) -> Option<&'static str> {
        let on = |flag: Option<Flag>| flag.is_some_and(|Flag(on)| on);
        let named = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let asked = [
            ("MirrorUsingRole", on(self.mirror_using_role)),
            ("MirrorIsExpressTunnel", on(self.mirror_is_express_tunnel)),
            ("MirrorProxyPass", on(self.mirror_proxy_pass)),
            ("MirrorSaveOssMeta", on(self.mirror_save_oss_meta)),
            ("MirrorUserLastModified", on(self.mirror_user_last_modified)),
            ("MirrorAuth", self.mirror_auth.is_some()),
            ("MirrorTaggings", self.mirror_taggings.is_some()),
            ("MirrorReturnHeaders", self.mirror_return_headers.is_some()),
            (
                "MirrorMultiAlternates",
                self.mirror_multi_alternates.is_some(),
            ),
            (
                "TransparentMirrorResponseCodes",
                named(&self.transparent_mirror_response_codes),
            ),
            ("MirrorSwitchAllErrors", on(self.mirror_switch_all_errors)),
            (
                "MirrorAllowVideoSnapshot",
                on(self.mirror_allow_video_snapshot),
            ),
            (
                "MirrorAllowGetImageInfo",
                on(self.mirror_allow_get_image_info),
            ),
            ("MirrorAsyncStatus", named(&self.mirror_async_status)),
            ("MirrorRole", named(&self.mirror_role)),
            ("MirrorDstRegion", named(&self.mirror_dst_region)),
            ("MirrorDstVpcId", named(&self.mirror_dst_vpc_id)),
            ("MirrorDstSlaveVpcId", named(&self.mirror_dst_slave_vpc_id)),
            ("MirrorTunnelId", named(&self.mirror_tunnel_id)),
        ];
        let mut asked = asked.into_iter().filter(|(_, asked)| *asked);
        asked.next().map(|(name, _)| name)
    }

    /// The origin; `when` learns for which methods it is asked.
    fn origin(self, when: &mut When, key: KeyChange) -> Result<Mirror, Fault> {
        if let Some(name) = self.unserved() {
            return Err(Fault::NotServed(name.into()));
        }
        let on = |flag: Option<Flag>| flag.is_some_and(|Flag(on)| on);
        let url = self.url.unwrap_or_default();
        if !url.ends_with('/') {
            let why = "MirrorURL is an http or https URL that ends with a slash";
            return Err(Fault::argument("MirrorURL", &url, why));
        }
        if on(self.mirror_allow_head_object) {
            when.methods = vec!["GET".into(), "HEAD".into()];
        }
        Ok(Mirror {
            origins: vec![url.into()],
            spares: said(self.slave).into_iter().collect(),
            probe: said(self.probe),
            key,
            pass_query: on(self.mirror_pass_query_string),
            follow: self.mirror_follow_redirect.is_none_or(|Flag(on)| on),
            check_md5: on(self.mirror_check_md5),
            headers: self
                .mirror_headers
                .map(HeadersBody::read)
                .unwrap_or_default(),
            ..Mirror::default()
        })
    }

    fn of_origin(when: &When, mirror: &Mirror) -> Self {
        let first = |urls: &[Box<str>]| urls.first().map(ToString::to_string);
        let heads = when.methods.iter().any(|method| &**method == "HEAD");
        let headers = &mirror.headers;
        Self {
            redirect_type: "Mirror".into(),
            // The vendor tells it of mirrors, too.
            pass_query_string: Some(Flag(mirror.pass_query)),
            url: first(&mirror.origins),
            slave: first(&mirror.spares),
            probe: mirror.probe.as_ref().map(ToString::to_string),
            mirror_pass_query_string: Some(Flag(mirror.pass_query)),
            mirror_follow_redirect: Some(Flag(mirror.follow)),
            mirror_check_md5: Some(Flag(mirror.check_md5)),
            mirror_allow_head_object: heads.then_some(Flag(true)),
            mirror_headers: (*headers != PassedHeaders::default())
                .then(|| HeadersBody::new(headers)),
            tells_name: Some(Flag(true)),
            keeps_slashes: Some(Flag(true)),
            ..Self::of_key(&mirror.key)
        }
    }
}

impl HeadersBody {
    fn read(self) -> PassedHeaders {
        let texts = |all: Vec<String>| all.into_iter().map(Into::into).collect();
        let pair = |set: SetBody| (set.key.into(), set.value.into());
        PassedHeaders {
            all: self.pass_all.is_some_and(|Flag(all)| all),
            pass: texts(self.pass),
            remove: texts(self.remove),
            set: self.set.into_iter().map(pair).collect(),
        }
    }

    fn new(headers: &PassedHeaders) -> Self {
        let texts = |all: &[Box<str>]| all.iter().map(ToString::to_string).collect();
        let set = |(key, value): &(Box<str>, Box<str>)| SetBody {
            key: key.to_string(),
            value: value.to_string(),
        };
        Self {
            pass_all: Some(Flag(headers.all)),
            pass: texts(&headers.pass),
            remove: texts(&headers.remove),
            set: headers.set.iter().map(set).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::xml;

    #[test]
    fn what_is_not_done_at_origins_is_refused() {
        let cases = [
            ("", true),
            ("<MirrorSNI>true</MirrorSNI>", true),
            (
                "<MirrorPassOriginalSlashes>true</MirrorPassOriginalSlashes>",
                true,
            ),
            ("<MirrorSwitchAllErrors>false</MirrorSwitchAllErrors>", true),
            ("<MirrorSwitchAllErrors>true</MirrorSwitchAllErrors>", false),
            (
                "<MirrorAllowVideoSnapshot>true</MirrorAllowVideoSnapshot>",
                false,
            ),
            (
                "<MirrorAllowGetImageInfo>true</MirrorAllowGetImageInfo>",
                false,
            ),
            ("<MirrorAsyncStatus>303</MirrorAsyncStatus>", false),
            ("<MirrorRole></MirrorRole>", true),
            ("<MirrorRole>role</MirrorRole>", false),
            ("<MirrorDstRegion>cn-hangzhou</MirrorDstRegion>", false),
            ("<MirrorDstVpcId>vpc</MirrorDstVpcId>", false),
            ("<MirrorDstSlaveVpcId>vpc</MirrorDstSlaveVpcId>", false),
            ("<MirrorTunnelId>tunnel</MirrorTunnelId>", false),
        ];
        for (element, served) in cases {
            let text = format!(
                "<Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://o.example/</MirrorURL>{element}</Redirect>"
            );
            let body: RedirectBody = xml::read(text.as_bytes(), "Redirect").expect("a body");
            let read = body.read(&mut When::default());
            let refused = matches!(read, Err(Fault::NotServed(_)));
            assert_eq!((read.is_ok(), refused), (served, !served), "{element}");
        }
    }
}
