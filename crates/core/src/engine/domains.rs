//! Domains of buckets: a host name that stands for one bucket. A record by the domain's name says which, so
//! that no two buckets have the same; the bucket's record lists its own.

use crate::error::{Error, ErrorKind};
use crate::limits::{BUCKET_DOMAINS_MAX, DOMAIN_BYTES_MAX};
use crate::model::{Bucket, BucketDomain, BucketName, DialectId};
use crate::ports::{Expect, Write};
use crate::records::{DomainRecord, decode, encode, keys};

use super::Engine;

impl Engine {
    /// The bucket that a domain, in lower case, stands for, and the tongue of requests that do not tell
    /// theirs. Asks nobody's rights: the domain is another way to write the bucket's name.
    pub async fn bucket_of_domain(
        &self,
        domain: &str,
    ) -> Result<Option<(BucketName, DialectId)>, Error> {
        if domain.len() > DOMAIN_BYTES_MAX {
            return Ok(None);
        }
        let Some(found) = self.get_one(keys::domain(domain)).await? else {
            return Ok(None);
        };
        let record: DomainRecord = decode(&found.bytes)?;
        Ok(Some((record.name, record.dialect)))
    }

    /// Makes a domain one of a bucket's, or changes its tongue, and gives what belongs to the transaction.
    pub(super) async fn add_domain(
        &self,
        bucket: &mut Bucket,
        domain: &BucketDomain,
    ) -> Result<(Vec<Expect>, Vec<Write>), Error> {
        let at = keys::domain(&domain.name);
        let found = self.get_one(at.clone()).await?;
        let expect = match &found {
            None => Expect::Absent(at.clone()),
            Some(record) => {
                let holder: DomainRecord = decode(&record.bytes)?;
                if holder.bucket != bucket.id {
                    return Err(taken());
                }
                Expect::Revision(at.clone(), record.revision)
            }
        };
        bucket.domains.retain(|own| own.name != domain.name);
        if bucket.domains.len() >= BUCKET_DOMAINS_MAX {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the bucket has as many domains as it may; remove one first",
            ));
        }
        bucket.domains.push(domain.clone());
        let record = DomainRecord {
            bucket: bucket.id,
            name: bucket.name.clone(),
            dialect: domain.dialect,
        };
        Ok((vec![expect], vec![Write::Put(at, encode(&record))]))
    }
}

/// Takes a domain off a bucket, if it is one of its.
pub(super) fn remove_domain(bucket: &mut Bucket, name: &str) -> (Vec<Expect>, Vec<Write>) {
    let before = bucket.domains.len();
    bucket.domains.retain(|own| *own.name != *name);
    let is_gone = bucket.domains.len() < before;
    let write = is_gone.then(|| Write::Delete(keys::domain(name)));
    (Vec::new(), write.into_iter().collect())
}

/// Takes all domains off a bucket that is being removed.
pub(super) fn without_domains(bucket: &Bucket) -> impl Iterator<Item = Write> {
    let names = bucket.domains.iter();
    names.map(|domain| Write::Delete(keys::domain(&domain.name)))
}

/// Checks the name of a domain: labels of letters, digits and hyphens, at least two of them, the last not
/// all digits.
pub(super) fn check_domain(name: &str) -> Result<(), Error> {
    let label = |label: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edge = |b: Option<&u8>| b.is_some_and(|b| *b != b'-');
        let bytes = label.as_bytes();
        bytes.len() <= 63 && label.bytes().all(plain) && edge(bytes.first()) && edge(bytes.last())
    };
    let is_name = name.len() <= DOMAIN_BYTES_MAX
        && name.contains('.')
        && name.split('.').all(label)
        && !name.ends_with(|c: char| c.is_ascii_digit());
    if !is_name {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "a domain is a name such as files.example.com, without port",
        ));
    }
    Ok(())
}

fn taken() -> Error {
    Error::new(
        ErrorKind::DomainTaken,
        "the domain stands for another bucket; remove it there first",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_names_of_hosts() {
        let long = format!("{}.example.com", "a".repeat(64));
        let longest = format!("{}example.com", "a.".repeat(122));
        let cases = [
            ("files.example.com", true),
            ("a-b.example", true),
            ("xn--fiq228c.example", true),
            ("example", false),
            ("Files.example.com", false),
            ("files.example.com:8080", false),
            ("files..example.com", false),
            (".example.com", false),
            ("example.com.", false),
            ("-a.example.com", false),
            ("a-.example.com", false),
            ("10.0.0.1", false),
            ("a_b.example.com", false),
            ("*.example.com", false),
            ("", false),
            (&long, false),
            (&longest, false),
        ];
        for (name, fine) in cases {
            assert_eq!(check_domain(name).is_ok(), fine, "{name}");
        }
    }
}
