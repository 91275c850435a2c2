//! Clients of a vault, and what they know. A request that is cut off has an unknown fate; any other answer than
//! the one expected is a failure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cohong_core::rules::tree::{Leaves, combine, leaf};
use cohong_testkit::client::{Answer, Ask, Client, Tongue};
use cohong_testkit::instance::Instance;
use cohong_testkit::seed::Seed;
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// Where objects are pulled from and pushed to.
pub(crate) const BUCKET: &str = "kill-vaults";
const VAULT: &str = "kill-vault";
const PART: usize = 1 << 20;
/// Longest wait for a job, which takes a second.
const JOB_MAX: Duration = Duration::from_mins(2);

/// What a job was asked for.
#[derive(Clone, Debug)]
enum Asked {
    Retrieval(Bytes),
    Inventory,
    Pull(Bytes),
    Push(String, Bytes),
}

#[derive(Debug, Default)]
struct Inner {
    archives: BTreeMap<String, Bytes>,
    /// Uploads that were begun and whose Complete was not answered.
    uploads: BTreeMap<String, Bytes>,
    /// Jobs whose end was not seen.
    jobs: BTreeMap<String, Asked>,
    ended: usize,
    resumed: usize,
}

/// What all clients know.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Inner>);

impl Known {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        write!(
            f,
            "{} archives, {} uploads resumed, {} jobs ended, {} open",
            inner.archives.len(),
            inner.resumed,
            inner.ended,
            inner.jobs.len()
        )
    }
}

/// A client.
pub(crate) struct VaultClient {
    oas: Client,
    tos: Client,
    vault: String,
    known: Arc<Known>,
    random: Seed,
}

impl VaultClient {
    /// A client of the one vault, which is made if it is not there, as is the bucket.
    pub(crate) async fn open(
        instance: &Instance,
        known: &Arc<Known>,
        seed: u64,
    ) -> Result<Self, String> {
        let mut client = Self {
            oas: instance.client().speaking(Tongue::Oas),
            tos: instance.client(),
            vault: String::new(),
            known: known.clone(),
            random: Seed::new(seed),
        };
        let bucket = Ask {
            bucket: Some(BUCKET),
            ..Ask::default()
        };
        let made = client.tos.send(Method::PUT, &bucket).await?;
        assert!(made.status.is_success() || made.status == StatusCode::CONFLICT);
        let path = format!("vaults/{VAULT}");
        let made = client.ask(Method::PUT, &path, &[], Bytes::new()).await?;
        client.vault = header(&expect(made, StatusCode::CREATED), "x-oas-vault-id");
        Ok(client)
    }

