//! What a seed makes of a shop's next minute: who does what to it, and when. Teaches that a plan is data: it can be printed, repeated, and
//! made shorter while it still fails.

use std::{fmt, time::Duration};

use bytes::Bytes;
use chassis::{LatentFault, Level, rng};
use incident::Service;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use world::{
    scenario::happening::{Otherwise, Party},
    shop::seed_assets,
};

/// Steps of a plan: enough for faults to meet, few enough to read.
const STEPS: std::ops::RangeInclusive<usize> = 6..=22;

/// The longest pause between two steps. Most are far shorter, so that things happen at once.
const PAUSE_MAX_S: f64 = 9.0;

/// Assets that editors change: one for each kind of page, and the one that is data.
pub const ASSETS: [&str; 5] =
    ["promo-banner", "home-intro", "product-moka-pot", "checkout-notes", "price-list"];

/// Of these, what a page can do without.
const SPARE: [&str; 4] = ["promo-banner", "home-intro", "product-moka-pot", "checkout-notes"];

/// What gets into texts: what each place forbids, and what is harmless.
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

/// The links of a shop, each from who calls to who is called.
const LINKS: [(Party, Service); 6] = [
    (Party::Customers, Service::WebFront),
    (Party::Customers, Service::ContentStore),
    (Party::WebFront, Service::Cache),
    (Party::WebFront, Service::ContentStore),
    (Party::Cache, Service::ContentStore),
    (Party::ContentStore, Service::Cache),
];

/// The faults that customers can meet. The fourth, telemetry, is turned by its level.
pub const FAULTS: [LatentFault; 3] =
    [LatentFault::InvalidRendering, LatentFault::PoorErrorHandling, LatentFault::MissingHealthCheck];

/// What a seed is played beside its own plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twin {
    /// Nothing.
    None,
    /// The same plan once more.
    Again,
    /// The same plan without telemetry.
    Dark,
    /// Another world in the same process, to which nothing happens; and that one alone.
    Neighbour,
}

/// One minute of one shop.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it was drawn from, and what all chance in its world comes from.
    pub seed: u64,
    /// Whether the shop begins, and stays, without latent faults.
    pub is_repaired: bool,
    /// The telemetry level at first.
    pub level: Level,
    /// Fills that the cache may run at once.
    pub permits: usize,
    /// Customers.
    pub views_per_second: f64,
    /// What it is compared with.
    pub twin: Twin,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
}

/// Something that happens at a moment after the start.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: Duration,
    /// What.
    pub doing: Doing,
}

/// What can happen to a link.
#[derive(Clone, Copy, Debug)]
pub enum Bad {
    /// Every burst of bytes takes longer.
    Slow(Duration),
    /// A share of bursts breaks its connection.
    Breaks(f64),
    /// A share of bursts vanishes.
    Loses(f64),
    /// Bursts overtake each other.
    Reorders(Duration),
    /// A share of requests arrives twice.
    Doubles(f64),
    /// Its certificate has expired.
    Expired,
}

