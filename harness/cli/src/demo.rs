//! The story, live: a healthy shop, one publish, the spread, the remedies that fail and the ones that work.
//!
//! The script says what people try and when. What comes of it is what the customers met: every figure is theirs.

use std::{io, path::PathBuf, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use chassis::Environment;
use clap::Args;
use console::style;
use experiment::compare::{CompareOptions, Extent, SEED_MAX, study};
use incident::{EventKind, Remedy, Rules, Service};
use tokio::time::{Instant, interval, sleep_until};
use world::{
    Addresses, EditorError, Mix, World,
    scenario::{STORY, draw::first_publish, scenario},
    shop::VIEWS_PER_SECOND,
};

use crate::{
    args::{Format, ShopArgs, factor},
    compare::side_by_side,
    debrief,
    done::Done,
    figures::{Figures, HealthTally},
    live::{run_of, shop_options},
    naming::RunName,
    output::{self, plain},
    real_time::in_real_time,
    screen::{self, Screen},
    stop,
    target::Tokens,
    work::watched,
};

#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// Story minutes per wall-clock minute. The default is chosen so that the remedies of the story, tried one after
    /// the other, fill its morning
    #[arg(long, value_name = "FACTOR", default_value_t = DEMO_SPEED, value_parser = factor)]
    speed: f64,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for the incident record and its debrief
    #[arg(long, value_name = "DIR", default_value = "glyphfall-out")]
    out: PathBuf,
}

/// Story minutes a minute of the demonstration: the remedies of the story, tried one after the other, fill its morning.
const DEMO_SPEED: f64 = 270.0;

/// How long the healthy shop is watched before the publish.
const HEALTHY: Duration = Duration::from_secs(7);

/// How long the outage is watched spreading: a time to live with its jitter, and some seconds at the bottom.
const SPREADS: Duration = Duration::from_secs(23);

/// How long a restart is watched to hold or not: a time to live with its jitter, and some seconds at the bottom.
const RESTART_WATCHED: Duration = Duration::from_secs(22);

/// How long a roll back is watched to help or not.
const ROLL_BACK_WATCHED: Duration = Duration::from_secs(16);

/// How long the restored shop is watched.
const RESTORED_WATCHED: Duration = Duration::from_secs(23);

/// The demonstration holds for less than the full minute that restoring asks for elsewhere, and says so.
const HOLD_S: u32 = 20;

const TICK: Duration = Duration::from_millis(250);

const HEALTH_EVERY: u32 = 8;

/// How often a pipe gets a line.
const LINE_EVERY: u32 = 20;

/// Tells the story, then compares; says whether it came out as it is told.
pub(crate) fn run(options: &DemoArgs, environment: &Environment) -> anyhow::Result<Done> {
    let screen = Screen::new(options.format);
    let tokens = Tokens::from_environment_or_new(environment)?;
    let (told, compared_seed) = in_real_time(tell(options, &tokens, &screen))?;
    match compared_seed {
        Some(seed) if !compare(seed, &screen)? => Ok(Done::BrokenOff),
        _ => Ok(told),
    }
}

/// Tells the story live. Broken off, it writes what there is, marked as partial, and leaves no seed to compare.
async fn tell(options: &DemoArgs, tokens: &Tokens, screen: &Screen) -> anyhow::Result<(Done, Option<u64>)> {
    let seed = options.shop.seed();
    let stem = RunName::new(&format!("incident-{STORY}"), seed)
        .with("", &options.shop.level()?.name(), &chassis::Level::Dark.name())
        .with("views", &options.shop.views, &VIEWS_PER_SECOND)
        .with("speed", &options.speed, &DEMO_SPEED)
        .repaired(&options.shop.repair)
        .into_name();
    debrief::can_leave(&options.out, &stem)?;
    let mut story = Storyteller::begin(options, tokens, seed, screen).await?;
    let is_whole = tokio::select! {
        told = story.tell() => told.map(|()| true)?,
        () = stop::told() => {
            screen.clear();
            story.world.note(EventKind::Aborted { text: "stopped by Ctrl-C".to_owned() });
            false
        }
    };
    let Storyteller { world, health, .. } = story;
    let record = world.finish().await;
    screen.clear();
    let figures = Figures::of(&record, health);
    let files = debrief::leave(&record, &options.out, &stem)?;
    match options.format {
        Format::Json => screen::line(&record.to_json()),
        Format::Text => {
            for line in figures.lines().iter().filter(|_| is_whole) {
                screen::line(line);
            }
            screen::line(&debrief::named(&record, &files));
        }
    }
    // What is compared is the shop with all its faults: beside the figures of another it would mislead.
    let is_repaired = !options.shop.repair.is_empty();
    if is_whole && is_repaired {
        screen.say(
            "\nThe comparison of telemetry levels is of the shop with all its faults, and is left out here.",
        );
        screen.say("What each repair saves, alone and with others: glyphfall chain");
    }
    let compares = is_whole && !is_repaired && options.format == Format::Text;
    let done = if is_whole { figures.as_told().into() } else { Done::BrokenOff };
    Ok((done, compares.then_some(record.run.seed)))
}

