//! Rate limits, by sender and by kind of request. Teaches two things. First, the sender of a request must not be able to choose the key of its
//! limit: a credential is checked before it counts, and a guess counts against its address. Second, wrong guesses must never delay a right
//! credential: people behind one router share an address, so only wrong guesses count against it.
//!
//! The length of credentials keeps guessers out; a right credential works at any time. There are 2^130 tokens and 2^40 codes: at ten thousand tries
//! a second, half of the codes take more than a year and a half. The limits keep guessing cheap for the room.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::extract::ConnectInfo;
use chassis::Problem;
use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed, keyed::HashMapStateStore},
};
use http::{Extensions, StatusCode};
use tokio::time::Instant;

/// Requests of one person or program, per second and in a burst: a page with seven tabs, a scrape, and somebody's loop.
pub const REQUESTS: (u32, u32) = (40, 120);
/// Changes by one person or program: as many as hands and an eager program make. Each is written to the session.
pub const CHANGES: (u32, u32) = (5, 60);
/// Requests of one team together, so that thirty-two seats do not ask for as much as thirty-two teams.
const REQUESTS_OF_TEAM: (u32, u32) = (200, 600);
/// Page views of one team's shop through the room: a table of browsers that reload, and a loop or two.
const SHOP_VIEWS: (u32, u32) = (100, 300);
/// Wrong codes and tokens from one address: somebody who mistypes, and the neighbour behind the same router.
const GUESSES: (u32, u32) = (1, 20);
/// Wrong codes and tokens from everybody together: a class that was given an old code.
const ALL_GUESSES: (u32, u32) = (10, 100);
/// People who join from one address: a class of two hundred behind one router, within a minute. A refused join does not count.
pub const JOINS: (u32, u32) = (3, 100);
/// Join tests from one address, which repeat when a page is loaded.
const TESTS: (u32, u32) = (3, 100);

/// Most keys that one limit holds, each a few dozen bytes. It holds the keys that were used within the last minute or two. There are two thousand
/// people at most, and only guesses and join tests come from unchecked addresses.
pub const KEYS_MAX: usize = 4_096;

/// Somebody who has shown a valid credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Who {
    /// A person in a team, by the number of the seat.
    Seat(u32),
    /// A program with a team's token, by the number of the team.
    Program(u32),
    /// Somebody at the desk, by the number of the seat; 0 for a request with the facilitator's token itself.
    Desk(u32),
}

impl Who {
    /// The seat of a person in a team.
    pub fn seat(self) -> Option<u32> {
        if let Self::Seat(id) = self { Some(id) } else { None }
    }
}

/// The source of a request: an IPv4 address, or the /64 network of an IPv6 device, which has many addresses (RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }

    /// The source of a request. All requests have the same source if the listener reports no addresses.
    pub fn of(extensions: &Extensions) -> Self {
        let from = extensions.get::<ConnectInfo<SocketAddr>>();
        Self::new(from.map_or(Ipv6Addr::UNSPECIFIED.into(), |ConnectInfo(from)| from.ip()))
    }
}

type Each<K> = RateLimiter<K, HashMapStateStore<K>, Since, NoOpMiddleware<Duration>>;
type Overall = RateLimiter<NotKeyed, InMemoryState, Since, NoOpMiddleware<Duration>>;

/// Time since the room opened, by tokio's clock.
#[derive(Clone, Copy, Debug)]
struct Since(Instant);

impl Clock for Since {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[derive(Debug)]
pub struct RateLimits {
    requests: Each<Who>,
    changes: Each<Who>,
    teams: Each<u32>,
    shops: Each<u32>,
    guesses: Each<Client>,
    all_guesses: Overall,
    joins: Each<Client>,
    tests: Each<Client>,
}

impl Default for RateLimits {
    fn default() -> Self {
        let clock = Since(Instant::now());
        Self {
            requests: Each::hashmap_with_clock(quota(REQUESTS), clock),
            changes: Each::hashmap_with_clock(quota(CHANGES), clock),
            teams: Each::hashmap_with_clock(quota(REQUESTS_OF_TEAM), clock),
            shops: Each::hashmap_with_clock(quota(SHOP_VIEWS), clock),
            guesses: Each::hashmap_with_clock(quota(GUESSES), clock),
            all_guesses: Overall::direct_with_clock(quota(ALL_GUESSES), clock),
            joins: Each::hashmap_with_clock(quota(JOINS), clock),
            tests: Each::hashmap_with_clock(quota(TESTS), clock),
        }
    }
}

impl RateLimits {
    /// Counts a request of a team's member or of somebody at the desk, and refuses it above the limit.
    pub fn request(&self, who: Who, team: Option<u32>, is_change: bool) -> Result<(), Problem> {
        take(&self.requests, &who, "Too many requests; try again in a second.")?;
        if is_change {
            take(&self.changes, &who, "Too many changes; try again in a second.")?;
        }
        team.map_or(Ok(()), |team| {
            take(&self.teams, &team, "Your team asks for too much at once; try again in a second.")
        })
    }

