//! The operations of the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use cohong_sign::RequestHead;
use cohong_sign::oas::{present, verify};
use http::Method;
use serde_json::{Value, json};

use super::state::{Archive, Job, Upload, Vault, etag, tree_etag};
use super::{ACCESS_KEY, Answer, Request, SECRET, State};

const DATE: &str = "Tue, 25 Mar 2014 12:02:00 GMT";

pub(crate) fn refusal(status: u16, code: &str) -> Answer {
    let fault = if status < 500 { "client" } else { "server" };
    let body = json!({ "code": code, "type": fault, "message": format!("about {code}") });
    document(status, &body)
}

fn document(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        headers: vec![("Content-Type", "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

fn done(status: u16, headers: Vec<(&'static str, String)>) -> Answer {
    Answer {
        status,
        headers,
        body: Vec::new(),
    }
}

impl State {
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        if let Some(mut hook) = self.on_request.take() {
            hook(request);
            self.on_request = Some(hook);
        }
        let head = RequestHead {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            headers: &request.headers,
        };
        let claim = present(&request.headers).expect("a claim").expect("signed");
        assert_eq!(claim.access_key, ACCESS_KEY);
        if verify(&claim, SECRET, &head).is_err() {
            return refusal(403, "SignatureDoesNotMatch");
        }
        let path: Vec<&str> = request.path.split('/').skip(2).collect();
        let answer = match path[..] {
            [] => Ok(self.vaults(request)),
            [vault] => self.vault(request, vault),
            [vault, ..] if !self.vaults.contains_key(vault) => Err((404, "VaultNotExists")),
            [vault, "archives"] => self.upload(request, vault),
            [vault, "archives", id] => self.remove(vault, id),
            [vault, "archives", id, "meta"] => self.meta(vault, id),
            [vault, "multipart-uploads"] => self.uploads(request, vault),
            [vault, "multipart-uploads", id] => self.parts(request, vault, id),
            [vault, "jobs"] => self.jobs(request, vault),
            [_, "jobs", id] => self.job(id),
            [_, "jobs", id, "output"] => self.output(request, id),
            _ => Err((404, "InvalidRequest")),
        };
        answer.unwrap_or_else(|(status, code)| refusal(status, code))
    }

    /// A page of items that are in order of their ids.
    fn page(&self, request: &Request, name: &str, items: Vec<(String, Value)>) -> Value {
        let marker = request.query.strip_prefix("marker=").unwrap_or("");
        let limit = if self.page == 0 { 2 } else { self.page };
        let mut items = items.into_iter().skip_while(|(id, _)| id.as_str() < marker);
        let page: Vec<Value> = items.by_ref().take(limit).map(|(_, item)| item).collect();
        let end = if self.endless { "FF" } else { "" };
        let next = items.next().map_or(end.to_owned(), |(id, _)| id);
        json!({ "Marker": next, name: page })
    }

    fn vaults(&self, request: &Request) -> Answer {
        let all = self.vaults.iter();
        let items = all.map(|(id, vault)| (id.clone(), shown(id, vault)));
        document(200, &self.page(request, "VaultList", items.collect()))
    }

    fn vault(&mut self, request: &Request, id: &str) -> Result<Answer, (u16, &'static str)> {
        match request.method {
            Method::PUT if id.contains('%') => Err((400, "InvalidVaultName")),
            Method::PUT => {
                let known = self.vaults.iter().find(|(_, vault)| vault.name == id);
                let known = known.map(|(id, _)| id.clone());
                let made = known.unwrap_or_else(|| self.id());
                id.clone_into(&mut self.vaults.entry(made.clone()).or_default().name);
                Ok(done(201, vec![("x-oas-vault-id", made)]))
            }
            Method::DELETE => match self.vaults.get(id) {
                None => Err((404, "VaultNotExists")),
                Some(vault) if !vault.archives.is_empty() => Err((409, "VaultNotEmpty")),
                Some(_) => {
                    self.vaults.remove(id);
                    Ok(done(204, vec![]))
                }
            },
            _ => match self.vaults.get(id) {
                None => Err((404, "VaultNotExists")),
                Some(vault) => Ok(document(200, &shown(id, vault))),
            },
        }
    }

    fn store(&mut self, vault: &str, bytes: Vec<u8>, description: &str) -> String {
        let id = self.id().repeat(4);
        let archive = Archive {
            bytes: Arc::new(bytes),
            description: description.to_owned(),
        };
        let vault = self.vaults.get_mut(vault).expect("a vault");
        vault.archives.insert(id.clone(), archive);
        id
    }

    fn upload(&mut self, request: &Request, vault: &str) -> Result<Answer, (u16, &'static str)> {
        compare(request)?;
        let description = request.header("x-oas-archive-description");
        let id = self.store(vault, request.body.clone(), description);
        Ok(done(201, vec![("x-oas-archive-id", id)]))
    }

    fn remove(&mut self, vault: &str, id: &str) -> Result<Answer, (u16, &'static str)> {
        let vault = self.vaults.get_mut(vault).expect("a vault");
        let removed = vault.archives.remove(id);
        removed.ok_or((404, "ArchiveNotExists"))?;
        Ok(done(204, vec![]))
    }

    fn meta(&self, vault: &str, id: &str) -> Result<Answer, (u16, &'static str)> {
        let archive = self.vaults[vault].archives.get(id);
        let archive = archive.ok_or((404, "ArchiveNotExists"))?;
        let size = archive.bytes.len();
        Ok(document(200, &json!({ "ArchiveSizeInBytes": size })))
    }

    fn uploads(&mut self, request: &Request, vault: &str) -> Result<Answer, (u16, &'static str)> {
        if request.method == Method::GET {
            let all = self
                .uploads
                .iter()
                .filter(|(_, upload)| upload.vault == vault);
            let items = all.map(|(id, upload)| (id.clone(), begun(id, upload)));
            return Ok(document(
                200,
                &self.page(request, "UploadsList", items.collect()),
            ));
        }
        let size = request.header("x-oas-part-size").parse();
        let part_size: u64 = size.map_err(|_| (400, "InvalidArgument"))?;
        let id = self.id();
        let upload = Upload {
            vault: vault.to_owned(),
            part_size,
            description: request.header("x-oas-archive-description").to_owned(),
            parts: BTreeMap::default(),
        };
        self.uploads.insert(id.clone(), upload);
        Ok(done(201, vec![("x-oas-multipart-upload-id", id)]))
    }

    fn parts(
        &mut self,
        request: &Request,
        vault: &str,
        id: &str,
    ) -> Result<Answer, (u16, &'static str)> {
        let upload = self.uploads.get_mut(id).ok_or((404, "UploadIdNotExists"))?;
        match request.method {
            Method::GET => {
                let mut shown = begun(id, upload);
                let parts = upload.parts.iter().map(|(start, part)| {
                    let range = format!("{start}-{}", start + part.len() as u64 - 1);
                    let item = json!({
                        "RangeInBytes": range,
                        "ContentEtag": etag(part),
                        "TreeEtag": tree_etag(part),
                    });
                    (format!("{start:032X}"), item)
                });
                let parts: Vec<_> = parts.collect();
                let page = self.page(request, "Parts", parts);
                let members = page.as_object().expect("an object").clone();
                shown.as_object_mut().expect("an object").extend(members);
                Ok(document(200, &shown))
            }
            Method::PUT => {
                compare(request)?;
                let (start, end) = range(request.header("content-range"));
                let bytes = request.body.len() as u64;
                if start % upload.part_size != 0 || end + 1 - start != bytes {
                    return Err((400, "InvalidPart"));
                }
                upload.parts.insert(start, request.body.clone());
                Ok(done(204, vec![]))
            }
            Method::POST => {
                let all: Vec<u8> = upload.parts.values().flatten().copied().collect();
                if request.header("x-oas-archive-size") != all.len().to_string() {
                    return Err((400, "InvalidPart"));
                }
                if request.header("x-oas-tree-etag") != tree_etag(&all) {
                    return Err((400, "InvalidDigest"));
                }
                let upload = self.uploads.remove(id).expect("an upload");
                let archive = self.store(vault, all, &upload.description);
                Ok(done(201, vec![("x-oas-archive-id", archive)]))
            }
            _ => {
                self.uploads.remove(id);
                Ok(done(204, vec![]))
            }
        }
    }

    fn jobs(&mut self, request: &Request, vault: &str) -> Result<Answer, (u16, &'static str)> {
        if request.method == Method::GET {
            let all = self.jobs.iter().filter(|(_, job)| job.vault == vault);
            let items = all.map(|(id, job)| (id.clone(), told(id, job)));
            return Ok(document(
                200,
                &self.page(request, "JobList", items.collect()),
            ));
        }
        assert!(!request.headers.contains_key("content-type"));
        let order: Value = serde_json::from_slice(&request.body).expect("JSON");
        let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
        let mut job = Job {
            vault: vault.to_owned(),
            action: "",
            archive: text("ArchiveId"),
            description: text("Description"),
            looks: self.looks,
            fails: None,
            bytes: Arc::default(),
            range: (0, 0),
            trees: Default::default(),
            silent: false,
            promise: None,
        };
        let object = (text("Bucket"), text("Object"));
        let archive = self.vaults[vault].archives.get(&job.archive).cloned();
        let archive = archive.ok_or((404, "ArchiveNotExists"));
        match text("Type").as_str() {
            "archive-retrieval" => {
                (job.action, job.bytes) = ("ArchiveRetrieval", archive?.bytes);
                job.range = (0, job.bytes.len() - 1);
                if let Some(asked) = order["RetrievalByteRange"].as_str() {
                    let (first, last) = range(asked);
                    let index = |at: u64| usize::try_from(at).expect("it fits");
                    job.range = (index(first), index(last));
                    job.silent = first != 0;
                }
                let part = &job.bytes[job.range.0..=job.range.1];
                job.trees = (tree_etag(&job.bytes), tree_etag(part));
            }
            "inventory-retrieval" => {
                let all = self.vaults[vault].archives.iter();
                let all = all.map(|(id, archive)| {
                    json!({ "ArchiveId": id, "ArchiveDescription": archive.description })
                });
                let text = json!({ "VaultId": vault, "ArchiveList": all.collect::<Vec<_>>() });
                job.action = "InventoryRetrieval";
                job.bytes = Arc::new(text.to_string().into_bytes());
            }
            "pull-from-oss" => {
                job.action = "PullFromOSS";
                match self.objects.get(&object).cloned() {
                    Some(bytes) => {
                        let bytes = bytes.to_vec();
                        job.archive = self.store(vault, bytes, &job.description.clone());
                    }
                    None => job.fails = Some(format!("no object {}", object.1)),
                }
            }
            "push-to-oss" => {
                job.action = "PushToOSS";
                self.objects.insert(object, archive?.bytes);
            }
            _ => return Err((400, "InvalidArgument")),
        }
        assert!(job.action.ends_with("Retrieval") || text("OSSHost") == "oss.example");
        let id = self.id();
        self.jobs.insert(id.clone(), job);
        Ok(done(202, vec![("x-oas-job-id", id)]))
    }

    fn job(&mut self, id: &str) -> Result<Answer, (u16, &'static str)> {
        let job = self.jobs.get_mut(id).ok_or((404, "JobNotExists"))?;
        let shown = told(id, job);
        job.looks = job.looks.saturating_sub(1);
        Ok(document(200, &shown))
    }

    fn output(&mut self, request: &Request, id: &str) -> Result<Answer, (u16, &'static str)> {
        let job = self.jobs.get(id).ok_or((404, "JobNotExists"))?;
        if job.looks > 0 {
            return Err((400, "JobNotReady"));
        }
        let inventory = job.action == "InventoryRetrieval";
        let all = if inventory {
            &job.bytes[..]
        } else {
            &job.bytes[job.range.0..=job.range.1]
        };
        let (first, last) = range(request.header("range").trim_start_matches("bytes="));
        let (first, end) = (to_index(first), to_index(last) + 1);
        if first % (1 << 20) != 0 || end > all.len() || (end % (1 << 20) != 0 && end != all.len()) {
            return Err((416, "InvalidRange"));
        }
        let body = all[first..end].to_vec();
        let kind = if inventory {
            "application/json"
        } else {
            "application/octet-stream"
        };
        let mut headers = vec![("Content-Type", kind.to_owned())];
        if !inventory && !job.silent {
            headers.push(("x-oas-tree-etag", tree_etag(&body)));
        }
        Ok(Answer {
            status: 206,
            headers,
            body,
        })
    }
}

fn to_index(at: u64) -> usize {
    usize::try_from(at).expect("it fits")
}

fn range(text: &str) -> (u64, u64) {
    let (first, last) = text.split_once('-').expect("a range");
    (
        first.parse().expect("a number"),
        last.parse().expect("a number"),
    )
}

/// The digests of a body are those in its headers.
fn compare(request: &Request) -> Result<(), (u16, &'static str)> {
    let good = request.header("x-oas-content-etag") == etag(&request.body)
        && request.header("x-oas-tree-etag") == tree_etag(&request.body);
    good.then_some(()).ok_or((400, "InvalidDigest"))
}

fn shown(id: &str, vault: &Vault) -> Value {
    let archives = vault.archives.values();
    json!({
        "CreationDate": DATE,
        "LastInventoryDate": "",
        "NumberOfArchives": vault.archives.len(),
        "SizeInBytes": archives.map(|archive| archive.bytes.len()).sum::<usize>(),
        "VaultId": id,
        "VaultName": vault.name,
    })
}

fn begun(id: &str, upload: &Upload) -> Value {
    json!({
        "ArchiveDescription": upload.description,
        "CreationDate": DATE,
        "MultipartUploadId": id,
        "PartSizeInBytes": upload.part_size,
    })
}

fn told(id: &str, job: &Job) -> Value {
    let ended = job.looks == 0;
    let retrieval = job.action == "ArchiveRetrieval";
    let of = |show: bool, text: String| if show { text } else { String::new() };
    let whole = of(ended, job.trees.0.clone());
    let own = match &job.promise {
        Some(promise) => promise.clone(),
        None => of(ended && !job.silent, job.trees.1.clone()),
    };
    let size = |show: bool| {
        if show {
            json!(job.bytes.len())
        } else {
            json!(-1)
        }
    };
    let status = match (ended, &job.fails) {
        (false, _) => "InProgress",
        (true, None) => "Succeeded",
        (true, Some(_)) => "Failed",
    };
    json!({
        "Action": job.action,
        "ArchiveId": job.archive,
        "ArchiveSizeInBytes": size(ended && retrieval),
        "TreeEtag": own,
        "ArchiveTreeEtag": whole.clone(),
        "ArchiveContentEtag": whole,
        "Completed": ended,
        "CompletionDate": of(ended, DATE.to_owned()),
        "CreationDate": DATE,
        "InventorySizeInBytes": size(ended && job.action == "InventoryRetrieval"),
        "JobDescription": job.description,
        "JobId": id,
        "RetrievalByteRange": of(retrieval, format!("{}-{}", job.range.0, job.range.1)),
        "StatusCode": status,
        "StatusMessage": job.fails.clone().unwrap_or_default(),
    })
}
