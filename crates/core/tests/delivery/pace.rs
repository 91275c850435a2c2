//! Deliveries beside requests that wait.

use std::time::Duration;

use cohong_core::limits::{DELIVERY_BURST, DELIVERY_REST};
use cohong_core::ports::Clock;

use crate::world::{World, function};

#[test]
fn deliveries_slow_down_while_requests_wait_and_never_stop() {
    const KEYS: usize = 200;
    let world = World::new(21);
    world.sim.clone().run(async {
        let (first, second) = (function("f"), function("g"));
        let both = [first, second];
        let bucket = world.told_bucket("photos", &both).await;
        let took = async |wait: Duration| {
            world.sim.load(wait);
            let begun = world.sim.mono();
            for n in 0..KEYS {
                world.put(&bucket, &format!("k{n}")).await;
            }
            world.settle(60).await;
            world.sim.mono().saturating_sub(begun)
        };
        let free = took(Duration::ZERO).await;
        let pressed = took(Duration::from_secs(1)).await;
        let freed = took(Duration::ZERO).await;
        let least = DELIVERY_REST * u32::try_from(KEYS / DELIVERY_BURST).unwrap();
        assert!(pressed >= least, "{pressed:?}");
        assert!(
            pressed < 3 * least,
            "two share the pace of one: {pressed:?}"
        );
        assert!(free < least && freed < least, "{free:?}, {freed:?}");
    });
}

#[test]
fn a_lone_event_starts_at_once_however_long_requests_wait() {
    let world = World::new(22);
    world.sim.clone().run(async {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.sim.load(Duration::from_secs(1));
        world.put(&bucket, "k").await;
        let begun = world.sim.mono();
        while world.receivers.all().is_empty() {
            world
                .sim
                .sleep_until(world.sim.mono() + Duration::from_micros(100))
                .await;
        }
        assert!(world.sim.mono().saturating_sub(begun) < DELIVERY_REST);
    });
}