    /// Counts a page view of a team's shop, and refuses it above the limit.
    pub fn shop_view(&self, team: u32) -> Result<(), Problem> {
        take(&self.shops, &team, "Too many page views; try again in a second.")
    }

    /// Counts a wrong code or token, and returns its refusal: `refused`, or status 429 if there were too many.
    pub fn guessed(&self, client: Client, refused: Problem) -> Problem {
        // Guesses above an address's own limit do not use up the limit of all addresses together.
        if within(&self.guesses, &client) && self.all_guesses.check().is_ok() {
            return refused;
        }
        too_often("Too many wrong codes or tokens; the right one is taken at any time.")
    }

    /// Counts a join from an address, and refuses it above the limit.
    pub fn join(&self, client: Client) -> Result<(), Problem> {
        take(&self.joins, &client, "Many people are joining; try again in a second.")
    }

    /// Counts a join test, and refuses it above the limit.
    pub fn test(&self, client: Client) -> Result<(), Problem> {
        take(&self.tests, &client, "Too many tests; try again in a second.")
    }

    /// How many keys all limits hold together.
    pub fn keys(&self) -> usize {
        let persons = self.requests.len() + self.changes.len() + self.teams.len() + self.shops.len();
        persons + self.guesses.len() + self.joins.len() + self.tests.len()
    }
}

/// Whether the limit allows one more for this key. A full table drops keys whose quota is whole again, which changes nothing for them.
fn within<K: Clone + Eq + Hash>(limit: &Each<K>, key: &K) -> bool {
    if limit.len() >= KEYS_MAX {
        limit.retain_recent();
        if limit.len() >= KEYS_MAX {
            return false;
        }
    }
    limit.check_key(key).is_ok()
}

fn take<K: Clone + Eq + Hash>(limit: &Each<K>, key: &K, refused: &str) -> Result<(), Problem> {
    if within(limit, key) { Ok(()) } else { Err(too_often(refused)) }
}

fn quota((per_second, burst): (u32, u32)) -> Quota {
    let some = |count: u32| NonZeroU32::new(count).expect("each limit above lets something through");
    Quota::per_second(some(per_second)).allow_burst(some(burst))
}

fn too_often(detail: &str) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn client(number: u32) -> Client {
        Client::new(Ipv4Addr::from(number).into())
    }

    fn refused() -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "No.")
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_too_often_waits_and_holds_up_nobody_else() {
        let rate_limits = RateLimits::default();
        let (one, other) = (Who::Seat(1), Who::Seat(2));
        let let_in = (0..1_000).filter(|_| rate_limits.request(one, Some(1), false).is_ok()).count();
        assert_eq!(let_in, REQUESTS.1 as usize);
        assert!(rate_limits.request(other, Some(1), true).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        let let_in = (0..1_000).filter(|_| rate_limits.request(one, Some(1), false).is_ok()).count();
        assert_eq!(let_in, REQUESTS.0 as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_are_counted_by_address_and_together() {
        let rate_limits = RateLimits::default();
        let answered = |client, tries: usize| {
            (0..tries)
                .filter(|_| rate_limits.guessed(client, refused()).status() == StatusCode::FORBIDDEN)
                .count()
        };
        assert_eq!(answered(client(1), 300), GUESSES.1 as usize);
        // The first address does not delay the next one, until all addresses together have guessed too often.
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(answered(client(2), 300), GUESSES.1 as usize);
        let all: usize = (3..1_000).map(|number| answered(client(number), 1)).sum();
        assert!(all < ALL_GUESSES.1 as usize, "{all}");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_does_not_grow_with_addresses() {
        let rate_limits = RateLimits::default();
        for number in 0..3 * u32::try_from(KEYS_MAX).unwrap() {
            let _ = (rate_limits.guessed(client(number), refused()), rate_limits.test(client(number)));
            assert!(rate_limits.keys() <= 2 * KEYS_MAX, "{}", rate_limits.keys());
        }
        // Keys with a whole quota are dropped, and lose nothing.
        let before = rate_limits.keys();
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert!(rate_limits.test(client(1)).is_ok() && rate_limits.tests.len() < before);
    }

    #[test]
    fn a_device_with_many_addresses_is_one_client() {
        let at = |text: &str| Client::new(text.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8:0:1::1"), at("2001:db8:0:2::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }
}
