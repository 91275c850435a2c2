//! The example, run.

use crate::server::{self, Fault, Server};
use crate::{MIB, content, holds};

#[allow(dead_code, reason = "its main belongs to the command line")]
#[path = "../../examples/backup.rs"]
mod backup;

#[test]
fn a_backup_goes_there_and_back_also_after_an_interruption() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(Server::start());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    let run = || {
        backup::backup(
            &server.endpoint(),
            server::ACCESS_KEY,
            server::SECRET,
            &path,
        )
        .map_err(|error| error.to_string())
    };
    for bytes in [MIB, 64 * MIB + 1] {
        std::fs::write(&path, content(0, bytes)).expect("written");
        if bytes > MIB {
            let refused = Fault::Answer(403, "AccessDenied");
            server.fault(http::Method::PUT, "0-67108863", refused);
            run().expect_err("interrupted");
        }
        run().expect("there and back");
        assert!(holds(&folder.path().join("f.restored"), &content(0, bytes)));
    }
    assert_eq!(server.state().archives().len(), 2);
    assert_eq!(
        server.asked("POST /vaults/00000000000000000000000000000001/multipart-uploads"),
        2
    );
}
