//! A scenario as an experiment of the Chaos Toolkit: the steady state of a healthy shop, the action on it, and the rollback. Teaches that
//! such an experiment is a hypothesis, and only as good as its definition of the steady state.

use incident::Service;
use serde_json::{Value, json};
use world::scenario::Scenario;

use crate::target::TargetArgs;

/// Pages that customers need, with their paths.
const PAGES: [(&str, &str); 2] = [("the home page", "/"), ("the checkout", "/checkout")];

/// Timeout of a customer's page request and of a health check, in seconds.
const PATIENCE_S: u32 = 10;

/// Pause after the action, in seconds. By then every cached fragment has expired.
const PAUSE_S: u32 = 20;

pub(crate) fn experiment(scenario: &Scenario, asked: &str, target: &TargetArgs) -> anyhow::Result<Value> {
    let addresses = target.ports.on(&target.target, None)?;
    let health = Service::ALL.map(|service| {
        let address = addresses.of(service);
        answers(&format!("the health check of the {}", service.words()), &format!("http://{address}/healthz"))
    });
    let pages = PAGES.map(|(name, path)| answers(name, &format!("http://{}{path}", addresses.web_front)));
    let which: Vec<String> = ["--target".to_owned(), target.target.clone()]
        .into_iter()
        .chain(target.ports.options().split_whitespace().map(str::to_owned))
        .collect();
    let command = |name: &str, words: &[&str]| {
        let words = words.iter().map(ToString::to_string);
        let arguments: Vec<String> = words.chain(which.iter().cloned()).collect();
        json!({
            "type": "action", "name": name,
            "provider": { "type": "process", "path": "glyphfall", "arguments": arguments },
        })
    };
    let mut trigger = command("trigger the scenario", &["inject", asked]);
    trigger["pauses"] = json!({ "after": PAUSE_S });
    Ok(json!({
        "version": "1.0.0",
        "title": format!("Are customers served whatever happens? {}", scenario.name),
        "description": scenario.title,
        "tags": ["glyphfall", scenario.name],
        "steady-state-hypothesis": {
            "title": "Customers are served, and every health check says so",
            "probes": pages.into_iter().chain(health).collect::<Vec<_>>(),
        },
        "method": [trigger],
        "rollbacks": [command("put the shop back", &["restore"])],
        "runtime": { "rollbacks": { "strategy": "always" } },
    }))
}

fn answers(name: &str, url: &str) -> Value {
    json!({
        "type": "probe", "name": format!("{name} answers 200"), "tolerance": 200,
        "provider": { "type": "http", "url": url, "timeout": PATIENCE_S },
    })
}
