//! One lie for every check of the tour, and the check that must catch it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::demo::Step;

/// Who lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// The server to its client.
    Server,
    /// The server on its admin address.
    Admin,
    /// What reaches the application.
    Application,
    /// What reaches the function.
    Function,
    /// A command of the binary.
    Command,
}

/// How it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Not at all.
    Pass,
    /// Answers 200 and does nothing.
    Swallow,
    /// Another status.
    Status(u16),
    /// Another header in the answer.
    Header(&'static str, &'static str),
    /// Another text in the answer.
    Body(&'static str, &'static str),
    /// Another text in the request.
    SentBody(&'static str, &'static str),
    /// A header less in the request.
    SentHeader(&'static str),
    /// More in the file that a command with these words has written: the last of them.
    File,
}

#[derive(Debug)]
pub(crate) struct Lie {
    pub(crate) step: Step,
    pub(crate) at: At,
    /// Method and target, or the words of a command; a star at the end stands for anything.
    pub(crate) when: &'static str,
    pub(crate) act: Act,
    pub(crate) caught: &'static str,
}

const fn lie(step: Step, at: At, when: &'static str, act: Act, caught: &'static str) -> Lie {
    Lie {
        step,
        at,
        when,
        act,
        caught,
    }
}

const REFUSED: Act = Act::Status(500);
const NEVER: Act = Act::Body("\"settled\":true", "\"settled\":false");
const SETTLED: &str = "`cohong events wait`: everything is delivered";

