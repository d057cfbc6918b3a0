//! Incident after incident in one shop: trigger, investigate, change levels and switches, act, and reset.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use glyphfall_tests::up::Up;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};
use world::scenario::library;

use crate::samples::{Caller, EVIDENCE, ask};

/// Pauses: after the trigger, after the remedies, and after the reset.
const DEVELOPS: Duration = Duration::from_secs(7);
const SETTLES: Duration = Duration::from_secs(5);
const PEACE: Duration = Duration::from_secs(2);

const LEVELS: [&str; 5] = ["changes", "traces", "metrics", "logs", "dark"];
const REPAIRS: [&str; 3] = ["invalid-rendering", "poor-error-handling", "missing-health-check"];

/// Counts of the actions, and failures.
#[derive(Default)]
pub(crate) struct Lived {
    incidents: usize,
    looks: usize,
    levels: usize,
    repairs: usize,
    remedies: usize,
    resets: usize,
    /// Resets of a shop whose state had changed. Only these show that a reset works.
    changed: usize,
    /// Resets that did not restore the first state, with the preceding scenario.
    differing: Vec<String>,
    /// Requests that were refused although they should have succeeded.
    refused: Vec<String>,
}

struct Shop {
    around: Caller,
    operators: [Caller; 3],
    store: Caller,
    evidence: Caller,
}

pub(crate) async fn live(up: &Up, until: Instant) -> Lived {
    let operator = |place: u16| Caller::at(up.ports.operators + place, Some(up.operator_token.clone()));
    let shop = Shop {
        around: operator(3),
        operators: [0, 1, 2].map(operator),
        store: Caller::at(up.ports.store, Some(up.editor_token.clone())),
        evidence: Caller::at(up.ports.room, None),
    };
    let mut lived = Lived::default();
    // Take the first state after a reset: a new shop may still be filling its cache.
    lived.check(&shop.tell("/restore", &Value::Null).await);
    let (first, conditions) = (shop.state().await, shop.conditions().await);
    let names: Vec<String> = library().into_iter().map(|scenario| scenario.name).collect();
    while Instant::now() < until {
        let name = &names[lived.incidents % names.len()];
        shop.incident(name, &mut lived).await;
        lived.changed += usize::from(shop.conditions().await != conditions);
        lived.check(&shop.tell("/restore", &Value::Null).await);
        lived.resets += 1;
        let now = shop.state().await;
        if now != first {
            lived.differing.push(format!("after {name}: {now} in place of {first}"));
        }
        sleep(PEACE).await;
    }
    lived
}

impl Shop {
    async fn incident(&self, name: &str, lived: &mut Lived) {
        let number = lived.incidents;
        lived.incidents += 1;
        lived.check(&self.tell("/inject", &json!({ "scenario": name })).await);
        sleep(DEVELOPS).await;
        for path in EVIDENCE.into_iter().chain(["/metrics"]) {
            let (status, _) = ask(&self.evidence, Method::GET, path, &Value::Null).await;
            lived.check(&(status, path.to_owned()));
            lived.looks += 1;
        }
        let repaired = number % (1 << REPAIRS.len());
        let present: Vec<_> = REPAIRS
            .iter()
            .enumerate()
            .filter(|(place, _)| repaired & (1 << place) == 0)
            .map(|(_, name)| name)
            .collect();
        let switches = json!({ "level": LEVELS[number % LEVELS.len()], "faults_present": present });
        for operator in &self.operators {
            let (status, said) = ask(operator, Method::PUT, "/switches", &switches).await;
            lived.check(&(status, said.to_string()));
        }
        lived.levels += 1;
        lived.repairs += REPAIRS.len() - present.len();
        let (status, said) = ask(&self.operators[number % 3], Method::POST, "/restart", &Value::Null).await;
        lived.check(&(status, said.to_string()));
        // This may fail: there may be no earlier version, or no writable disk. The editor then gets an error.
        ask(&self.store, Method::POST, "/assets/promo-banner/rollback", &Value::Null).await;
        lived.remedies += 2;
        sleep(SETTLES).await;
    }

    async fn tell(&self, path: &str, what: &Value) -> (StatusCode, String) {
        let (status, said) = ask(&self.around, Method::POST, path, what).await;
        (status, format!("{path} {what}: {said}"))
    }

    async fn conditions(&self) -> (StatusCode, Value) {
        ask(&self.around, Method::GET, "/conditions", &Value::Null).await
    }

    /// A hash over everything that can change about the shop, as its own ports report it.
    async fn state(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |said: (StatusCode, Value)| hash.update(format!("{} {}\n", said.0, said.1));
        add(self.conditions().await);
        for operator in &self.operators {
            add(ask(operator, Method::GET, "/switches", &Value::Null).await);
        }
        let list = ask(&self.store, Method::GET, "/assets", &Value::Null).await;
        let ids: Vec<String> = list
            .1
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|asset| asset["id"].as_str().map(str::to_owned))
            .collect();
        add(list);
        for id in ids {
            add(ask(&self.store, Method::GET, &format!("/assets/{id}"), &Value::Null).await);
            add(ask(&self.store, Method::GET, &format!("/assets/{id}/versions"), &Value::Null).await);
        }
        let mut text = String::new();
        hash.finalize().iter().take(8).for_each(|byte| _ = write!(text, "{byte:02x}"));
        text
    }
}

impl Lived {
    pub(crate) fn is_good(&self) -> bool {
        self.changed > 0 && self.differing.is_empty() && self.refused.is_empty()
    }

    fn check(&mut self, (status, what): &(StatusCode, String)) {
        if !status.is_success() {
            self.refused.push(format!("{status} {what}"));
        }
    }
}

impl fmt::Display for Lived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incidents, looks, levels, repairs, remedies, resets, changed, differing, refused } = self;
        write!(
            f,
            "up:   {incidents} incidents, {looks} looks, {levels} changes of the level, {repairs} repairs, {remedies} remedies, {resets} \
             resets, {changed} of them of a shop that had changed, {} came back to another state; {} refused",
            differing.len(),
            refused.len()
        )?;
        differing.iter().chain(refused).take(20).try_for_each(|line| write!(f, "\n      {line}"))
    }
}
