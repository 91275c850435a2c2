//! Where sources may be (sheet section 6): places that the operator made known, and this server. The vendor's own
//! table of regions is not copied; public stores are found by the regions that tasks name.

use std::collections::BTreeSet;

use cohong_core::engine::ANYWHERE;
use cohong_core::model::SyncSource;
use http::StatusCode;
use serde::Serialize;

use super::source::{holds_any, unreadable};
use super::{Answer, Call, json};
use crate::oms::Oms;
use crate::oms::error::OmsError;
use crate::oms::limits::REGIONS_ASKED_MAX;
use crate::oms::wire::fields::Fields;
use crate::oms::wire::place::{account, bucket_anywhere};
use crate::oms::words::CLOUDS;

#[derive(Serialize)]
struct Regions {
    service_name: &'static str,
    region_list: Vec<Region>,
}

#[derive(Serialize)]
struct Region {
    cloud_type: &'static str,
    value: Box<str>,
    description: Box<str>,
}

#[derive(Serialize)]
struct Found<'a> {
    id: &'a str,
    name: &'a str,
    support: bool,
}

/// `ShowRegionInfo`.
pub(super) async fn regions(oms: &Oms) -> Answer {
    let mut all = Vec::with_capacity(CLOUDS.len());
    for cloud in CLOUDS {
        let region = |(value, description)| Region {
            cloud_type: cloud,
            value,
            description,
        };
        let places = places(cloud, oms).await?;
        all.push(Regions {
            service_name: cloud,
            region_list: places.into_iter().map(region).collect(),
        });
    }
    Ok(json(StatusCode::OK, &all))
}

/// `ShowBucketRegion`: the first known place of that kind where the bucket can be read.
pub(super) async fn of_bucket(call: &Call, oms: &Oms) -> Answer {
    let (cloud, bucket, keys) = bucket_anywhere(&Fields::read(&call.body)?)?;
    let mut why = nowhere();
    for source in asked(cloud, &bucket, oms).await? {
        match holds_any(&source, &keys, oms).await {
            Ok(_) => {
                let found = Found {
                    id: &source.region,
                    name: &source.region,
                    support: true,
                };
                return Ok(json(StatusCode::OK, &found));
            }
            Err(fault) => why = unreadable(&fault),
        }
    }
    Err(why)
}

/// `ShowBucketList`: the buckets that the key sees at the known places of that kind, each name once.
pub(super) async fn buckets(call: &Call, oms: &Oms) -> Answer {
    let (cloud, keys) = account(&Fields::read(&call.body)?)?;
    let mut names = BTreeSet::new();
    let (mut seen, mut why) = (false, nowhere());
    for place in asked(cloud, "", oms).await? {
        match oms.sources.buckets(&place, &keys).await {
            Ok(found) => {
                names.extend(found);
                seen = true;
            }
            Err(fault) => why = unreadable(&fault),
        }
    }
    if !seen {
        return Err(why);
    }
    Ok(json(StatusCode::OK, &names))
}

fn nowhere() -> OmsError {
    OmsError::bad("OMS.0079", "no region of that kind of store is known here")
}

/// A bucket at the places of a kind of store that are asked.
async fn asked(cloud: &str, bucket: &str, oms: &Oms) -> Result<Vec<SyncSource>, OmsError> {
    let places = places(cloud, oms).await?.into_iter();
    let place = |(region, _)| SyncSource {
        cloud: cloud.into(),
        region,
        bucket: bucket.into(),
        prefix: "".into(),
    };
    Ok(places.take(REGIONS_ASKED_MAX).map(place).collect())
}

/// Regions of a kind of store, and what is known of each.
async fn places(cloud: &str, oms: &Oms) -> Result<Vec<(Box<str>, Box<str>)>, OmsError> {
    let known = oms.engine.list_sources().await?.into_iter();
    let fits = known.filter(|source| {
        let record = &source.record;
        record.cloud.eq_ignore_ascii_case(cloud) && &*record.region != ANYWHERE
    });
    let mut places: Vec<_> = fits
        .map(|source| (source.record.region, source.name))
        .collect();
    places.push((SyncSource::HERE.into(), "this server".into()));
    Ok(places)
}
