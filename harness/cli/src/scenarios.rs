//! `glyphfall scenarios`: the library.

use anyhow::Context;
use serde_json::json;
use world::scenarios::{SCENARIOS, Scenario, scenario};

use crate::{
    options::{Format, ScenariosOptions},
    screen,
};

/// Lists the library, or describes one scenario.
pub(crate) fn run(options: &ScenariosOptions) -> anyhow::Result<()> {
    match (&options.name, options.format) {
        (None, Format::Text) => {
            for Scenario { name, title, .. } in &SCENARIOS {
                screen::line(&format!("{name:<20} {title}"));
            }
        }
        (None, Format::Json) => {
            let list = SCENARIOS.iter().map(summary).collect::<Vec<_>>();
            screen::line(&json!({ "scenarios": list }).to_string());
        }
        (Some(name), format) => {
            let scenario = scenario(name).with_context(|| {
                let known = SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
                format!("there is no scenario '{name}'; there are: {known}")
            })?;
            describe(scenario, format);
        }
    }
    Ok(())
}

fn summary(scenario: &Scenario) -> serde_json::Value {
    json!({ "name": scenario.name, "title": scenario.title, "control": scenario.control })
}

fn describe(scenario: &Scenario, format: Format) {
    let Scenario { name, title, description, asset, text, remedies, .. } = scenario;
    if format == Format::Json {
        let mut whole = summary(scenario);
        whole["description"] = (*description).into();
        whole["trigger"] = json!({ "asset": asset, "text": text });
        whole["remedies"] = (*remedies).into();
        screen::line(&whole.to_string());
        return;
    }
    screen::paragraph(&format!("{name}: {title}\n\nThis gives everything away.\n\n{description}"));
    screen::paragraph(&format!("\nTrigger: {asset} := {text:?}"));
    screen::paragraph(&format!("Restored by: {remedies}"));
}
