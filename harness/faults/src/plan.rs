//! What a seed draws for a shop's next minute: who does what to it, and when. Teaches that a plan is data: it can be printed,
//! repeated, and shortened while it still fails.

use std::{fmt, time::Duration};

use bytes::Bytes;
use chassis::{LatentFault, Level, rng};
use displaydoc::Display;
use incident::Service;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use web_front::CHECKOUT_NOTES;
use world::scenario::{
    draw::original,
    happening::{Otherwise, Party},
};

/// The number of steps in a plan: enough for faults to meet, few enough to read.
const STEPS: std::ops::RangeInclusive<usize> = 6..=22;

/// The longest pause between two steps. Most pauses are far shorter, so that faults overlap.
const PAUSE_MAX_S: f64 = 9.0;

/// Assets that editors change: one for each kind of page, and the one that is data.
pub const ASSETS: [&str; 5] =
    ["promo-banner", "home-intro", "product-moka-pot", "checkout-notes", "price-list"];

/// The assets that a page can do without.
const SPARE: [&str; 4] = ["promo-banner", "home-intro", "product-moka-pot", "checkout-notes"];

/// Insertions into texts: for each place something that it forbids, and some harmless ones.
const ODD: [&[u8]; 14] = [
    b"",
    b"",
    b"\x0b",
    b"<b>",
    b"</script>",
    b"</p><script>x",
    b"&amp;&lt",
    b"\"\\",
    b"\0",
    b"\xe9",
    "\u{2028}".as_bytes(),
    "\u{ffff}".as_bytes(),
    "\u{85}".as_bytes(),
    "\u{1f33f}".as_bytes(),
];

/// The links of a shop, each from caller to callee.
const LINKS: [(Party, Service); 6] = [
    (Party::Customers, Service::WebFront),
    (Party::Customers, Service::ContentStore),
    (Party::WebFront, Service::Cache),
    (Party::WebFront, Service::ContentStore),
    (Party::Cache, Service::ContentStore),
    (Party::ContentStore, Service::Cache),
];

/// The latent faults that customers can meet. The fourth concerns telemetry; the telemetry level controls it.
pub const FAULTS: [LatentFault; 3] =
    [LatentFault::InvalidRendering, LatentFault::PoorErrorHandling, LatentFault::MissingHealthCheck];

/// What a seed is played beside its own plan.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Twin {
    /// compared with nothing
    None,
    /// played twice
    Again,
    /// compared with itself at level dark
    Dark,
    /// beside another world in the same process, compared with that one alone
    Neighbour,
}

/// One minute of one shop.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of the plan, and of all chance in its world.
    pub seed: u64,
    /// Whether the shop has no latent faults, from beginning to end.
    pub is_repaired: bool,
    /// The initial telemetry level.
    pub level: Level,
    /// Fills that the cache may run at once.
    pub permits: usize,
    pub views_per_second: f64,
    pub twin: Twin,
    /// The steps, in order of time.
    pub steps: Vec<Step>,
}

/// One step, at a time after the start.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: Duration,
    pub doing: Doing,
}

/// What can happen to a link.
#[derive(Clone, Copy, Debug, Display)]
pub enum Bad {
    /// is {0:?} slower
    Slow(Duration),
    /// breaks its connection with {0} of all bursts
    Breaks(f64),
    /// loses {0} of all bursts
    Loses(f64),
    /// delays each burst by up to {0:?}, so that they overtake each other
    Reorders(Duration),
    /// delivers {0} of all requests twice
    Doubles(f64),
    /// shows an expired certificate
    Expired,
}

/// A text that an editor publishes. A plan prints only its last line: the lines before it are the shop's own.
#[derive(Clone, Debug)]
pub struct Text(pub Vec<u8>);

