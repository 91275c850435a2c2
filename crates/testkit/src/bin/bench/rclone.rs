//! The distribution's rclone, the yardstick of what moves files and buckets.

use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY};
use tokio::process::Command;

/// rclone with these remotes, each a server and its name in capitals, and nothing of the machine's own configuration.
pub(crate) fn command(remotes: &[(&str, &Instance)]) -> Command {
    let mut command = Command::new("rclone");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || text.starts_with("RCLONE_") {
            command.env_remove(name);
        }
    }
    command.env("RCLONE_CONFIG", "/dev/null");
    for (remote, server) in remotes {
        let name = |member: &str| format!("RCLONE_CONFIG_{remote}_{member}");
        command
            .env(name("TYPE"), "s3")
            .env(name("PROVIDER"), "Other")
            .env(name("ENDPOINT"), format!("http://{}", server.listen()))
            .env(name("ACCESS_KEY_ID"), ACCESS_KEY)
            .env(name("SECRET_ACCESS_KEY"), SECRET_KEY);
    }
    command
}

/// Runs it to its end.
pub(crate) async fn done(command: &mut Command) -> Result<(), String> {
    let done = command.output().await;
    let done = done.map_err(|e| format!("rclone does not start ({e}); apt-get install rclone"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}
