//! The operator port of what is around a shop that `glyphfall up` runs: links, disk, processes, customers. Whoever holds the operators'
//! token lets a scenario happen there, has everything put back, or looks at what has been changed. Teaches that orders are carried out one after the other, by whoever
//! keeps the record.

use std::time::Duration;

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    routing::{get, post},
};
use chassis::{LatentFault, Level, Problem, journal::OPERATOR, operator::guarded};
use http::StatusCode;
use incident::{EventKind, Remedy, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use world::{
    World,
    reset::Conditions,
    scenario::{
        FILE_BYTES_MAX, Reach, Scenario,
        draw::{Step, by_hand},
        scenario,
    },
};

use crate::{record_keeper::tell, screen::Screen};

/// Orders in the queue: further ones wait until there is room.
const ORDERS_MAX: usize = 16;

/// Bytes of an order: a scenario's file as a JSON string, in which each byte may need six.
#[expect(clippy::cast_possible_truncation, reason = "a quarter of a megabyte")]
const ORDER_BYTES_MAX: usize = 6 * FILE_BYTES_MAX as usize + 1_024;

pub(crate) struct Order {
    wanted: Wanted,
    answer: oneshot::Sender<Result<Value, Problem>>,
}

enum Wanted {
    Inject(Box<Scenario>),
    Restore,
    Look,
}

pub(crate) fn router(token: &str) -> (Router, mpsc::Receiver<Order>) {
    let (sender, orders) = mpsc::channel(ORDERS_MAX);
    let router = Router::new()
        .route("/inject", post(inject))
        .route("/restore", post(restore))
        .route("/conditions", get(conditions))
        .with_state(sender)
        .route(
            "/process",
            get(async || Json(json!({ "tasks": Handle::current().metrics().num_alive_tasks() }))),
        )
        .layer(DefaultBodyLimit::max(ORDER_BYTES_MAX));
    (guarded(router, token), orders)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    scenario: String,
    /// The text of its file, if it is not of the library.
    #[serde(default)]
    text: Option<String>,
}

async fn inject(
    State(orders): State<mpsc::Sender<Order>>,
    wanted: Result<Json<Injection>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Injection { scenario: name, text }) = wanted?;
    let read = match text {
        Some(text) => Scenario::read(&name, &name, &text),
        // Only names of the library: a path would be read with the rights of whoever runs the shop.
        None if name.contains(['/', '.']) => return Err(refused("A scenario of the library has no path.")),
        None => scenario(&name),
    };
    let scenario = read.map_err(|error| refused(error.to_string()))?;
    ask(&orders, Wanted::Inject(Box::new(scenario))).await
}

async fn restore(State(orders): State<mpsc::Sender<Order>>) -> Result<Json<Value>, Problem> {
    ask(&orders, Wanted::Restore).await
}

/// All that can be changed in the shop and around it, as it is now: after a reset it is what it was at first.
async fn conditions(State(orders): State<mpsc::Sender<Order>>) -> Result<Json<Value>, Problem> {
    ask(&orders, Wanted::Look).await
}

