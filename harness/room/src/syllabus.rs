//! What each scenario teaches, in the words of the syllabus, and how hard it is to end: for whoever chooses one for a class.

use experiment::rating::rated;
use world::scenario::Scenario;

const SYLLABUS: &str = include_str!("../../../docs/syllabus.md");

/// The heading of the table that says it.
const EVENINGS: &str = "## Which scenario for which evening";

/// `to look between services`; none for a scenario that stands in no row.
pub fn teaches(scenario: &str) -> Option<&'static str> {
    let (_, table) = SYLLABUS.split_once(EVENINGS)?;
    let name = format!("`{scenario}`");
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.find(|(_, scenarios)| scenarios.contains(&name)).map(|(teaches, _)| teaches)
}

/// In sentences: what the model responder needed, how many remedies it takes, and how much contributed.
pub fn difficulty(scenario: &Scenario) -> String {
    let rated = rated(scenario);
    let remedies = match scenario.remedies.right.iter().map(Vec::len).min() {
        None | Some(0) => format!("{rated} Nothing in the shop ends it."),
        Some(1) => format!("{rated} One remedy ends it."),
        Some(steps) => format!("{rated} It takes {steps} remedies, in the right order."),
    };
    match scenario.truth.factors.len() {
        0 => remedies,
        1 => format!("{remedies} One thing contributed."),
        factors => format!("{remedies} {factors} things contributed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use world::scenario::library;

    #[test]
    fn every_scenario_says_what_it_teaches() {
        let silent: Vec<String> = library()
            .into_iter()
            .map(|scenario| scenario.name)
            .filter(|name| teaches(name).is_none())
            .collect();
        assert!(silent.is_empty(), "add a row to the syllabus for {silent:?}");
        assert_eq!(teaches("surge"), Some("to count before they search"));
    }

    #[test]
    fn a_scenario_says_how_hard_it_is() {
        let story = library().into_iter().find(|scenario| scenario.name == "special-character");
        let says = story.as_ref().map(difficulty).unwrap_or_default();
        assert!(
            says.starts_with("Medium: ") && says.contains("It takes 2 remedies, in the right order. "),
            "{says}"
        );
    }
}
