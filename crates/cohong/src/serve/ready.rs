//! What start-up says when the server is ready.

use std::path::PathBuf;

use cohong_core::engine::RootKey;

use super::config::Profile;
use super::listeners::Addresses;

/// How start-up speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// To people.
    Text,
    /// One JSON object on one line.
    Json,
}

/// Everything that start-up has to say.
#[derive(Debug)]
pub(crate) struct Ready {
    pub at: Addresses,
    pub root: RootKey,
    pub data: PathBuf,
    pub profile: Profile,
}

impl Ready {
    /// The text to print. The secret is in it only when it was made just now.
    pub(crate) fn text(&self, manner: Manner) -> String {
        match manner {
            Manner::Json => self.json(),
            Manner::Text => self.words(),
        }
    }

    fn json(&self) -> String {
        let mut object = serde_json::json!({
            "listen": self.at.data.to_string(),
            "admin": self.at.admin.to_string(),
            "access_key": self.root.access.0,
        });
        if let Some(tls) = self.at.tls {
            object["tls"] = tls.to_string().into();
        }
        if let Some(secret) = &self.root.secret {
            object["secret_key"] = secret.expose().into();
        }
        object.to_string()
    }

    fn words(&self) -> String {
        let access = &self.root.access.0;
        let secret = match &self.root.secret {
            Some(secret) => format!("{}   (shown only now: keep it)", secret.expose()),
            None => "as shown at the first start, or as configured".into(),
        };
        let given = self
            .root
            .secret
            .as_ref()
            .map_or("YOUR_SECRET_KEY", |secret| secret.expose());
        let calls = match self.profile {
            Profile::Dev => {
                "dev: callbacks and functions may be on this machine and private networks"
            }
            Profile::Prod => "prod: public addresses and those in egress.allow",
        };
        let tls = self.at.tls.map(|at| format!(", TLS on {at}"));
        format!(
            "cohong {version}\n\
             \n\
             data        {data}\n\
             access key  {access}\n\
             secret key  {secret}\n\
             outbound    {calls}\n\
             \n\
             TOS, from Python (pip install tos), without any DNS entry:\n\
             \n    import tos\n    \
             client = tos.TosClientV2({access:?}, {given:?},\n        \
             \"http://tos-cn-beijing.volces.com\", \"cn-beijing\",\n        \
             proxy_host={host:?}, proxy_port={port})\n    \
             client.create_bucket(\"my-bucket\")\n    \
             client.put_object(\"my-bucket\", \"hello.txt\", content=b\"hello\")\n\
             \n\
             programs with the vendors' names and https in them, unchanged: eval \"$(cohong env)\"\n\
             next: `cohong function add NAME URL`, `cohong events ls`, `cohong trace my-bucket/hello.txt`\n\
             \n\
             ready: listening on {listen}{tls}, admin on {admin}",
            version = env!("CARGO_PKG_VERSION"),
            data = self.data.display(),
            host = self.at.data.ip().to_string(),
            port = self.at.data.port(),
            listen = self.at.data,
            tls = tls.unwrap_or_default(),
            admin = self.at.admin,
        )
    }
}

/// Which process listens on a port, as far as this user may know: ` by NAME (pid N)`, or nothing.
pub(super) fn owner_of_port(port: u16) -> String {
    find_owner(port)
        .map(|owner| format!(" by {owner}"))
        .unwrap_or_default()
}

fn find_owner(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .find_map(|table| {
            let table = std::fs::read_to_string(table).ok()?;
            table
                .lines()
                .skip(1)
                .find_map(|line| listener_inode(line, port))
        })?;
    let wanted = format!("socket:[{inode}]");
    let is_process =
        |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        if !is_process(&process.file_name()) {
            continue;
        }
        let Ok(handles) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let holds = handles.flatten().any(|handle| {
            std::fs::read_link(handle.path()).is_ok_and(|link| link.as_os_str() == wanted.as_str())
        });
        if holds {
            let name = std::fs::read_to_string(process.path().join("comm")).ok()?;
            return Some(format!(
                "{} (pid {})",
                name.trim(),
                process.file_name().display()
            ));
        }
    }
    None
}

/// The inode of a line of the kernel's socket table when it listens on `port`.
fn listener_inode(line: &str, port: u16) -> Option<String> {
    let mut fields = line.split_whitespace();
    let local = fields.nth(1)?;
    let state = fields.nth(1)?;
    let (_, hex) = local.rsplit_once(':')?;
    let listens = state == "0A" && u16::from_str_radix(hex, 16).ok()? == port;
    listens
        .then(|| fields.nth(5).map(ToOwned::to_owned))
        .flatten()
}

#[cfg(test)]
mod tests {
    use cohong_core::model::AccessKeyId;

    use super::*;

    #[test]
    fn every_address_is_told() {
        let at = |port| ([127, 0, 0, 1], port).into();
        for (tls, words) in [
            (None, "listening on 127.0.0.1:1, admin on 127.0.0.1:3"),
            (
                Some(at(2)),
                "listening on 127.0.0.1:1, TLS on 127.0.0.1:2, admin on 127.0.0.1:3",
            ),
        ] {
            let ready = Ready {
                at: Addresses {
                    data: at(1),
                    tls,
                    admin: at(3),
                },
                root: RootKey {
                    access: AccessKeyId("AK".into()),
                    secret: None,
                },
                data: "d".into(),
                profile: Profile::Dev,
            };
            let text = ready.text(Manner::Text);
            assert_eq!(text.lines().last(), Some(&*format!("ready: {words}")));
            let json: serde_json::Value =
                serde_json::from_str(&ready.text(Manner::Json)).expect("JSON");
            let told = json.get("tls").and_then(serde_json::Value::as_str);
            assert_eq!(told, tls.map(|_| "127.0.0.1:2"));
        }
    }

    #[test]
    fn the_owner_of_a_port_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let owner = find_owner(port).expect("this process");
        assert!(
            owner.contains(&format!("pid {}", std::process::id())),
            "{owner}"
        );
    }
}
