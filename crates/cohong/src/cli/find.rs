//! Which server a command means.

use std::path::PathBuf;

use super::args::Common;
use super::failure::Failure;

/// The data folder of commands that name none.
const DATA: &str = "cohong-data";
/// The admin address of a key that comes without one.
const ADMIN: &str = "127.0.0.1:9001";

/// A way to a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The socket in a data folder.
    Folder(PathBuf),
    /// An address and a root key.
    Address { authority: String, key: String },
}

/// The folder a command means.
pub(super) fn folder(common: &Common) -> PathBuf {
    common.data.clone().unwrap_or_else(|| DATA.into())
}

/// A key leads to an address; else the folder leads to its socket.
pub(super) fn server(common: &Common) -> Result<Place, Failure> {
    match (&common.admin, &common.key, &common.data) {
        (Some(admin), Some(key), _) => address(admin, key),
        (None, Some(key), None) => address(ADMIN, key),
        (Some(admin), None, None) => Err(Failure::usage(format!(
            "a root key is needed to reach the server at {admin}"
        ))
        .hint("add --key ACCESS:SECRET, or name its folder on this machine with --data DIR")),
        (_, _, Some(_)) | (None, None, None) => Ok(Place::Folder(folder(common))),
    }
}

fn address(admin: &str, key: &str) -> Result<Place, Failure> {
    if !key.contains(':') {
        return Err(Failure::usage(
            "--key is ACCESS:SECRET, with a colon between them",
        ));
    }
    if admin.starts_with("https://") {
        return Err(Failure::usage("the admin address does not speak TLS")
            .hint("use http://, over a tunnel when the network is not yours"));
    }
    let authority = admin
        .strip_prefix("http://")
        .unwrap_or(admin)
        .trim_end_matches('/');
    let parsed: Result<http::uri::Authority, _> = authority.parse();
    if !parsed.is_ok_and(|authority| authority.port_u16().is_some()) {
        return Err(Failure::usage(format!("{admin:?} is not an admin address"))
            .hint("write --admin HOST:PORT or --admin http://HOST:PORT"));
    }
    Ok(Place::Address {
        authority: authority.into(),
        key: key.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(data: Option<&str>, admin: Option<&str>, key: Option<&str>) -> Common {
        Common {
            data: data.map(PathBuf::from),
            admin: admin.map(ToOwned::to_owned),
            key: key.map(ToOwned::to_owned),
            json: false,
        }
    }

    #[test]
    fn a_key_leads_to_an_address_and_a_folder_to_its_socket() {
        let folder = |path: &str| Place::Folder(path.into());
        let address = |authority: &str| Place::Address {
            authority: authority.into(),
            key: "AK:SK".into(),
        };
        let key = Some("AK:SK");
        let cases = [
            (common(None, None, None), folder("cohong-data")),
            (common(Some("d"), None, None), folder("d")),
            (common(Some("d"), Some("h:1"), None), folder("d")),
            (common(Some("d"), None, key), folder("d")),
            (common(None, None, key), address("127.0.0.1:9001")),
            (common(None, Some("h:1"), key), address("h:1")),
            (common(None, Some("http://h:1/"), key), address("h:1")),
            (common(None, Some("[::1]:9001"), key), address("[::1]:9001")),
            (common(Some("d"), Some("h:1"), key), address("h:1")),
        ];
        for (n, (given, expected)) in cases.into_iter().enumerate() {
            assert_eq!(server(&given).expect("a place"), expected, "case {n}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_wrong_usage() {
        let cases = [
            common(None, Some("h:1"), None),
            common(None, Some("h:1"), Some("AK")),
            common(None, Some("https://h:1"), Some("AK:SK")),
            common(None, Some("h"), Some("AK:SK")),
            common(None, Some("h:1/x"), Some("AK:SK")),
        ];
        for (n, given) in cases.into_iter().enumerate() {
            assert_eq!(server(&given).expect_err("nowhere").code, 2, "case {n}");
        }
    }
}
