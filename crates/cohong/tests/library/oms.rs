//! The client of OMS.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cohong_client::oms::{CreateSyncTask, Error, OmsClient, SyncKeys, blocking};
use cohong_client::tos::PutOptions;
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};
use tokio::time::{Instant, sleep};

use crate::{BUCKET, World};

/// Reached only by a server that hangs.
const WAIT_MAX: Duration = Duration::from_mins(2);

fn code(error: Error) -> (u16, String) {
    match error {
        Error::Server(error) => (error.status_code, error.code),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_named_are_brought() {
    let world = World::start().await;
    let names = ["test/001.txt", "test+001.txt", "test 001.txt", "名%2F"];
    for name in names {
        let options = PutOptions::default();
        world
            .tos()
            .put_object(BUCKET, name, name.to_owned(), &options)
            .await
            .unwrap();
    }
    world.tos().create_bucket("copies").await.unwrap();
    let endpoint = world.endpoint();
    let client = OmsClient::of_region(ACCESS_KEY, SECRET_KEY, &endpoint, &endpoint, "local")
        .await
        .unwrap();
    let keys = SyncKeys {
        src_ak: ACCESS_KEY.into(),
        src_sk: SECRET_KEY.into(),
        dst_ak: ACCESS_KEY.into(),
        dst_sk: SECRET_KEY.into(),
    };
    let order = CreateSyncTask {
        src_cloud_type: "HuaweiCloud".into(),
        src_region: "local".into(),
        src_bucket: BUCKET.into(),
        keys: keys.clone(),
        dst_region: "local".into(),
        dst_bucket: "copies".into(),
        description: "for tests".into(),
        ..CreateSyncTask::default()
    };
    assert!(!format!("{order:?}").contains(SECRET_KEY));
    let task = client.create_sync_task(&order).await.unwrap();
    client.create_sync_events(&task, &names).await.unwrap();
    let end = Instant::now() + WAIT_MAX;
    let shown = loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = u64::try_from(now.as_millis()).unwrap();
        let shown = client.show_sync_task(&task, now).await.unwrap();
        if shown.monthly_success_object == 4 {
            break shown;
        }
        assert!(Instant::now() < end, "{shown:?}");
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (&*shown.status, &*shown.description),
        ("SYNCHRONIZING", "for tests")
    );
    for name in names {
        let mut copy = world.tos().get_object("copies", name).await.unwrap();
        assert_eq!(copy.read_to_end(100).await.unwrap(), name);
    }

    client.stop_sync_task(&task).await.unwrap();
    let refused = client.create_sync_events(&task, &names).await;
    assert_eq!(code(refused.unwrap_err()), (400, "OMS.1036".to_owned()));
    client.start_sync_task(&task, &keys).await.unwrap();
    client.stop_sync_task(&task).await.unwrap();
    client.delete_sync_task(&task).await.unwrap();
    let gone = client.create_sync_events(&task, &names).await;
    assert_eq!(code(gone.unwrap_err()).0, 404);
    let none = client.create_sync_events::<&str>(&task, &[]).await;
    assert!(matches!(none, Err(Error::Value(_))), "nothing is sent");
}

#[test]
fn the_blocking_client() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start());
    let endpoint = world.endpoint();
    let of_region = |region| {
        blocking::OmsClient::of_region(ACCESS_KEY, SECRET_KEY, &endpoint, &endpoint, region)
    };
    let client = of_region("local").unwrap();
    let unknown = "31e9b7e6-6ffb-452f-9842-6ce354d99d75";
    let gone = client.create_sync_events(unknown, &["a"]).unwrap_err();
    assert_eq!(code(gone).0, 404);
    let no_id = client.create_sync_events("", &["a"]);
    assert!(matches!(no_id, Err(Error::Value(_))));
}