/// One step. Each prints as its comment.
#[derive(Clone, Debug, Display)]
pub enum Doing {
    /// an editor publishes {asset}: "{text}"
    Publish { asset: &'static str, text: Text },
    /// somebody rolls {asset} back
    RollBack { asset: &'static str },
    /// an editor deletes {asset}
    Delete { asset: &'static str },
    /// the link from {from} to {to} {bad}
    Link { from: Party, to: Service, bad: Bad },
    /// the link from {from} to {to} is as good as new
    Mend { from: Party, to: Service },
    /// somebody repairs the network inside the shop
    RepairNetwork,
    /// the {0} stands still
    Suspend(Service),
    /// the {0} goes on, if it stood still
    Resume(Service),
    /// the {0} is killed
    Kill(Service),
    /// somebody restarts the {0}
    Restart(Service),
    /// the content store's machine loses its power, and starts again
    LosePower,
    /// the content store's disk will lose its power after {0} changes of its file
    LosePowerAfter(u32),
    /// the file system beneath the content store is full
    FillFile,
    /// the content store's disk takes no further version
    FillDisk,
    /// each read of the content store's disk takes {0:?}
    SlowDisk(Duration),
    /// somebody gives the content store another disk with the same content
    ReplaceDisk,
    /// somebody empties the cache
    Flush,
    /// somebody gives the {0} more capacity
    AddCapacity(Service),
    /// the web front is released with a timeout of {timeout:?} and its notes from {notes}
    Release { timeout: Duration, notes: &'static str },
    /// somebody rolls the release of the {0} back
    RollBackRelease(Service),
    /// {0} times as many customers come
    Crowd(u8),
    /// no more customers than usual come
    Disperse,
    /// somebody watches the home page for {asset}
    Watch { asset: &'static str },
    /// a check of the health of the {service} begins: {otherwise:?} when it fails
    HealthCheck { service: Service, otherwise: Otherwise },
    /// {0} uploads begin that never end
    Uploads(usize),
    /// telemetry is lost on its way
    LoseTelemetry,
    /// telemetry is set to {0}
    SetLevel(Level),
    /// {0} is repaired
    Repair(LatentFault),
    /// {0} is brought back
    BringBack(LatentFault),
    /// everything is reset
    Reset,
}

impl Plan {
    /// Draws the plan of `seed`.
    pub fn of(seed: u64) -> Self {
        let mut chance = rng(seed, "faults", "plan");
        let chance = &mut chance;
        let twins = [Twin::None, Twin::Again, Twin::Dark, Twin::Neighbour];
        let (is_repaired, level) = (chance.random_bool(0.5), any(chance, &Level::ALL));
        let (permits, twin) = (any(chance, &[1, 2, 8, 64]), any(chance, &twins));
        // At level dark, the twin would be the same and there would be nothing to compare.
        let level = if twin == Twin::Dark { Level::RICHEST } else { level };
        let views_per_second = any(chance, &[0.3, 0.6, 1.0]);
        let mut at = Duration::from_secs(2);
        let mut steps = Vec::new();
        for number in 0..chance.random_range(STEPS) {
            // About a third of the steps follow at once. Of the pauses, more are short than long.
            if chance.random_bool(0.7) {
                at += Duration::from_secs_f64(PAUSE_MAX_S * chance.random::<f64>().powi(2));
            }
            // Round to the millisecond, so that the printed plan is exact.
            at = Duration::from_millis(u64::try_from(at.as_millis()).expect("a minute"));
            steps.push(Step { at, doing: doing(chance, is_repaired, number) });
        }
        Self { seed, is_repaired, level, permits, views_per_second, twin, steps }
    }

    /// The same plan at one telemetry level throughout. It keeps the steps that set the level, because each step is followed by a
    /// page view.
    #[must_use]
    pub fn at_level(&self, level: Level) -> Self {
        let mut same = Self { level, ..self.clone() };
        for step in &mut same.steps {
            if let Doing::SetLevel(set) = &mut step.doing {
                *set = level;
            }
        }
        same
    }

    /// The time of the last step.
    pub fn ends_at(&self) -> Duration {
        self.steps.last().map_or(Duration::ZERO, |step| step.at)
    }
}

fn any<T: Copy>(chance: &mut ChaCha8Rng, choices: &[T]) -> T {
    *choices.choose(chance).expect("there are choices")
}

fn millis(chance: &mut ChaCha8Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(chance.random_range(from..=to))
}

/// Half of all steps are actions of people, half are faults.
fn doing(chance: &mut ChaCha8Rng, is_repaired: bool, number: usize) -> Doing {
    let service = any(chance, &Service::ALL);
    let (from, to) = any(chance, &LINKS);
    match chance.random_range(0..100) {
        20..26 => Doing::RollBack { asset: any(chance, &ASSETS) },
        26..28 => Doing::Delete { asset: any(chance, &SPARE) },
        28..45 => Doing::Link { from, to, bad: bad(chance) },
        45..49 => Doing::Mend { from, to },
        49..50 => Doing::RepairNetwork,
        50..54 => Doing::Suspend(service),
        54..56 => Doing::Resume(service),
        56..61 => Doing::Kill(service),
        61..68 => Doing::Restart(service),
        68..71 => Doing::LosePower,
        71..74 => Doing::LosePowerAfter(chance.random_range(0..40)),
        74..76 => Doing::FillFile,
        76..77 => Doing::FillDisk,
        77..79 => Doing::SlowDisk(millis(chance, 50, 2_500)),
        79..81 => Doing::ReplaceDisk,
        81..83 => Doing::Flush,
        83..84 => Doing::AddCapacity(service),
        84..85 => Doing::Release {
            timeout: millis(chance, 20, 1_500),
            notes: any(chance, &[CHECKOUT_NOTES, "checkout-notes-2"]),
        },
        85..87 => Doing::RollBackRelease(service),
        87..88 => Doing::Crowd(chance.random_range(2..=5)),
        88..89 => Doing::Disperse,
        89..90 => Doing::Watch { asset: any(chance, &["promo-banner", "home-intro"]) },
        90..91 => {
            Doing::HealthCheck { service, otherwise: any(chance, &[Otherwise::Withdraw, Otherwise::Restart]) }
        }
        91..92 => Doing::Uploads(chance.random_range(1..=6)),
        92..93 => Doing::LoseTelemetry,
        93..96 => Doing::SetLevel(any(chance, &Level::ALL)),
        96..98 if !is_repaired => {
            let fault = any(chance, &FAULTS);
            if chance.random_bool(0.5) { Doing::Repair(fault) } else { Doing::BringBack(fault) }
        }
        0..20 | 96..98 => publish(chance, number),
        _ => Doing::Reset,
    }
}

fn bad(chance: &mut ChaCha8Rng) -> Bad {
    let share = any(chance, &[0.05, 0.2, 0.5, 1.0]);
    match chance.random_range(0..6) {
        0 => Bad::Slow(millis(chance, 50, 3_000)),
        1 => Bad::Breaks(share),
        2 => Bad::Loses(share),
        3 => Bad::Reorders(millis(chance, 50, 2_000)),
        4 => Bad::Doubles(share),
        _ => Bad::Expired,
    }
}

/// A publish of a text that no other step publishes.
fn publish(chance: &mut ChaCha8Rng, number: usize) -> Doing {
    let (asset, odd) = (any(chance, &ASSETS), any(chance, &ODD));
    let line = [format!("No. {number}: spring ").as_bytes(), odd, b" in the kitchen"].concat();
    // No page can be shown without the prices, so they stay.
    let prices = if asset == "price-list" { original(asset) } else { Bytes::new() };
    let text = if prices.is_empty() { line } else { [&prices, b"\n".as_slice(), &line].concat() };
    Doing::Publish { asset, text: Text(text) }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, is_repaired, level, permits, views_per_second, twin, steps } = self;
        let faults = if *is_repaired { "no latent fault" } else { "all latent faults" };
        writeln!(
            f,
            "Seed {seed}: a shop with {faults} at level {level}, {permits} permits, {views_per_second} views a second"
        )?;
        if *twin != Twin::None {
            writeln!(f, "  {twin}")?;
        }
        for (number, Step { at, doing }) in steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {:>7.3} s  {doing}", number + 1, at.as_secs_f64())?;
        }
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        line.escape_ascii().fmt(f)
    }
}
