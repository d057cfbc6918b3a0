//! A scenario as an experiment of the Chaos Toolkit: what is true of a shop that is well, what is done to it, how it is put back.
//! Teaches that such an experiment is a hypothesis: it is worth as much as what it calls steady.

use incident::Service;
use serde_json::{Value, json};
use world::scenario::Scenario;

use crate::target::TargetArgs;

/// Pages that customers need, with their paths.
const PAGES: [(&str, &str); 2] = [("the home page", "/"), ("the checkout", "/checkout")];

/// How long a customer waits for a page, and a health check for its answer, in seconds.
const PATIENCE_S: u32 = 10;

/// How long the shop is left alone after what was done to it, in seconds: until then every fragment that the cache kept has expired.
const PAUSE_S: u32 = 20;

/// The experiment that triggers `asked`, the name or the file of a scenario, in the shop that is meant.
pub(crate) fn experiment(scenario: &Scenario, asked: &str, target: &TargetArgs) -> anyhow::Result<Value> {
    let addresses = target.ports.on(&target.target, None)?;
    let health = Service::ALL.map(|service| {
        let address = match service {
            Service::ContentStore => &addresses.content_store,
            Service::Cache => &addresses.cache,
            Service::WebFront => &addresses.web_front,
        };
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
