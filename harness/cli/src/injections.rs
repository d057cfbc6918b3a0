//! The operator port of a world of `glyphfall up`, for everything around the shop: links, disk, processes, customers. A holder of the
//! operators' token can trigger a scenario there, reset everything, or read the current conditions. Teaches to carry out commands one at a
//! time, in the task that also keeps the record.

use std::{io, time::Duration};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    routing::{get, post},
};
use chassis::{Problem, journal::OPERATOR, operator::guarded};
use http::StatusCode;
use incident::{EventKind, Remedy};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use world::{
    World,
    scenario::{
        FILE_BYTES_MAX, Reach, Scenario,
        draw::{Step, by_hand},
        scenario,
    },
};

use crate::{record_keeper::tell, screen::Screen};

/// Capacity of the queue. Further orders wait until there is room.
const ORDERS_MAX: usize = 16;

/// Size limit of an order in bytes: a scenario file as a JSON string, in which each byte may take six.
#[expect(clippy::cast_possible_truncation, reason = "a quarter of a megabyte")]
const ORDER_BYTES_MAX: usize = 6 * FILE_BYTES_MAX as usize + 1_024;

/// A request, and the channel for its result.
pub(crate) type Order = (Wanted, oneshot::Sender<Result<Value, Problem>>);

pub(crate) enum Wanted {
    Inject(Box<Scenario>),
    Restore,
    /// Reads everything that an order can change in and around the shop. After a reset, this equals the first state.
    Look,
}

type Orders = mpsc::Sender<Order>;

pub(crate) fn router(token: &str) -> (Router, mpsc::Receiver<Order>) {
    let (sender, orders) = mpsc::channel(ORDERS_MAX);
    let router = Router::new()
        .route("/inject", post(inject))
        .route("/restore", post(async |State(orders): State<Orders>| ask(&orders, Wanted::Restore).await))
        .route("/conditions", get(async |State(orders): State<Orders>| ask(&orders, Wanted::Look).await))
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
    /// The text of the scenario's file, if it is not of the library.
    #[serde(default)]
    text: Option<String>,
}

async fn inject(
    State(orders): State<Orders>,
    wanted: Result<Json<Injection>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let Json(Injection { scenario: name, text }) = wanted?;
    let read = match text {
        Some(text) => Scenario::read(&name, &name, &text),
        // Accept only names of the library: a path would be read with the rights of the user who runs the shop.
        None if name.contains(['/', '.']) => return Err(refused("A scenario of the library has no path.")),
        None => scenario(&name),
    };
    let scenario = read.map_err(|error| refused(error.to_string()))?;
    ask(&orders, Wanted::Inject(Box::new(scenario))).await
}

async fn ask(orders: &Orders, wanted: Wanted) -> Result<Json<Value>, Problem> {
    let closing = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The shop is being closed.");
    let (answer, answered) = oneshot::channel();
    orders.send((wanted, answer)).await.map_err(|_| closing())?;
    answered.await.map_err(|_| closing())?.map(Json)
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

fn failed(error: &io::Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

pub(crate) struct Injections {
    speed: f64,
    /// Whether the shop has a limited capacity (`--sized`).
    is_sized: bool,
    seed: u64,
    due: Vec<(Instant, Step)>,
}

impl Injections {
    pub(crate) fn new(speed: f64, is_sized: bool, seed: u64) -> Self {
        Self { speed, is_sized, seed, due: Vec::new() }
    }

    pub(crate) async fn carry_out(&mut self, (wanted, answer): Order, world: &World, screen: &Screen) {
        let done = match wanted {
            Wanted::Inject(scenario) => self.begin(&scenario, world, screen).await,
            Wanted::Restore => self.put_back(world, screen).await,
            Wanted::Look => self.look(world).await,
        };
        // The requester may have disconnected. The order has been carried out all the same.
        let _ = answer.send(done);
    }

    /// Waits until the next step is due; for ever if none is scheduled.
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
        world.reset().await.map_err(|error| failed(&error))?;
        tell(world, screen, at_s, OPERATOR, EventKind::Remedy(Remedy::Restore));
        Ok(json!({ "restored": true }))
    }

    /// The current state as text, for comparing two states. Nobody parses it.
    async fn look(&self, world: &World) -> Result<Value, Problem> {
        let conditions = world.conditions().await.map_err(|error| failed(&error))?;
        Ok(json!({ "conditions": format!("{conditions:?}"), "scheduled": self.due.len() }))
    }
}

/// Carries out one step. A publish enters the record through the content store's journal, like anybody's.
async fn happens(step: &Step, world: &World, screen: &Screen) -> anyhow::Result<()> {
    if let Step::Publish { asset, body } = step {
        world.editor().publish(asset, body.clone()).await.context(
            "it was not published; if the content store does not answer, run 'glyphfall restart content-store'",
        )?;
        return Ok(());
    }
    let at_s = world.at_s();
    world.happen(step).await?;
    tell(world, screen, at_s, OPERATOR, EventKind::Note { text: step.to_string() });
    Ok(())
}
