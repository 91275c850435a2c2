//! `cohong check`: what the configuration means, without a server.

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{Common, Serve};
use super::failure::Failure;
use super::output::Output;
use super::serve::with_causes;
use crate::serve::config::{Profile, Settings};
use crate::serve::{egress_entry, tls};

pub(super) fn run(common: Common, serve: Serve, output: Output) -> Result<ExitCode, Failure> {
    let settings = Settings::resolve(serve.written(common)).map_err(|wrong| with_causes(&wrong))?;
    for entry in &settings.allow {
        egress_entry(entry).map_err(|why| Failure::new(format!("egress.allow: {why}")))?;
    }
    let mut notes = Vec::new();
    if let Some(files) = settings.tls.as_ref().and_then(|tls| tls.files.as_ref()) {
        tls::load(files).map_err(|wrong| with_causes(&wrong))?;
        notes.extend(tls::exposed(files));
    }
    let policy = policy(settings.profile, &settings.allow);
    let shown = settings.shown();
    let answer = json!({ "valid": true, "settings": shown, "outbound": policy, "notes": notes });
    output.say(&answer, |_| words(&shown, &policy, &notes))?;
    Ok(ExitCode::SUCCESS)
}

/// The outbound policy in words.
fn policy(profile: Profile, allow: &[String]) -> Vec<String> {
    let inner = match profile {
        Profile::Dev => {
            "profile dev: callbacks and webhooks may name public addresses, this machine and private \
             networks"
        }
        Profile::Prod => {
            "profile prod: callbacks and webhooks may name public addresses only; functions that the \
             operator registers may be anywhere"
        }
    };
    let mut lines = vec![inner.to_owned()];
    if !allow.is_empty() {
        lines.push(format!(
            "allowed whatever the profile says: {}",
            allow.join(", ")
        ));
    }
    lines.push("metadata services of clouds and this server itself are never called".into());
    lines
}

fn words(shown: &Value, policy: &[String], notes: &[String]) -> String {
    let mut lines = Vec::new();
    flatten("", shown, &mut lines);
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::from("the configuration is valid\n\n");
    for (name, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:width$}  {value}");
    }
    text.push_str("\noutbound calls\n");
    for line in policy {
        let _ = writeln!(text, "  {line}");
    }
    for note in notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    text.trim_end().to_owned()
}

/// Settings by the names that a configuration file has for them.
fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&name, member, lines);
            }
        }
        Value::Null => lines.push((prefix.to_owned(), "(none)".into())),
        Value::String(text) => lines.push((prefix.to_owned(), text.clone())),
        other => lines.push((prefix.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_policy_are_shown_in_words() {
        let shown = json!({
            "listen": "127.0.0.1:9000",
            "egress": { "profile": "prod", "allow": ["10.0.0.0/8"] },
            "root": { "access_key": null },
        });
        let policy = policy(Profile::Prod, &["10.0.0.0/8".to_owned()]);
        let notes = ["something to know".to_owned()];
        insta::assert_snapshot!(words(&shown, &policy, &notes), @r#"
        the configuration is valid

        egress.allow     ["10.0.0.0/8"]
        egress.profile   prod
        listen           127.0.0.1:9000
        root.access_key  (none)

        outbound calls
          profile prod: callbacks and webhooks may name public addresses only; functions that the operator registers may be anywhere
          allowed whatever the profile says: 10.0.0.0/8
          metadata services of clouds and this server itself are never called

        note: something to know
        "#);
    }
}
