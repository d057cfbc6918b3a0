//! Links in memory, good and bad: how long bytes travel, when connections break, and what silence is.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use chassis::{
    Network,
    network::{Connection, Listener},
    simulation::{Trouble, link::Conditions},
};
use http::uri::Authority;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    join,
    time::{Instant, timeout},
};

const LATENCY: Duration = Duration::from_millis(3);

/// A network, somebody who listens in it, and the address.
async fn network() -> (Network, Listener, Authority) {
    let (network, address) = (Network::in_memory(LATENCY, 7), "far:80".parse::<Authority>().unwrap());
    let listener = network.bind(&address).await.unwrap();
    (network, listener, address)
}

async fn connected(network: &Network, listener: &mut Listener, to: &Authority) -> (Connection, Connection) {
    let (near, far) = join!(network.connect("near", to), listener.accept());
    (near.unwrap(), far.unwrap())
}

/// How long one byte is under way.
async fn travel(near: &mut Connection, far: &mut Connection) -> std::io::Result<Duration> {
    let began = Instant::now();
    near.write_all(b"x").await?;
    far.read_exact(&mut [0]).await?;
    Ok(began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_delay_slows_open_connections_and_new_ones_until_it_is_taken_away() {
    let (network, mut listener, address) = network().await;
    let (mut near, mut far) = connected(&network, &mut listener, &address).await;
    assert_eq!(travel(&mut near, &mut far).await.unwrap(), LATENCY);
    let (links, delay) = (network.links(), Duration::from_millis(500));
    links.change("near", "far", |link| link.delay = delay);
    assert_eq!(travel(&mut near, &mut far).await.unwrap(), LATENCY + delay);
    assert_eq!(travel(&mut far, &mut near).await.unwrap(), LATENCY + delay, "the way back too");
    let began = Instant::now();
    connected(&network, &mut listener, &address).await;
    assert_eq!(began.elapsed(), LATENCY + delay);
    links.change("near", "far", |link| link.delay = Duration::ZERO);
    assert_eq!(travel(&mut near, &mut far).await.unwrap(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn the_share_of_bursts_that_break_is_the_one_that_was_set_and_others_are_not_touched() {
    let (network, mut listener, address) = network().await;
    network.links().change("near", "far", |link| link.resets = 0.25);
    let mut broken = 0;
    for _ in 0..1_000 {
        let (mut near, mut far) = connected(&network, &mut listener, &address).await;
        broken += u32::from(travel(&mut near, &mut far).await.is_err());
    }
    assert!((200..300).contains(&broken), "{broken} of 1,000");
    let (other, far) = join!(network.connect("other", &address), listener.accept());
    let (mut other, mut far) = (other.unwrap(), far.unwrap());
    for _ in 0..100 {
        travel(&mut other, &mut far).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_link_loses_never_comes_and_breaks_nothing() {
    let (network, mut listener, address) = network().await;
    let (mut near, mut far) = connected(&network, &mut listener, &address).await;
    let links = network.links();
    links.change("near", "far", |link| link.trouble = Trouble { lost: 1.0, ..Trouble::default() });
    let waited = timeout(Duration::from_secs(3_600), travel(&mut near, &mut far)).await;
    assert!(waited.is_err(), "an hour is not enough");
    drop(near);
    // What has vanished keeps its connection busy; on another the end arrives.
    let (near, mut far) = connected(&network, &mut listener, &address).await;
    drop(near);
    assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
    links.change("near", "far", Conditions::mend);
    let (mut near, mut far) = connected(&network, &mut listener, &address).await;
    assert_eq!(travel(&mut near, &mut far).await.unwrap(), LATENCY);
}

#[tokio::test(start_paused = true)]
async fn bursts_overtake_each_other_where_the_link_jitters() {
    let (network, mut listener, address) = network().await;
    let jitter = Duration::from_secs(1);
    network.links().change("near", "far", |link| link.trouble = Trouble { jitter, ..Trouble::default() });
    let mut times = Vec::new();
    for _ in 0..50 {
        let (mut near, mut far) = connected(&network, &mut listener, &address).await;
        times.push(travel(&mut near, &mut far).await.unwrap());
    }
    assert!(times.iter().all(|time| (LATENCY..=LATENCY + jitter + LATENCY).contains(time)), "{times:?}");
    assert!(!times.is_sorted() && times.iter().max() > times.iter().min().map(|least| *least * 3).as_ref());
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_has_expired_is_shown_to_new_connections_alone() {
    let (network, mut listener, address) = network().await;
    let (mut near, mut far) = connected(&network, &mut listener, &address).await;
    let links = network.links();
    links.change("near", "far", |link| link.expired = true);
    travel(&mut near, &mut far).await.unwrap();
    let error = network.connect("near", &address).await.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the certificate of far has expired");
    links.change("near", "far", |link| (link.delay, link.resets) = (Duration::ZERO, 0.0));
    assert!(network.connect("near", &address).await.is_err(), "nobody has renewed it");
    links.restore();
    connected(&network, &mut listener, &address).await;
}

#[tokio::test(start_paused = true)]
async fn a_suspended_service_takes_connections_and_answers_when_it_runs_again() {
    let (network, mut listener, address) = network().await;
    let (mut near, mut far) = connected(&network, &mut listener, &address).await;
    let links = network.links();
    links.suspend("far", true);
    let waited = timeout(Duration::from_secs(3_600), travel(&mut near, &mut far)).await;
    assert!(waited.is_err(), "an hour is not enough");
    let (mut late, mut accepted) = connected(&network, &mut listener, &address).await;
    let waits = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        links.suspend("far", false);
    };
    let (took, ()) = join!(travel(&mut late, &mut accepted), waits);
    assert_eq!(took.unwrap(), Duration::from_secs(60) + LATENCY);
}