/// One step.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the sentence that each prints says what it is")]
pub enum Doing {
    Publish { asset: &'static str, text: Vec<u8> },
    RollBack { asset: &'static str },
    Delete { asset: &'static str },
    Link { from: Party, to: Service, bad: Bad },
    Mend { from: Party, to: Service },
    RepairNetwork,
    Suspend(Service),
    Resume(Service),
    Kill(Service),
    Restart(Service),
    LosePower,
    LosePowerAfter(u32),
    FillFile,
    FillDisk,
    SlowDisk(Duration),
    ReplaceDisk,
    Flush,
    AddCapacity(Service),
    Release { timeout: Duration, notes: Option<&'static str> },
    RollBackRelease(Service),
    Crowd(u8),
    Disperse,
    Watch { asset: &'static str },
    HealthCheck { service: Service, otherwise: Otherwise },
    Uploads(usize),
    LoseTelemetry,
    SetLevel(Level),
    Repair(LatentFault),
    BringBack(LatentFault),
    Reset,
}

impl Plan {
    /// What `seed` makes of it.
    pub fn of(seed: u64) -> Self {
        let mut chance = rng(seed, "faults", "plan");
        let chance = &mut chance;
        let twins = [Twin::None, Twin::Again, Twin::Dark, Twin::Neighbour];
        let (is_repaired, level) = (chance.random_bool(0.5), any(chance, &Level::ALL));
        let (permits, twin) = (any(chance, &[1, 2, 8, 64]), any(chance, &twins));
        // Or there would be nothing to compare.
        let level = if twin == Twin::Dark { Level::RICHEST } else { level };
        let views_per_second = any(chance, &[0.3, 0.6, 1.0]);
        let mut at = Duration::from_secs(2);
        let mut steps = Vec::new();
        for number in 0..chance.random_range(STEPS) {
            // A third at once, and otherwise short pauses more often than long ones.
            if chance.random_bool(0.7) {
                at += Duration::from_secs_f64(PAUSE_MAX_S * chance.random::<f64>().powi(2));
            }
            // To the millisecond, so that a plan can be written down.
            at = Duration::from_millis(u64::try_from(at.as_millis()).expect("a minute"));
            steps.push(Step { at, doing: doing(chance, is_repaired, number) });
        }
        Self { seed, is_repaired, level, permits, views_per_second, twin, steps }
    }

    /// The same at one telemetry level throughout. No step is left out: after each somebody looks at a page.
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

    /// When its last step is.
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

/// Half of all steps are what people do, half are faults.
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
            notes: any(chance, &[None, Some("checkout-notes-2")]),
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

/// What an asset of the shop says at first; nothing if it is none.
pub fn original(asset: &str) -> Bytes {
    let found = seed_assets().into_iter().find(|seed| seed.id.as_str() == asset);
    found.map(|seed| seed.body).unwrap_or_default()
}

/// A text that no other step publishes.
fn publish(chance: &mut ChaCha8Rng, number: usize) -> Doing {
    let (asset, odd) = (any(chance, &ASSETS), any(chance, &ODD));
    let line = [format!("No. {number}: spring ").as_bytes(), odd, b" in the kitchen"].concat();
    // Without its prices no page can be shown.
    let prices = if asset == "price-list" { original(asset) } else { Bytes::new() };
    let text = if prices.is_empty() { line } else { [&prices, b"\n".as_slice(), &line].concat() };
    Doing::Publish { asset, text }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, is_repaired, level, permits, views_per_second, twin, steps } = self;
        let faults = if *is_repaired { "no latent fault" } else { "all latent faults" };
        writeln!(
            f,
            "Seed {seed}: a shop with {faults} at level {level}, {permits} permits, {views_per_second} views a second"
        )?;
        match twin {
            Twin::None => {}
            Twin::Again => writeln!(f, "  played twice")?,
            Twin::Dark => writeln!(f, "  compared with itself at level dark")?,
            Twin::Neighbour => writeln!(f, "  beside another world, compared with that one alone")?,
        }
        for (number, Step { at, doing }) in steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {:>7.3} s  {doing}", number + 1, at.as_secs_f64())?;
        }
        Ok(())
    }
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sides = |from: &Party, to: &Service| format!("the link from {} to {}", from.name(), to.name());
        match self {
            Self::Publish { asset, text } => {
                let line = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                write!(f, "an editor publishes {asset}: \"{}\"", line.escape_ascii())
            }
            Self::RollBack { asset } => write!(f, "somebody rolls {asset} back"),
            Self::Delete { asset } => write!(f, "an editor deletes {asset}"),
            Self::Link { from, to, bad } => write!(f, "{} {bad}", sides(from, to)),
            Self::Mend { from, to } => write!(f, "{} is as good as new", sides(from, to)),
            Self::RepairNetwork => write!(f, "somebody repairs the network inside the shop"),
            Self::Suspend(service) => write!(f, "the {} stands still", service.name()),
            Self::Resume(service) => write!(f, "the {} goes on, if it stood still", service.name()),
            Self::Kill(service) => write!(f, "the {} is killed", service.name()),
            Self::Restart(service) => write!(f, "somebody restarts the {}", service.name()),
            Self::LosePower => write!(f, "the content store's machine loses its power, and starts again"),
            Self::LosePowerAfter(changes) => {
                write!(f, "the content store's disk will lose its power after {changes} changes of its file")
            }
            Self::FillFile => write!(f, "the file system beneath the content store is full"),
            Self::FillDisk => write!(f, "the content store's disk takes no further version"),
            Self::SlowDisk(seek) => write!(f, "each read of the content store's disk takes {seek:?}"),
            Self::ReplaceDisk => {
                write!(f, "somebody gives the content store another disk with the same content")
            }
            Self::Flush => write!(f, "somebody empties the cache"),
            Self::AddCapacity(service) => write!(f, "somebody gives the {} more capacity", service.name()),
            Self::Release { timeout, notes } => {
                write!(f, "the web front is released with a timeout of {timeout:?}")?;
                notes.map_or(Ok(()), |notes| write!(f, " and its notes from {notes}"))
            }
            Self::RollBackRelease(service) => {
                write!(f, "somebody rolls the release of the {} back", service.name())
            }
            Self::Crowd(times) => write!(f, "{times} times as many customers come"),
            Self::Disperse => write!(f, "no more customers than usual come"),
            Self::Watch { asset } => write!(f, "somebody watches the home page for {asset}"),
            Self::HealthCheck { service, otherwise } => {
                let then = match otherwise {
                    Otherwise::Withdraw => "sends customers away while it fails",
                    Otherwise::Restart => "restarts it when it fails",
                };
                write!(f, "somebody checks the health of the {} and {then}", service.name())
            }
            Self::Uploads(count) => write!(f, "{count} uploads begin that never end"),
            Self::LoseTelemetry => write!(f, "telemetry is lost on its way"),
            Self::SetLevel(level) => write!(f, "telemetry is set to {level}"),
            Self::Repair(fault) => write!(f, "{} is repaired", fault.name()),
            Self::BringBack(fault) => write!(f, "{} is brought back", fault.name()),
            Self::Reset => write!(f, "everything is reset"),
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(delay) => write!(f, "is {delay:?} slower"),
            Self::Breaks(share) => write!(f, "breaks its connection with {share} of all bursts"),
            Self::Loses(share) => write!(f, "loses {share} of all bursts"),
            Self::Reorders(jitter) => {
                write!(f, "delays each burst by up to {jitter:?}, so that they overtake each other")
            }
            Self::Doubles(share) => write!(f, "delivers {share} of all requests twice"),
            Self::Expired => write!(f, "shows an expired certificate"),
        }
    }
}
