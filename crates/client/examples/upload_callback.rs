//! Uploads a file and has an application called: `upload_callback tos|oss ENDPOINT ACCESS_KEY SECRET BUCKET FILE URL`.
//! Prints what the application answered.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use cohong_client::callback::{Body, Callback, Variable};
use cohong_client::tos::{self, Stored};
use cohong_client::{oss, tos::blocking::TosClient};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let stored = upload(&words)?;
    let answer = stored.callback_result.unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer);
    writeln!(std::io::stdout(), "{} {answer}", stored.etag)?;
    Ok(())
}

/// Uploads the file under its own name.
pub(crate) fn upload(words: &[&str]) -> Result<Stored, Box<dyn Error>> {
    let &[vendor, endpoint, access_key, secret, bucket, file, url] = words else {
        return Err(
            "usage: upload_callback tos|oss ENDPOINT ACCESS_KEY SECRET BUCKET FILE URL".into(),
        );
    };
    let path = Path::new(file);
    let name = path.file_name().and_then(|name| name.to_str());
    let key = name.ok_or("a file has a name")?;
    let body = Body::json()
        .with("bucket", Variable::Bucket)
        .with("object", Variable::Object)
        .with("size", Variable::Size)
        .with("from", Variable::custom("x:from"));
    let done = match vendor {
        "tos" => {
            let order = Callback::tos(url, body).var("x:from", "example").build()?;
            let client = TosClient::new(access_key, secret, endpoint, "cn-beijing")?;
            client.put_object_from_file(bucket, key, path, &order.into())
        }
        "oss" => {
            let order = Callback::oss(url, body).var("x:from", "example").build()?;
            let region = "cn-hangzhou";
            let bucket = oss::blocking::Bucket::new(access_key, secret, endpoint, region, bucket)?;
            bucket.put_object_from_file(key, path, &order.into())
        }
        other => return Err(format!("{other} is neither tos nor oss").into()),
    };
    if let Err(tos::Error::Callback(error)) = &done {
        eprintln!("the object is there, with the etag {}", error.etag);
    }
    Ok(done?)
}
