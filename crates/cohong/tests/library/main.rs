//! The client library against the real binary, and the receiving side behind a real framework: what applications would
//! write with both.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod app;
mod oms;
mod orders;
mod oss;
mod receiving;
mod tos;

use std::path::Path;

use cohong_client::oss::Bucket;
use cohong_client::tos::TosClient;
use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY, Start};
use tempfile::TempDir;

/// The bucket of every test.
const BUCKET: &str = "bucket-test";

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

/// A server with a bucket.
struct World {
    folder: TempDir,
    server: Instance,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = Instance::start(binary(), &data, &Start::default()).await;
        let world = Self {
            folder,
            server: server.unwrap(),
        };
        world.tos().create_bucket(BUCKET).await.unwrap();
        world
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.server.listen())
    }

    fn tos(&self) -> TosClient {
        TosClient::new(ACCESS_KEY, SECRET_KEY, &self.endpoint(), "cn-beijing").unwrap()
    }

    fn oss(&self) -> Bucket {
        let region = "cn-hangzhou";
        Bucket::new(ACCESS_KEY, SECRET_KEY, &self.endpoint(), region, BUCKET).unwrap()
    }
}
