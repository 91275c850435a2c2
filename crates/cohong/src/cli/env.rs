//! `cohong env`: the variables with which programs that know nothing of this server come to it.

mod trust;

use std::path::Path;
use std::process::ExitCode;

use cohong_dialects::oms;
use serde_json::{Value, json};

use super::args::{self, Common};
use super::client::Client;
use super::failure::Failure;
use super::find::{self, Place};
use super::output::{Output, text};
use trust::Trust;

/// Hosts that are this machine.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Tokens of other keys, which would be sent with this server's, and a choice of other keys.
const UNSET: [&str; 6] = [
    "AWS_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "OSS_SESSION_TOKEN",
    "TOS_SECURITY_TOKEN",
];

pub(super) async fn run(
    order: &args::Env,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = find::server(common)?;
    let Place::Folder(folder) = &place else {
        return Err(
            Failure::usage("variables are for the machine of the server: files of its data folder are named in them")
                .hint("leave out --key and name the folder with --data DIR"),
        );
    };
    let folder = std::path::absolute(folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let answer = Client::new(place).post("/local", &json!({})).await?;
    let trust = Trust::write(&folder, &text(&answer, "certificate"))?;
    let before = |name: &str| std::env::var(name).ok();
    let set = variables(&answer, &folder, &trust, &order.direct, &before);
    let answer = json!({
        "set": set.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "unset": UNSET,
    });
    output.say(&answer, |_| shell(&set))?;
    Ok(ExitCode::SUCCESS)
}

type Variables = Vec<(String, String)>;

/// What is set; `before` gives what the shell has already.
fn variables(
    answer: &Value,
    folder: &Path,
    trust: &Trust,
    direct: &[String],
    before: &dyn Fn(&str) -> Option<String>,
) -> Variables {
    let (access, secret) = (text(answer, "access_key"), text(answer, "secret_key"));
    let listen = text(answer, "listen");
    let url = format!("http://{listen}");
    let region = |dialect: &str| text(&answer["regions"], dialect);
    let (tos, oss, s3) = (region("tos"), region("oss"), region("s3"));
    let mut set = Variables::new();
    let mut put = |names: &[&str], value: &str| {
        set.extend(
            names
                .iter()
                .map(|name| ((*name).to_owned(), value.to_owned())),
        );
    };
    put(&["COHONG_DATA"], &folder.display().to_string());
    put(&["COHONG_ENDPOINT"], &url);
    put(&["COHONG_KEY"], &format!("{access}:{secret}"));

    put(
        &["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"],
        &url,
    );
    // Node.js asks for its proxy variables only with this one.
    put(&["NODE_USE_ENV_PROXY"], "1");
    let kept = before("NO_PROXY").or_else(|| before("no_proxy"));
    put(
        &["NO_PROXY", "no_proxy"],
        &without_proxy(kept.as_deref(), direct),
    );
    let files = [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
    ];
    put(&files, &trust.bundle);
    put(&["NODE_EXTRA_CA_CERTS"], &trust.own);
    let kept = before("JAVA_TOOL_OPTIONS");
    put(
        &["JAVA_TOOL_OPTIONS"],
        &java(kept.as_deref(), &listen, &trust.java, direct),
    );

    put(
        &["TOS_ACCESS_KEY", "OSS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"],
        &access,
    );
    put(
        &[
            "TOS_SECRET_KEY",
            "OSS_ACCESS_KEY_SECRET",
            "AWS_SECRET_ACCESS_KEY",
        ],
        &secret,
    );
    put(&["CLOUD_SDK_AK", "HUAWEICLOUD_SDK_AK"], &access);
    put(&["CLOUD_SDK_SK", "HUAWEICLOUD_SDK_SK"], &secret);
    put(&["TOS_REGION"], &tos);
    put(&["TOS_ENDPOINT"], &format!("tos-{tos}.volces.com"));
    put(&["OSS_REGION"], &oss);
    put(
        &["OSS_ENDPOINT"],
        &format!("https://oss-{oss}.aliyuncs.com"),
    );
    put(&["AWS_REGION", "AWS_DEFAULT_REGION"], &s3);
    put(&["AWS_ENDPOINT_URL"], &url);
    // One of the SDKs knows no proxy, and believes in TLS only when it is asked who it is (OMS sheet section 1).
    put(
        &["HUAWEICLOUD_SDK_IAM_ENDPOINT"],
        &format!("https://{listen}"),
    );
    for region in oms::VENDOR_REGIONS {
        let region = region.to_ascii_uppercase().replace('-', "_");
        put(&[&format!("HUAWEICLOUD_SDK_REGION_OMS_{region}")], &url);
    }
    set
}

/// What goes around the proxy: this machine, what did before, what is asked for.
fn without_proxy(kept: Option<&str>, direct: &[String]) -> String {
    let kept = kept.unwrap_or_default().split(',').map(str::trim);
    let hosts = HERE
        .into_iter()
        .chain(kept)
        .chain(direct.iter().map(String::as_str));
    let mut all: Vec<&str> = Vec::new();
    for host in hosts.filter(|host| !host.is_empty()) {
        if !all.contains(&host) {
            all.push(host);
        }
    }
    all.join(",")
}

/// Options for every Java: those it has, without earlier ones of the same meaning, and ours.
fn java(kept: Option<&str>, listen: &str, store: &str, direct: &[String]) -> String {
    let (host, port) = listen.rsplit_once(':').unwrap_or((listen, "80"));
    let host = host.trim_matches(['[', ']']);
    let around = direct.iter().map(|host| match host.strip_prefix('.') {
        Some(domain) => format!("*.{domain}"),
        None => host.clone(),
    });
    let around: Vec<String> = ["localhost", "127.*", "[::1]"]
        .into_iter()
        .map(ToOwned::to_owned)
        .chain(around)
        .collect();
    let ours = [
        ("-Dhttp.proxyHost=", host.to_owned()),
        ("-Dhttp.proxyPort=", port.to_owned()),
        ("-Dhttps.proxyHost=", host.to_owned()),
        ("-Dhttps.proxyPort=", port.to_owned()),
        ("-Dhttp.nonProxyHosts=", around.join("|")),
        ("-Djavax.net.ssl.trustStore=", format!("\"{store}\"")),
        ("-Djavax.net.ssl.trustStoreType=", "JKS".to_owned()),
        (
            "-Djavax.net.ssl.trustStorePassword=",
            trust::PASSWORD.to_owned(),
        ),
    ];
    let replaced = |option: &&str| !ours.iter().any(|(name, _)| option.starts_with(name));
    let kept = kept.unwrap_or_default().split_whitespace().filter(replaced);
    let mut options: Vec<String> = kept.map(ToOwned::to_owned).collect();
    options.extend(ours.iter().map(|(name, value)| format!("{name}{value}")));
    options.join(" ")
}

/// Lines for a shell to evaluate.
fn shell(set: &Variables) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\'', r"'\''"));
    let exports = set
        .iter()
        .map(|(name, value)| format!("export {name}={}", quoted(value)));
    let unset = std::iter::once(format!("unset {}", UNSET.join(" ")));
    exports.chain(unset).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
