//! Stores a file in a vault and brings it back: `backup ENDPOINT ACCESS_KEY SECRET FILE`. What was interrupted goes on
//! when it is started again.

use std::error::Error;
use std::path::Path;

use cohong_client::oas::blocking::{Api, Vault};
use cohong_client::oas::{NORMAL_UPLOAD_THRESHOLD_BYTES, ToFile};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, access_key, secret, file] = &words[..] else {
        return Err("usage: backup ENDPOINT ACCESS_KEY SECRET FILE".into());
    };
    backup(endpoint, access_key, secret, Path::new(file))
}

/// Stores the file, then reads it back beside it, as `FILE.restored`.
pub(crate) fn backup(
    endpoint: &str,
    access_key: &str,
    secret: &str,
    file: &Path,
) -> Result<(), Box<dyn Error>> {
    let api = Api::new(endpoint, access_key, secret)?;
    let vault = Vault::create_vault(&api, "backups")?;
    let name = file.file_name().and_then(|name| name.to_str());

    let mut uploads = vault.list_all_multipart_uploads()?.into_iter();
    let begun = uploads.find(|upload| upload.description.as_deref() == name);
    let archive = match begun {
        Some(mut upload) => upload.resume(file)?,
        None if file.metadata()?.len() > NORMAL_UPLOAD_THRESHOLD_BYTES => {
            vault.initiate_uploader(file, name)?.start()?
        }
        None => vault.upload_archive(file, name)?,
    };

    let mut job = vault.retrieve_archive(&archive, name, None)?;
    let mut restored = file.as_os_str().to_owned();
    restored.push(".restored");
    job.download_to_file(Path::new(&restored), ToFile::default())?;
    Ok(())
}
