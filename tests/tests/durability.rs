//! No acknowledged write is lost, and no file is incomplete, whatever happens to the writing process. These tests run a few rounds of each
//! kind; `cargo xtask durability` runs a thousand.

use glyphfall_tests::durability::{
    Blow, Kept, records::HitRecords, room::HitRoom, shop::HitShop, store::HitStore,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STORE_ROUNDS: usize = 150;

/// A random generator. Its seed is printed.
fn chance() -> ChaCha8Rng {
    let seed: u64 = rand::rng().random();
    eprintln!("seed {seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_acknowledged_version() {
    let (mut store, mut kept, mut chance) = (HitStore::in_a_folder(), Kept::default(), chance());
    for round in 0..STORE_ROUNDS {
        // Mostly kill the process directly, because stopping it first takes longer.
        let blow = if round % 25 == 0 { Blow::StopAndKill } else { Blow::Kill };
        kept += store.round(blow, &mut chance).await;
    }
    store.end().await;
    assert!(kept.told > 2 * STORE_ROUNDS, "{kept}");
    println!("{STORE_ROUNDS} kills: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_was_told_is_done_is_there_after_a_kill_at_any_moment() {
    let (mut room, mut chance) = (HitRoom::in_a_folder(&["stopped-store", "stopped-store"]).await, chance());
    for blow in [Blow::Kill, Blow::StopAndKill, Blow::Kill] {
        room.round(blow, &mut chance).await;
    }
    assert!(room.told() > 5, "{} thoughts only", room.told());
    println!(
        "{} thoughts told and kept over 3 kills; the slowest was answered in {:?}",
        room.told(),
        room.slowest
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_is_killed_amid_remedies_keeps_its_content_and_opens_again() {
    let (mut shop, mut kept, mut chance) = (HitShop::in_a_folder(), Kept::default(), chance());
    for blow in [Blow::Kill, Blow::StopAndKill, Blow::Kill] {
        kept += shop.round(blow, &mut chance).await;
    }
    println!("3 shops killed: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_whole_or_not_there() {
    let (mut records, mut chance) = (HitRecords::in_a_folder(), chance());
    for blow in [Blow::Kill, Blow::StopAndKill] {
        records.round(blow, &mut chance).await;
    }
    let Some(mut records) = HitRecords::on_a_small_disk() else {
        eprintln!("NOT RUN on a full disk: a small disk needs the right to mount one");
        return;
    };
    records.round(Blow::FullDisk, &mut chance).await;
}