    /// Another one, with connections of its own.
    pub(crate) fn another(&self, seed: u64) -> Self {
        Self {
            oas: self.oas.another(),
            tos: self.tos.another(),
            vault: self.vault.clone(),
            known: self.known.clone(),
            random: Seed::new(seed),
        }
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Answer, String> {
        let ask = Ask {
            key: Some(path),
            headers,
            body,
            ..Ask::default()
        };
        self.oas.send(method, &ask).await
    }

    fn path(&self, rest: &str) -> String {
        format!("vaults/{}/{rest}", self.vault)
    }

    fn bytes(&mut self, len: usize) -> Bytes {
        let mut bytes = vec![0; len];
        for chunk in bytes.chunks_mut(8) {
            let n = self.random.draw().to_le_bytes();
            chunk.copy_from_slice(&n[..chunk.len()]);
        }
        bytes.into()
    }

    fn len(&mut self, most: u64) -> usize {
        usize::try_from(8 + self.random.below(most)).unwrap()
    }

    /// Stores archives and makes jobs until it is cut off.
    pub(crate) async fn work(&mut self) {
        while self.act().await.is_ok() {}
    }

    async fn act(&mut self) -> Result<(), String> {
        match self.random.below(8) {
            0 | 1 => self.put().await,
            2 | 3 => self.upload().await,
            4 | 5 => self.retrieve().await,
            6 => self.pull().await,
            _ if self.random.below(3) == 0 => self.inventory().await,
            _ => self.push().await,
        }
    }

    async fn put(&mut self) -> Result<(), String> {
        let len = self.len(100_000);
        let bytes = self.bytes(len);
        let (etag, tree) = (etag(&bytes), tree(&bytes));
        let digests = [("x-oas-content-etag", &*etag), ("x-oas-tree-etag", &*tree)];
        let path = self.path("archives");
        let put = self
            .ask(Method::POST, &path, &digests, bytes.clone())
            .await?;
        let id = header(&expect(put, StatusCode::CREATED), "x-oas-archive-id");
        self.known.lock().archives.insert(id, bytes);
        Ok(())
    }

    async fn upload(&mut self) -> Result<(), String> {
        let parts = usize::try_from(self.random.below(3)).unwrap();
        let len = parts * PART + self.len(50_000);
        let bytes = self.bytes(len);
        let size = PART.to_string();
        let path = self.path("multipart-uploads");
        let headers = [("x-oas-part-size", &*size)];
        let begun = self
            .ask(Method::POST, &path, &headers, Bytes::new())
            .await?;
        let begun = expect(begun, StatusCode::CREATED);
        let id = header(&begun, "x-oas-multipart-upload-id");
        self.known.lock().uploads.insert(id.clone(), bytes.clone());
        for start in (0..bytes.len()).step_by(PART) {
            self.part(&id, &bytes, start).await?;
        }
        let completed = self.complete(&id, &bytes).await?;
        expect(completed, StatusCode::CREATED);
        Ok(())
    }

    async fn part(&mut self, upload: &str, bytes: &Bytes, start: usize) -> Result<(), String> {
        let part = bytes.slice(start..bytes.len().min(start + PART));
        let range = format!("{start}-{}", start + part.len() - 1);
        let (etag, tree) = (etag(&part), tree(&part));
        let headers = [
            ("content-range", &*range),
            ("x-oas-content-etag", &*etag),
            ("x-oas-tree-etag", &*tree),
        ];
        let path = self.path(&format!("multipart-uploads/{upload}"));
        let put = self.ask(Method::PUT, &path, &headers, part).await?;
        expect(put, StatusCode::NO_CONTENT);
        Ok(())
    }

    /// Completes an upload; notes the archive when that is answered.
    async fn complete(&mut self, upload: &str, bytes: &Bytes) -> Result<Answer, String> {
        let (size, tree) = (bytes.len().to_string(), tree(bytes));
        let headers = [("x-oas-archive-size", &*size), ("x-oas-tree-etag", &*tree)];
        let path = self.path(&format!("multipart-uploads/{upload}"));
        let completed = self
            .ask(Method::POST, &path, &headers, Bytes::new())
            .await?;
        if completed.status == StatusCode::CREATED {
            let id = header(&completed, "x-oas-archive-id");
            let mut known = self.known.lock();
            known.uploads.remove(upload);
            let before = known.archives.insert(id, bytes.clone());
            assert!(before.is_none(), "an upload made two archives");
        }
        Ok(completed)
    }

    fn some_archive(&mut self) -> Option<(String, Bytes)> {
        let archives = self.known.lock().archives.clone();
        let n = self.random.below(archives.len() as u64);
        archives.into_iter().nth(usize::try_from(n).unwrap())
    }

    async fn make(&mut self, order: &Value, asked: Asked) -> Result<String, String> {
        let path = self.path("jobs");
        let body = order.to_string().into();
        let made = self.ask(Method::POST, &path, &[], body).await?;
        let id = header(&expect(made, StatusCode::ACCEPTED), "x-oas-job-id");
        self.known.lock().jobs.insert(id.clone(), asked);
        Ok(id)
    }

    async fn retrieve(&mut self) -> Result<(), String> {
        let Some((id, bytes)) = self.some_archive() else {
            return Ok(());
        };
        let order = json!({ "Type": "archive-retrieval", "ArchiveId": id });
        self.make(&order, Asked::Retrieval(bytes)).await.map(drop)
    }

    async fn inventory(&mut self) -> Result<(), String> {
        let order = json!({ "Type": "inventory-retrieval" });
        self.make(&order, Asked::Inventory).await.map(drop)
    }

    async fn pull(&mut self) -> Result<(), String> {
        let len = self.len(100_000);
        let bytes = self.bytes(len);
        let key = format!("from/{}", self.random.draw());
        let put = self.tos.put(BUCKET, &key, bytes.clone()).await?;
        expect(put, StatusCode::OK);
        let order = json!({
            "Type": "pull-from-oss", "OSSHost": "oss", "Bucket": BUCKET, "Object": key,
        });
        self.make(&order, Asked::Pull(bytes)).await.map(drop)
    }

    async fn push(&mut self) -> Result<(), String> {
        let Some((id, bytes)) = self.some_archive() else {
            return Ok(());
        };
        let key = format!("to/{}", self.random.draw());
        let order = json!({
            "Type": "push-to-oss", "ArchiveId": id, "OSSHost": "oss", "Bucket": BUCKET, "Object": key,
        });
        self.make(&order, Asked::Push(key, bytes)).await.map(drop)
    }

    /// After a kill: uploads go on, and jobs end.
    pub(crate) async fn check(&mut self) -> Result<(), String> {
        let uploads = self.known.lock().uploads.clone();
        for (id, bytes) in uploads {
            let again = self.complete(&id, &bytes).await?;
            if again.status != StatusCode::CREATED {
                assert_eq!(code(&again), "InvalidPart", "nothing else is wrong with it");
                for start in (0..bytes.len()).step_by(PART) {
                    self.part(&id, &bytes, start).await?;
                }
                let completed = self.complete(&id, &bytes).await?;
                expect(completed, StatusCode::CREATED);
            }
            self.known.lock().resumed += 1;
        }
        let jobs = self.known.lock().jobs.clone();
        for (id, asked) in jobs {
            self.end_of(&id, asked).await?;
        }
        Ok(())
    }

    /// A job once it has ended.
    async fn shown_when_ended(&mut self, id: &str) -> Result<Value, String> {
        let path = self.path(&format!("jobs/{id}"));
        let end = tokio::time::Instant::now() + JOB_MAX;
        loop {
            let shown = self.ask(Method::GET, &path, &[], Bytes::new()).await?;
            let shown: Value = json_of(&expect(shown, StatusCode::OK));
            if shown["Completed"] == true {
                return Ok(shown);
            }
            assert!(tokio::time::Instant::now() < end, "{shown} does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for the end of a job and looks at what it gave.
    async fn end_of(&mut self, id: &str, asked: Asked) -> Result<Value, String> {
        let shown = self.shown_when_ended(id).await?;
        assert_eq!(shown["StatusCode"], "Succeeded", "{shown}");
        let mut given = Value::Null;
        match asked {
            Asked::Retrieval(bytes) => {
                let output = self.output(id).await?;
                assert!(output == bytes, "{id} gives other bytes");
            }
            Asked::Inventory => given = serde_json::from_slice(&self.output(id).await?).unwrap(),
            Asked::Pull(bytes) => {
                let archive = shown["ArchiveId"].as_str().unwrap().to_owned();
                self.known.lock().archives.insert(archive, bytes);
            }
            Asked::Push(key, bytes) => {
                let found = self.tos.get(BUCKET, &key).await?;
                assert!(found == Some(bytes), "{key} has other bytes");
            }
        }
        let mut known = self.known.lock();
        known.jobs.remove(id);
        known.ended += 1;
        Ok(given)
    }

    async fn output(&mut self, job: &str) -> Result<Bytes, String> {
        let path = self.path(&format!("jobs/{job}/output"));
        let output = self.ask(Method::GET, &path, &[], Bytes::new()).await?;
        Ok(expect(output, StatusCode::OK).body)
    }

    /// Waits for all jobs of the vault, those included whose making was not answered.
    async fn await_jobs(&mut self) -> Result<(), String> {
        let path = self.path("jobs");
        let mut marker = String::new();
        loop {
            let ask = Ask {
                key: Some(&path),
                query: &[("marker", &marker)],
                ..Ask::default()
            };
            let listed = self.oas.send(Method::GET, &ask).await?;
            let listed = json_of(&expect(listed, StatusCode::OK));
            for job in listed["JobList"].as_array().unwrap() {
                if job["Completed"] == false {
                    let id = job["JobId"].as_str().unwrap();
                    self.shown_when_ended(id).await?;
                }
            }
            listed["Marker"].as_str().unwrap().clone_into(&mut marker);
            if marker.is_empty() {
                return Ok(());
            }
        }
    }

    /// The inventory has everything that was acknowledged, nothing else than what it counts, and every archive
    /// its bytes.
    pub(crate) async fn check_everything(&mut self) -> Result<(), String> {
        self.await_jobs().await?;
        let order = json!({ "Type": "inventory-retrieval" });
        let job = self.make(&order, Asked::Inventory).await?;
        let list = self.end_of(&job, Asked::Inventory).await?;
        let listed = list["ArchiveList"].as_array().unwrap();
        let ids: Vec<&str> = listed
            .iter()
            .map(|archive| archive["ArchiveId"].as_str().unwrap())
            .collect();
        let path = format!("vaults/{}", self.vault);
        let shown = self.ask(Method::GET, &path, &[], Bytes::new()).await?;
        let shown = json_of(&expect(shown, StatusCode::OK));
        assert_eq!(shown["NumberOfArchives"], ids.len());
        let archives = self.known.lock().archives.clone();
        println!(
            "{} archives, {} of them acknowledged",
            ids.len(),
            archives.len()
        );
        let mut jobs = Vec::new();
        for (id, bytes) in archives {
            assert!(ids.contains(&&*id), "{id} is gone");
            let order = json!({ "Type": "archive-retrieval", "ArchiveId": id });
            jobs.push(self.make(&order, Asked::Retrieval(bytes)).await?);
        }
        for job in jobs {
            let asked = self.known.lock().jobs.get(&job).cloned();
            self.end_of(&job, asked.unwrap()).await?;
        }
        Ok(())
    }

    /// Gives up uploads whose beginning was not answered.
    pub(crate) async fn abort_uploads(&mut self) -> Result<(), String> {
        let path = self.path("multipart-uploads");
        let listed = self.ask(Method::GET, &path, &[], Bytes::new()).await?;
        let listed = json_of(&expect(listed, StatusCode::OK));
        for upload in listed["UploadsList"].as_array().unwrap() {
            let id = upload["MultipartUploadId"].as_str().unwrap();
            let path = self.path(&format!("multipart-uploads/{id}"));
            let gone = self.ask(Method::DELETE, &path, &[], Bytes::new()).await?;
            expect(gone, StatusCode::NO_CONTENT);
        }
        Ok(())
    }
}

fn expect(answer: Answer, status: StatusCode) -> Answer {
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
    assert_eq!(answer.status, status, "{body}");
    answer
}

fn code(answer: &Answer) -> String {
    json_of(answer)["code"].as_str().unwrap().to_owned()
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers[name].to_str().unwrap().to_owned()
}

/// MD5: the leaf over all of it.
fn etag(bytes: &[u8]) -> String {
    leaf(bytes).to_string().to_uppercase()
}

fn tree(bytes: &[u8]) -> String {
    let mut leaves = Leaves::default();
    leaves.update(bytes);
    let root = combine(leaves.finish()).unwrap();
    root.to_string().to_uppercase()
}
