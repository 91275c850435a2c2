//! Public stores, by the names that the vendor of sync tasks gives to kinds of stores (sheet `oms.md`,
//! sections 4.2 and 7). What the operator registers comes before these.

use super::speech::Speech;
use super::store::Store;
use crate::policy::Given;

/// Where the stores of a vendor are.
#[derive(Debug)]
struct Known {
    cloud: &'static str,
    speech: Speech,
    /// Pattern of endpoints; buckets stand in front of it.
    endpoint: &'static str,
    /// What names of regions may begin with, which is not part of the name that is signed.
    prefix: &'static str,
    /// The region that signatures name, where it is the same everywhere.
    signing_region: Option<&'static str>,
}

// Vendors' own pages on endpoints and on what is compatible with S3:
// AWS "Amazon S3 endpoints and quotas"; Aliyun "OSS regions and endpoints"; HuaweiCloud "OBS: regions
// and endpoints"; Tencent "COS: using the AWS S3 SDK"; Google "XML API, interoperability"; Baidu "BOS:
// AWS S3 service domain names"; KingsoftCloud "KS3: regions and endpoints"; Qiniu "S3 service domain
// names"; UCloud "US3: support of the S3 protocol"; QingCloud "QingStor: AWS S3 compatible interfaces";
// Azure "Storage account endpoints".
const KNOWN: [Known; 11] = [
    s3("AWS", "https://s3.{region}.amazonaws.com"),
    Known {
        speech: Speech::Oss,
        prefix: "oss-",
        ..s3("Aliyun", "https://oss-{region}.aliyuncs.com")
    },
    s3("HuaweiCloud", "https://obs.{region}.myhuaweicloud.com"),
    s3("Tencent", "https://cos.{region}.myqcloud.com"),
    Known {
        signing_region: Some("auto"),
        ..s3("Google", "https://storage.googleapis.com")
    },
    s3("Baidu", "https://s3.{region}.bcebos.com"),
    s3("KingsoftCloud", "https://ks3-{region}.ksyuncs.com"),
    s3("Qiniu", "https://s3-{region}.qiniucs.com"),
    s3("UCloud", "https://s3-{region}.ufileos.com"),
    s3("QingCloud", "https://s3.{region}.qingstor.com"),
    Known {
        speech: Speech::Azure,
        ..s3("Azure", "https://{account}.blob.core.windows.net")
    },
];

const fn s3(cloud: &'static str, endpoint: &'static str) -> Known {
    Known {
        cloud,
        speech: Speech::S3,
        endpoint,
        prefix: "",
        signing_region: None,
    }
}

/// AWS's regions in China have a domain of their own.
const CHINA_OF_AWS: [&str; 2] = ["cn-north-1", "cn-northwest-1"];

/// The public store of a kind in a region, and the region's name as the store knows it. `None` for kinds
/// that there is no reader for.
pub fn known_store<'a>(cloud: &str, region: &'a str) -> Option<(Store, &'a str)> {
    let known = KNOWN
        .iter()
        .find(|known| known.cloud.eq_ignore_ascii_case(cloud))?;
    let region = region.strip_prefix(known.prefix).unwrap_or(region);
    let endpoint = match known.cloud {
        "Azure" if region.starts_with("china") => "https://{account}.blob.core.chinacloudapi.cn",
        "AWS" if CHINA_OF_AWS.contains(&region) => "https://s3.{region}.amazonaws.com.cn",
        _ => known.endpoint,
    };
    let store = Store {
        speech: known.speech,
        endpoint: endpoint.into(),
        path_style: false,
        signing_region: Some(known.signing_region.unwrap_or(region).into()),
        given: Given::ByRequest,
    };
    Some((store, region))
}
