//! The story, live: a healthy shop, one publish, the spread, the remedies that fail and the ones that work.
//!
//! The script fixes what people try and when. Every figure comes from what the simulated customers met.

use std::{io, path::PathBuf, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use chassis::Environment;
use clap::Args;
use console::style;
use experiment::compare::{CompareOptions, Extent, SEED_MAX, Study, study};
use http::StatusCode;
use incident::{EventKind, IncidentRecord, Remedy, Rules, Service, Story};
use tokio::time::{Instant, interval, sleep_until};
use world::{
    Addresses, EditorError, Mix, World,
    scenario::{STORY, draw::first_publish, scenario},
    shop::{TIME_TO_LIVE_S, VIEWS_PER_SECOND},
};

use crate::{
    args::{Format, ShopArgs},
    compare::{side_by_side, what_telemetry_changes},
    debrief,
    figures::{Figures, HealthTally},
    naming::RunName,
    output::{self, plain},
    record_keeper::run_of,
    screen::{self, Screen},
    stop::{self, Done, in_real_time},
    target::Tokens,
    work::watched,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// Takes twice the time, for a room that watches
    #[arg(long)]
    slow: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

/// When each part of the story ends, in seconds of the shop. A restart helps for as long as the cache treats a fragment as fresh, so that
/// time decides how long the whole story takes.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Part of the names of a run's files, beside its seed.
    name: &'static str,
    time_to_live_s: u32,
    /// How long availability must hold to count as restored, in seconds. This is less than the full minute required elsewhere, and the
    /// output says so.
    hold_s: u32,
    healthy_until_s: f64,
    spread_until_s: f64,
    restarted_until_s: f64,
    rolled_back_until_s: f64,
    ends_s: f64,
}

const ORDINARY: Pace = Pace {
    name: "",
    time_to_live_s: 6,
    hold_s: 7,
    healthy_until_s: 6.0,
    spread_until_s: 16.0,
    restarted_until_s: 28.0,
    rolled_back_until_s: 33.0,
    ends_s: 46.0,
};

const SLOW: Pace = Pace {
    name: "slow",
    time_to_live_s: TIME_TO_LIVE_S,
    hold_s: 20,
    healthy_until_s: 7.0,
    spread_until_s: 31.0,
    restarted_until_s: 53.0,
    rolled_back_until_s: 69.0,
    ends_s: 97.0,
};

impl Pace {
    /// Story minutes per minute of the shop. The time from the publish to the end covers the story's whole morning.
    fn speed(self) -> f64 {
        Story::default().ends_s() / (self.ends_s - self.healthy_until_s)
    }
}

const TICK: Duration = Duration::from_millis(250);

const HEALTH_EVERY: u32 = 8;

const LINE_EVERY: u32 = 12;

/// Next steps for the user: the purpose, the command, and what it does.
pub(crate) const NEXT: [(&str, &str, &str); 5] = [
    ("see it", "up", "break and repair it by hand"),
    ("teach it", "room --example", "a finished session of four teams"),
    ("measure it", "compare --quick", "all scenarios at all telemetry levels"),
    ("build on it", "verify --help", "judge a shop of your own"),
    ("", "doctor", "what this machine lacks, and for what"),
];

/// Plays the story, then compares telemetry levels. The result says whether the story came out as expected.
pub(crate) fn run(options: &DemoArgs, environment: &Environment) -> anyhow::Result<Done> {
    let screen = Screen::new(options.format);
    let tokens = Tokens::from_environment_or_new(environment)?;
    let (record, figures, named) = in_real_time(tell(options, &tokens, &screen))?;
    let done = if record.complete { figures.as_told().into() } else { Done::BrokenOff };
    if options.format == Format::Json {
        screen::line(&record.to_json());
        return Ok(done);
    }
    if !record.complete {
        screen::line(&named);
        return Ok(done);
    }
    // The comparison plays a shop with all its faults, which would mislead beside the figures of a repaired shop.
    let compares = options.shop.repair.is_empty();
    let seed = record.run.seed % SEED_MAX;
    let study = if compares { compare(seed)? } else { None };
    let last = match &study {
        Some(study) => ("What telemetry would have changed.", what_telemetry_changes(study)),
        None if compares => {
            ("PARTIAL.", Some("Stopped early, without the comparison of telemetry levels.".to_owned()))
        }
        None => ("What each repair saves,", Some("alone and with others, says glyphfall chain.".to_owned())),
    };
    for (title, sentence) in [
        ("What happened.", Some(figures.what_happened(&record))),
        ("What restored it.", Some(figures.what_restored(&record))),
        last,
    ] {
        let Some(sentence) = sentence else { continue };
        screen.say(&format!("\n{} {sentence}", style(title).bold()));
    }
    figures.lines().iter().for_each(|line| screen::line(line));
    if let Some(study) = &study {
        screen.say(&format!(
            "\nAnother incident of this scenario, with its own time, text and customers: one draw, at each telemetry level (response: the \
             model responder, seed {seed}, in virtual time; no measure of people, costs of looks are assumed):\n"
        ));
        for line in side_by_side(study) {
            screen.say(&line);
        }
    }
    screen::line(&named);
    if console::Term::stdout().is_term() {
        for line in next() {
            screen::line(&line);
        }
    }
    Ok(if compares && study.is_none() { Done::BrokenOff } else { done })
}

pub(crate) fn next() -> Vec<String> {
    let mut lines = vec![format!("\n{}", style("What next").bold())];
    lines.extend(NEXT.map(|(who, command, does)| format!("  {who:<11}  glyphfall {command:<16} {does}")));
    lines.push("  In a checkout, 'cargo run --release --' stands for 'glyphfall'.".to_owned());
    lines
}

/// Plays the story live, and says where the record and its debrief are. If stopped early, it still writes both, marked as partial.
async fn tell(
    options: &DemoArgs,
    tokens: &Tokens,
    screen: &Screen,
) -> anyhow::Result<(IncidentRecord, Figures, String)> {
    let seed = options.shop.seed();
    let pace = if options.slow { SLOW } else { ORDINARY };
    let stem = RunName::new(&format!("incident-{STORY}"), seed)
        .with("", &options.shop.level()?.name(), &chassis::Level::Dark.name())
        .with("views", &options.shop.views, &VIEWS_PER_SECOND)
        .with("", &pace.name, &"")
        .repaired(&options.shop.repair)
        .into_name();
    debrief::can_leave(&options.out, &stem)?;
    let mut story = Storyteller::begin(options, pace, tokens, seed, screen).await?;
    tokio::select! {
        told = story.tell() => told?,
        () = stop::told() => {
            screen.clear();
            story.world.note(EventKind::Aborted { text: "stopped by Ctrl-C".to_owned() });
        }
    }
    let Storyteller { world, health, .. } = story;
    let record = world.finish().await;
    screen.clear();
    let figures = Figures::of(&record, health);
    let files = debrief::leave(&record, &options.out, &stem)?;
    let named = debrief::named(&record, &files);
    Ok((record, figures, named))
}

/// Starts the shop on its standard ports, or on free ones if those are taken.
async fn start(options: &DemoArgs, pace: Pace, tokens: &Tokens, seed: u64) -> anyhow::Result<World> {
    let mut addresses = options.shop.ports.on("127.0.0.1", None)?;
    loop {
        let mut shop = options.shop.shop(addresses, tokens, seed)?;
        shop.time_to_live_s = pace.time_to_live_s;
        let rules = Rules { hold_s: pace.hold_s, ..Rules::default() };
        let run = run_of(shop.level, shop.faults_present(), seed, (STORY, "demo"), pace.speed(), rules);
        let starts_story_s = -pace.healthy_until_s * pace.speed();
        let started = World::start(shop, &Mix::of(options.shop.views), run, starts_story_s).await;
        match started {
            Ok(world) => return Ok(world),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                output::error_line(&format!("{error}; taking free ports instead"));
                addresses = Addresses::free();
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Plays another incident of the same scenario in virtual time at each level, with the model responder. It runs after the live part, so
/// that it cannot distort the live figures. `None` if stopped.
fn compare(seed: u64) -> anyhow::Result<Option<Study>> {
    let mut options = CompareOptions::new(seed, Extent::Levels);
    options.scenarios = vec![scenario(STORY)?];
    watched(options.steps(false), "recordings and diagnoses", |watch| study(options, None, watch))
}

struct Storyteller<'a> {
    world: World,
    pace: Pace,
    began: Instant,
    screen: &'a Screen,
    health: HealthTally,
    green: String,
    ticks: u32,
}

impl<'a> Storyteller<'a> {
    async fn begin(
        options: &DemoArgs,
        pace: Pace,
        tokens: &Tokens,
        seed: u64,
        screen: &'a Screen,
    ) -> anyhow::Result<Self> {
        screen.say(&format!(
            "{}  seed {seed}, {} page views/s, telemetry {}, {:.0} story minutes a minute; a fragment lives for {} s in the cache\n",
            style("Glyphfall").bold(),
            options.shop.views,
            options.shop.level()?.name(),
            pace.speed(),
            pace.time_to_live_s
        ));
        let world = start(options, pace, tokens, seed).await?;
        let began = Instant::now() - Duration::from_secs_f64(world.at_s());
        let (health, green) = (HealthTally::default(), String::new());
        Ok(Self { world, pace, began, screen, health, green, ticks: 0 })
    }

    async fn tell(&mut self) -> anyhow::Result<()> {
        let (asset, body) = first_publish(&scenario(STORY)?).context("the story publishes an asset")?;
        let address = self.world.shop().addresses().web_front.clone();
        let opens = format!("The shop is open at http://{address}/ and all is well.");
        self.chapter("An ordinary morning.", &opens).await;
        self.watch_until(self.pace.healthy_until_s).await;
        self.publish(&asset, body).await?;
        self.watch_until(self.pace.spread_until_s).await;
        let HealthTally { asked, green, .. } = self.health;
        self.say(&format!("{} Health checks so far: {asked} asked, {green} green.", self.state()));
        let restart = Remedy::Restart { service: Service::Cache };
        let steps = [
            ("Somebody restarts the cache.", restart.clone(), self.pace.restarted_until_s),
            ("Somebody rolls the banner back.", Remedy::RollBack { asset }, self.pace.rolled_back_until_s),
            ("Rolled back, the cache is restarted once more.", restart, self.pace.ends_s),
        ];
        for (title, remedy, until_s) in steps {
            if self.is_well() {
                break;
            }
            self.chapter(title, "").await;
            self.world.act(remedy).await.context(
                "the remedy could not be carried out, so the story has no end; start it again with 'glyphfall demo'",
            )?;
            self.watch_until(until_s).await;
            self.say(&self.state());
        }
        if self.world.at_s() < self.pace.ends_s {
            self.watch_until(self.pace.ends_s).await;
            self.say(&self.state());
        }
        let HealthTally { asked, green, .. } = self.health;
        let text = format!("health checks since the publish: {asked} asked, {green} answered 200");
        self.world.note(EventKind::Note { text });
        Ok(())
    }

    async fn publish(&mut self, asset: &str, body: Bytes) -> anyhow::Result<()> {
        let title = "An editor brings the spring offer up to date.";
        self.chapter(title, "One soft line break came along from the word processor: U+000B.").await;
        self.say("(A customer gives up after 10 s, and counts as lost from then on.)");
        self.health = HealthTally::default();
        match self.world.publish(asset, body).await {
            Ok(version) => {
                self.say(&format!("{asset} version {version} is published. The store answered: done."));
            }
            Err(EditorError::Refused { status, detail }) => {
                let text = format!("the publish was refused: {status}: {detail}");
                self.world.note(EventKind::Note { text });
                self.say(&format!("The store refused it with {status}: {}", plain(&detail)));
            }
            Err(error) => return Err(error).context("the trigger could not be published"),
        }
        Ok(())
    }

    async fn chapter(&mut self, title: &str, text: &str) {
        let (time, _) = screen::time_and_loss(&self.world);
        self.ask_health().await;
        self.screen.say(&format!("{}  {}", style(time).bold(), style(title).bold()));
        self.say(text);
    }

    fn say(&self, text: &str) {
        if !text.is_empty() {
            self.screen.say(&format!("       {text}"));
        }
    }

    async fn watch_until(&mut self, until_s: f64) {
        let until = self.began + Duration::from_secs_f64(until_s);
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                _ = ticks.tick() => {}
            }
            self.ticks += 1;
            if self.ticks.is_multiple_of(HEALTH_EVERY) {
                self.ask_health().await;
            }
            if self.ticks.is_multiple_of(LINE_EVERY) {
                self.screen.show_line(&self.world);
            }
            self.screen.show(&self.world, &self.green);
        }
    }

    async fn ask_health(&mut self) {
        let answers = self.world.shop().health().await;
        let count = |status| {
            let counted = answers.iter().filter(|answer| answer.status == Some(status)).count();
            u32::try_from(counted).unwrap_or(u32::MAX)
        };
        let green = count(StatusCode::OK);
        self.health.asked += u32::try_from(answers.len()).unwrap_or(u32::MAX);
        self.health.green += green;
        self.health.not_ready += count(StatusCode::SERVICE_UNAVAILABLE);
        self.green = format!("health: {green} of {} green", answers.len());
    }

    /// Whether nearly all recent visits were served, counting only those that could have been answered by now.
    fn is_well(&self) -> bool {
        self.served_now().is_some_and(|share| share > 0.99)
    }

    fn served_now(&self) -> Option<f64> {
        let second = screen::whole_seconds(self.world.at_s());
        screen::served(&self.world, None, second.saturating_sub(5), second.saturating_sub(1))
    }

    fn state(&self) -> String {
        let share = self
            .served_now()
            .map_or("nobody came".into(), |share| format!("{:.0} % of visits are served", share * 100.0));
        let (time, loss) = screen::time_and_loss(&self.world);
        if self.world.at_s() >= self.pace.ends_s {
            // The record's own figure follows immediately, so leave this one out.
            return format!("{time}: {share}.");
        }
        format!("{time}: {share}, {} customers wait, {loss} lost.", self.world.customers().waiting())
    }
}