#[rustfmt::skip]
pub(crate) const LIES: &[Lie] = &[
    lie(Step::Start, At::Admin, "GET /readyz", REFUSED, "GET /readyz on the admin address"),
    lie(Step::Start, At::Command, "doctor", Act::Body("\"healthy\":true", "\"healthy\":false"), "`cohong doctor`: nothing is wrong"),
    lie(Step::Objects, At::Server, "PUT /", REFUSED, "PUT bucket"),
    lie(Step::Objects, At::Server, "PUT /hello.txt", REFUSED, "PUT hello.txt"),
    lie(Step::Objects, At::Server, "GET /hello.txt", Act::Body("hello", "hullo"), "GET hello.txt"),
    lie(Step::Objects, At::Server, "GET /hello.txt", Act::Header("etag", "\"0\""), "its ETag is the MD5 of the text"),
    lie(Step::Versions, At::Server, "PUT /?versioning=", REFUSED, "PUT ?versioning"),
    lie(Step::Versions, At::Server, "PUT /contract.txt", Act::Header("x-tos-version-id", "1"), "both have a version of their own"),
    lie(Step::Versions, At::Server, "GET /contract.txt", Act::Body("second", "first"), "GET contract.txt"),
    lie(Step::Versions, At::Server, "GET /contract.txt?versionId=*", Act::Body("first", "second"), "GET contract.txt?versionId of the first"),
    lie(Step::Callback, At::Server, "PUT /cat.jpg", Act::Swallow, "the application was called at"),
    lie(Step::Callback, At::Application, "POST /uploaded", Act::SentBody("cat", "dog"), "with the body"),
    lie(Step::Callback, At::Server, "PUT /cat.jpg", Act::Status(203), "status of the upload"),
    lie(Step::Callback, At::Application, "POST /uploaded", Act::Body("4711", "1"), "the uploader gets the application's own answer"),
    lie(Step::FailingCallback, At::Server, "PUT /dog.jpg", Act::Swallow, "calls that failed"),
    lie(Step::FailingCallback, At::Application, "POST /uploaded", Act::Status(200), "status of the upload"),
    lie(Step::FailingCallback, At::Server, "PUT /dog.jpg", Act::Body("CallbackFailed", "InternalError"), "its code"),
    lie(Step::FailingCallback, At::Server, "GET /dog.jpg", Act::Body("dog", "cat"), "GET dog.jpg"),
    lie(Step::Events, At::Command, "function add*", Act::Body("/run", "/other"), "`cohong function add`, its URL"),
    lie(Step::Events, At::Server, "PUT /?notification=", REFUSED, "PUT ?notification, a rule that names the function"),
    lie(Step::Events, At::Server, "PUT /orders/1.json", REFUSED, "PUT orders/1.json"),
    lie(Step::Events, At::Server, "DELETE /orders/1.json", REFUSED, "DELETE orders/1.json"),
    lie(Step::Events, At::Function, "POST /run", Act::SentBody("Removed:Delete", "Created:Put"), "the function was told, in this order"),
    lie(Step::Events, At::Function, "POST /run", Act::SentBody("orders/1", "orders/2"), "the key in the event"),
    lie(Step::Events, At::Function, "POST /run", Act::SentHeader("ce-id"), "it has an id, by which a function knows repetitions"),
    lie(Step::Outage, At::Server, "PUT /log.txt", REFUSED, "PUT log.txt"),
    lie(Step::Outage, At::Server, "PUT /log.txt", Act::Swallow, "the function was tried"),
    lie(Step::Outage, At::Command, "events wait*", Act::Body("\"settled\":false", "\"settled\":true"), "`cohong events wait`: not everything is delivered"),
    lie(Step::Outage, At::Command, "events wait*", Act::Body("\"owed\":3", "\"owed\":2"), "events owed"),
    lie(Step::Outage, At::Function, "POST /run", Act::SentBody("\"size\":2", "\"size\":9"), "sizes in the order the function was told"),
    lie(Step::Outage, At::Command, "events wait*", NEVER, SETTLED),
    lie(Step::Multipart, At::Server, "POST /film.mp4?uploads=", Act::Body("UploadId", "Nothing"), "POST ?uploads"),
    lie(Step::Multipart, At::Server, "PUT /film.mp4?partNumber=*", REFUSED, "PUT of a part"),
    lie(Step::Multipart, At::Server, "GET /film.mp4", Act::Status(200), "GET before it is completed"),
    lie(Step::Multipart, At::Server, "POST /film.mp4?uploadId=*", REFUSED, "POST ?uploadId, no list of parts"),
    lie(Step::Multipart, At::Server, "GET /film.mp4", Act::Body("athe end", "a"), "bytes of the object"),
    lie(Step::Multipart, At::Server, "GET /film.mp4", Act::Body("athe end", "the enda"), "its parts are in order"),
    lie(Step::Refusals, At::Server, "PUT /x", Act::Status(200), "status of the forged request"),
    lie(Step::Refusals, At::Server, "PUT /x", Act::Body("SignatureDoesNotMatch", "AccessDenied"), "code of the forged request"),
    lie(Step::Refusals, At::Server, "PUT /y", Act::Status(203), "status of the upload with that order"),
    lie(Step::Refusals, At::Server, "PUT /y", Act::Body("InvalidArgument", "CallbackFailed"), "code of the upload with that order"),
    lie(Step::Refusals, At::Server, "GET /y", Act::Status(200), "GET y: nothing was stored"),
    lie(Step::Crash, At::Server, "PUT /payment.json", REFUSED, "PUT payment.json is acknowledged"),
    lie(Step::Crash, At::Function, "POST /run", Act::Swallow, "the function was tried"),
    lie(Step::Crash, At::Server, "GET /payment.json", Act::Body("paid", "lost"), "GET payment.json"),
    lie(Step::Crash, At::Function, "POST /run", Act::SentBody("payment", "nothing"), "the function was told about"),
    lie(Step::Trace, At::Server, "PUT /song.mp3", REFUSED, "PUT song.mp3"),
    lie(Step::Trace, At::Command, "events wait*", NEVER, SETTLED),
    lie(Step::Trace, At::Command, "trace*", Act::Body("8 bytes", "9 bytes"), "what was stored"),
    lie(Step::Trace, At::Command, "trace*", Act::Body("callback: accepted", "callback: failed"), "its callback"),
    lie(Step::Trace, At::Command, "trace*", Act::Body("delivered", "waiting"), "its event"),
    lie(Step::Sync, At::Command, "sync create*", Act::Body("running", "stopped"), "`cohong sync create`, its state"),
    lie(Step::Sync, At::Server, "PUT /album/sunset.jpg", REFUSED, "PUT album/sunset.jpg"),
    lie(Step::Sync, At::Command, "events wait*", NEVER, SETTLED),
    lie(Step::Sync, At::Command, "sync wait*", Act::Body("\"waiting\":0", "\"waiting\":1"), "`cohong sync wait`, keys that wait"),
    lie(Step::Sync, At::Command, "sync wait*", Act::Body("\"failure\":0", "\"failure\":1"), "keys that failed"),
    lie(Step::Sync, At::Server, "GET /album/sunset.jpg", Act::Body("golden", "gilded"), "GET album/sunset.jpg from the other bucket"),
    lie(Step::Sync, At::Command, "trace*", Act::Body("copied", "waits"), "what the upload caused"),
    lie(Step::Sync, At::Server, "DELETE /album/sunset.jpg", REFUSED, "DELETE album/sunset.jpg"),
    lie(Step::Sync, At::Server, "GET /album/sunset.jpg", Act::Status(200), "GET from the other bucket, once it was deleted"),
    lie(Step::Archive, At::Command, "vault create*", Act::Body("demo-vault", "another"), "`cohong vault create`, its name"),
    lie(Step::Archive, At::Command, "archive ls*", Act::Body("\"archive\":\"", "\"archive\":\"X"), "the archive in the vault's inventory"),
    lie(Step::Archive, At::Command, "archive ls*", Act::Body("monday", "tuesday"), "what it is called"),
    lie(Step::Archive, At::Command, "archive get*", Act::Body("\"bytes\":14", "\"bytes\":15"), "`cohong archive get`, bytes"),
    lie(Step::Archive, At::Command, "job show*", Act::Body("Succeeded", "Failed"), "status of the job"),
    lie(Step::Archive, At::Command, "archive get*", Act::File, "the file that came back"),
];

/// A program that is the binary, but for one command whose output it changes.
pub(crate) fn liar(folder: &Path, binary: &Path, lie: &Lie) -> PathBuf {
    let act = match lie.act {
        Act::Body(from, to) => format!("| sed 's|{from}|{to}|g'"),
        // The file stands in front of `--json`.
        Act::File => "&& { shift $(($# - 2)); printf more >> \"$1\"; }".to_owned(),
        _ => unreachable!("a command lies in what it says and writes"),
    };
    let binary = binary.display();
    let (when, star) = match lie.when.strip_suffix('*') {
        Some(when) => (when, "*"),
        None => (lie.when, ""),
    };
    // The words of a command stand between `--data DIR` and `--json`.
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n\
         *' {when}'{star}*) \"{binary}\" \"$@\" {act} ;;\n\
         *) exec \"{binary}\" \"$@\" ;;\nesac\n",
    );
    let program = folder.join("liar");
    std::fs::write(&program, script).expect("written");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&program, mode).expect("executable");
    program
}