async fn ask(orders: &mpsc::Sender<Order>, wanted: Wanted) -> Result<Json<Value>, Problem> {
    let closing = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The shop is being closed.");
    let (answer, answered) = oneshot::channel();
    orders.send(Order { wanted, answer }).await.map_err(|_| closing())?;
    answered.await.map_err(|_| closing())?.map(Json)
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

pub(crate) struct Injections {
    /// Story minutes a wall-clock minute.
    speed: f64,
    /// Whether the shop's capacity is counted.
    is_sized: bool,
    seed: u64,
    due: Vec<(Instant, Step)>,
}

impl Injections {
    pub(crate) fn new(speed: f64, is_sized: bool, seed: u64) -> Self {
        Self { speed, is_sized, seed, due: Vec::new() }
    }

    pub(crate) async fn carry_out(&mut self, order: Order, world: &World, screen: &Screen) {
        let done = match order.wanted {
            Wanted::Inject(scenario) => self.begin(&scenario, world, screen).await,
            Wanted::Restore => self.put_back(world, screen).await,
            Wanted::Look => self.look(world).await,
        };
        // Whoever asked may have gone; it is done all the same.
        let _ = order.answer.send(done);
    }

    /// Waits until the next thing is to happen; for ever if nothing is.
    pub(crate) async fn next(&self) {
        match self.due.first() {
            Some((at, _)) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
    }

    pub(crate) async fn happen(&mut self, world: &World, screen: &Screen) {
        while self.due.first().is_some_and(|(at, _)| *at <= Instant::now()) {
            let (_, step) = self.due.remove(0);
            if let Err(error) = happens(&step, world, screen).await {
                let text = format!("this step failed: {step}: {error:#}");
                tell(world, screen, world.at_s(), OPERATOR, EventKind::Note { text });
            }
        }
    }

    async fn begin(&mut self, scenario: &Scenario, world: &World, screen: &Screen) -> Result<Value, Problem> {
        if scenario.reach() == Reach::SizedShop && !self.is_sized {
            let name = &scenario.name;
            return Err(refused(format!(
                "'{name}' needs a shop that can be too small: this one is as fast as its machine. Start it with 'glyphfall up --sized', or \
                 play it in virtual time with 'glyphfall play {name}'."
            )));
        }
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for (story_s, step) in by_hand(scenario, self.seed) {
            if story_s > 0.0 {
                let after = Duration::from_secs_f64(story_s / self.speed);
                later.push(format!("in {:.0} s: {step}", after.as_secs_f64()));
                self.due.push((Instant::now() + after, step));
                continue;
            }
            happens(&step, world, screen).await.map_err(|error| {
                Problem::new(StatusCode::CONFLICT, format!("This step failed: {error:#}."))
            })?;
            now.push(step.to_string());
        }
        self.due.sort_by_key(|(at, _)| *at);
        Ok(json!({ "scenario": scenario.name, "now": now, "later": later }))
    }

    async fn put_back(&mut self, world: &World, screen: &Screen) -> Result<Value, Problem> {
        self.due.clear();
        let at_s = world.at_s();
        world
            .reset()
            .await
            .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        tell(world, screen, at_s, OPERATOR, EventKind::Remedy(Remedy::Restore));
        Ok(json!({ "restored": true }))
    }

    async fn look(&self, world: &World) -> Result<Value, Problem> {
        let conditions = world.conditions().await;
        let conditions =
            conditions.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let mut shown = shown(&conditions);
        shown["scheduled"] = self.due.len().into();
        Ok(shown)
    }
}

/// For who compares; nobody reads it part by part.
fn shown(conditions: &Conditions) -> Value {
    let Conditions {
        assets,
        services,
        front,
        workers,
        disk,
        disk_full,
        telemetry_lost,
        links,
        crowds,
        doings,
    } = conditions;
    let disk =
        disk.map(|speed| json!({ "seek_s": speed.seek.as_secs_f64(), "bytes_per_s": speed.bytes_per_s }));
    let service = |(service, release, faults, level): &(Service, Option<String>, Vec<LatentFault>, Level)| json!({ "service": service, "release": release, "faults_present": faults, "level": level });
    let services: Vec<Value> = services.iter().map(service).collect();
    json!({ "assets": assets, "services": services, "front": format!("{front:?}"), "workers": workers, "disk": disk,
        "disk_full": disk_full, "telemetry_lost": telemetry_lost, "links": links, "crowds": crowds, "doings": doings })
}

/// Lets one thing happen. A publish enters the record through the content store's journal, like anybody's.
async fn happens(step: &Step, world: &World, screen: &Screen) -> anyhow::Result<()> {
    if let Step::Publish { asset, body } = step {
        world.editor().publish(asset, body.clone()).await.context(
            "it was not published; if the content store stands still, 'glyphfall restart content-store'",
        )?;
        return Ok(());
    }
    let at_s = world.at_s();
    world.happen(step).await?;
    tell(world, screen, at_s, OPERATOR, EventKind::Note { text: step.to_string() });
    Ok(())
}