/// The shop on its standard ports, or on free ones if somebody else holds those.
async fn start(options: &DemoArgs, tokens: &Tokens, seed: u64, scenario: &str) -> anyhow::Result<World> {
    let speed = options.speed;
    let mut addresses = options.shop.ports.on("127.0.0.1", None)?;
    loop {
        let shop = shop_options(&options.shop, addresses, tokens, seed)?;
        let rules = Rules { hold_s: HOLD_S, ..Rules::default() };
        let run = run_of(shop.level, shop.faults_present(), seed, (scenario, "demo"), speed, rules);
        let starts_story_s = -HEALTHY.as_secs_f64() * speed;
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

/// Another incident of the same scenario in virtual time at each level, with the model responder: after the live part, so that it cannot disturb its
/// figures. Says whether it was complete.
fn compare(seed: u64, screen: &Screen) -> anyhow::Result<bool> {
    let seed = seed % SEED_MAX;
    screen.say(&format!(
        "\nAnother incident of this scenario, with its own time, text and customers: one draw, at each telemetry level (response: the model \
         responder, seed {seed}, in virtual time; no measure of people, costs of looks are assumed):\n"
    ));
    let mut options = CompareOptions::new(seed, Extent::Levels);
    options.scenarios = vec![scenario(STORY)?];
    let study =
        watched(options.steps(false), "recordings and diagnoses", |watch| study(options, None, watch))?;
    let Some(study) = study else {
        screen.say("  PARTIAL: stopped early, without this comparison");
        return Ok(false);
    };
    for line in side_by_side(&study) {
        screen.say(&line);
    }
    screen.say("\nMore scenarios, and tests of the doubts about such figures: glyphfall compare --quick");
    Ok(true)
}

struct Storyteller<'a> {
    world: World,
    screen: &'a Screen,
    health: HealthTally,
    green: String,
    ticks: u32,
}

impl<'a> Storyteller<'a> {
    async fn begin(
        options: &DemoArgs,
        tokens: &Tokens,
        seed: u64,
        screen: &'a Screen,
    ) -> anyhow::Result<Self> {
        let level = options.shop.level()?;
        screen.say(&format!(
            "{}  seed {seed}, {} page views/s, telemetry {}, {} story minutes a minute\n",
            style("Glyphfall").bold(),
            options.shop.views,
            level.name(),
            options.speed
        ));
        let world = start(options, tokens, seed, STORY).await?;
        Ok(Self { world, screen, health: HealthTally::default(), green: String::new(), ticks: 0 })
    }

    async fn tell(&mut self) -> anyhow::Result<()> {
        let (asset, body) = first_publish(&scenario(STORY)?).context("the story publishes an asset")?;
        let address = self.world.shop().addresses().web_front.clone();
        let opens = format!("The shop is open at http://{address}/ and all is well.");
        self.chapter("An ordinary morning.", &opens).await;
        self.watch(HEALTHY).await;
        self.publish(&asset, body).await?;
        self.watch(SPREADS).await;
        let HealthTally { asked, green, .. } = self.health;
        self.say(&format!("{} Health checks so far: {asked} asked, {green} green.", self.state()));
        let restart = Remedy::Restart { service: Service::Cache };
        let steps = [
            ("Somebody restarts the cache.", restart.clone(), RESTART_WATCHED),
            ("Somebody rolls the banner back.", Remedy::RollBack { asset }, ROLL_BACK_WATCHED),
            ("Rolled back, the cache is restarted once more.", restart, Duration::ZERO),
        ];
        for (title, remedy, watched) in steps {
            if self.is_well() {
                break;
            }
            self.chapter(title, "").await;
            self.world.act(remedy).await.context("the remedy could not be carried out")?;
            self.watch(watched).await;
            self.say(&self.state());
        }
        self.watch(RESTORED_WATCHED).await;
        self.say(&self.state());
        let HealthTally { asked, green, .. } = self.health;
        let text = format!("health checks since the publish: {asked} asked, {green} answered 200");
        self.world.note(EventKind::Note { text });
        Ok(())
    }

    async fn publish(&mut self, asset: &str, body: Bytes) -> anyhow::Result<()> {
        let title = "An editor brings the spring offer up to date.";
        self.chapter(title, "One soft line break came along from the word processor: U+000B.").await;
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

    async fn watch(&mut self, time: Duration) {
        let until = Instant::now() + time;
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
        let is_green = |status: &Option<http::StatusCode>| *status == Some(http::StatusCode::OK);
        let green = answers.iter().filter(|answer| is_green(&answer.status)).count();
        self.health.asked += u32::try_from(answers.len()).unwrap_or(u32::MAX);
        self.health.green += u32::try_from(green).unwrap_or(u32::MAX);
        let is_not_ready =
            |status: &Option<http::StatusCode>| *status == Some(http::StatusCode::SERVICE_UNAVAILABLE);
        let not_ready = answers.iter().filter(|answer| is_not_ready(&answer.status)).count();
        self.health.not_ready += u32::try_from(not_ready).unwrap_or(u32::MAX);
        self.green = format!("health: {green} of {} green", answers.len());
    }

    /// Whether every visit begun in the last seconds, as far as it could have been answered, was served.
    fn is_well(&self) -> bool {
        self.served_now().is_some_and(|share| share > 0.99)
    }

    fn served_now(&self) -> Option<f64> {
        let second = screen::whole_seconds(self.world.at_s());
        let (from_s, to_s) = (second.saturating_sub(5), second.saturating_sub(1));
        let begun = self.world.customers().begun(None, from_s, to_s);
        let ended = self.world.record().tally(None, from_s, to_s);
        (begun > 0).then(|| (ended.served + ended.degraded) as f64 / f64::from(begun))
    }

    fn state(&self) -> String {
        let share = self
            .served_now()
            .map_or("nobody came".into(), |share| format!("{:.0} % of visits are served", share * 100.0));
        let (time, loss) = screen::time_and_loss(&self.world);
        format!("{time}: {share}, {loss} lost.")
    }
}
