//! Interrupts real processes in the middle of their writes, a thousand times: `cargo xtask durability`.
//!
//! Four kinds of rounds take turns, each with a random blow: the content store during publishes, a shop during remedies, a room during a
//! team's writes, and `play` during the writing of its record. All run on a disk with room, and on one that becomes full.

#![expect(clippy::print_stdout, reason = "what it finds is what this program is for")]

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use glyphfall_tests::durability::{
    Blow, Kept, records::HitRecords, room::HitRoom, shop::HitShop, store::HitStore,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rounds of each kind per hundred. The content store's rounds are the quickest.
const SHARES: [(Kind, usize); 4] =
    [(Kind::Store, 55), (Kind::Room, 15), (Kind::Shop, 15), (Kind::Record, 15)];

/// The scenario of each of the team's rounds: the shop is lost, so that there is something to write down.
const SCENARIOS: [&str; 2] = ["stopped-store"; 2];

/// Rounds between two progress lines.
const TOLD_EVERY: usize = 25;

#[derive(Parser)]
struct Options {
    /// How often a process is hit
    #[arg(long, default_value_t = 1_000)]
    rounds: usize,
    /// What decides each round [default: a new one, which is printed]
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Store,
    Room,
    Shop,
    Record,
}

/// The subjects of the test, each on a disk with room and on a small one.
struct Hit {
    stores: [Option<HitStore>; 2],
    rooms: [Option<HitRoom>; 2],
    shops: [Option<HitShop>; 2],
    records: [Option<HitRecords>; 2],
    /// Counts and results by kind and blow.
    done: Vec<(Kind, Blow, usize, Kept)>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Options { rounds, seed } = Options::parse();
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    println!("{rounds} rounds, seed {seed}");
    let mut hit = Hit {
        stores: [Some(HitStore::in_a_folder()), HitStore::on_a_small_disk()],
        rooms: [None, None],
        shops: [Some(HitShop::in_a_folder()), HitShop::on_a_small_disk()],
        records: [Some(HitRecords::in_a_folder()), HitRecords::on_a_small_disk()],
        done: Vec::new(),
    };
    let has_small_disks = hit.stores[1].is_some();
    if !has_small_disks {
        println!(
            "FULL DISKS ARE NOT TRIED: a small disk needs the right to mount one, which the administrator has"
        );
    }
    let began = now();
    for round in 1..=rounds {
        let mut place = chance.random_range(0..100);
        let kind = SHARES.iter().find(|(_, share)| {
            let is_it = place < *share;
            place = place.saturating_sub(*share);
            is_it
        });
        let kind = kind.map_or(Kind::Store, |(kind, _)| *kind);
        let blows = if has_small_disks { Blow::ALL.len() } else { Blow::ALL.len() - 1 };
        hit.round(kind, Blow::ALL[chance.random_range(0..blows)], &mut chance).await;
        if round % TOLD_EVERY == 0 {
            println!("{round} of {rounds} rounds after {:.0} s", began.elapsed().as_secs_f64());
        }
    }
    for store in hit.stores.into_iter().flatten() {
        store.end().await;
    }
    let mut all = Kept::default();
    for (kind, blow, count, kept) in &hit.done {
        println!("{:<8} {:<12} {count:>5} rounds: {kept}", format!("{kind:?}"), format!("{blow:?}"));
        all += *kept;
    }
    println!(
        "{rounds} rounds in {:.0} s, seed {seed}: {all}; nothing lost, no file torn",
        began.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}

impl Hit {
    async fn round(&mut self, kind: Kind, blow: Blow, chance: &mut ChaCha8Rng) {
        let disk = usize::from(blow == Blow::FullDisk);
        let there = "a full disk is drawn only where there are small ones";
        let kept = match kind {
            Kind::Store => self.stores[disk].as_mut().expect(there).round(blow, chance).await,
            Kind::Shop => self.shops[disk].as_mut().expect(there).round(blow, chance).await,
            Kind::Record => self.records[disk].as_mut().expect(there).round(blow, chance).await,
            Kind::Room => {
                if self.rooms[disk].as_ref().is_none_or(|room| !room.goes_on()) {
                    // Close the old room first: each holds two shops.
                    self.rooms[disk] = None;
                    self.rooms[disk] = if disk == 0 {
                        Some(HitRoom::in_a_folder(&SCENARIOS).await)
                    } else {
                        HitRoom::on_a_small_disk(&SCENARIOS).await
                    };
                }
                self.rooms[disk].as_mut().expect(there).round(blow, chance).await
            }
        };
        match self.done.iter_mut().find(|(known, hit, ..)| (*known, *hit) == (kind, blow)) {
            Some((_, _, count, so_far)) => {
                *count += 1;
                *so_far += kept;
            }
            None => self.done.push((kind, blow, 1, kept)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "processes take time on the wall clock")]
fn now() -> Instant {
    Instant::now()
}
