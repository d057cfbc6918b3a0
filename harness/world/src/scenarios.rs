//! Which incidents can be played. A scenario says what happens and never how it ends: that emerges.

/// One incident that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The name on the command line.
    pub name: &'static str,
    /// What it is about, without giving anything away.
    pub title: &'static str,
    /// Whether nothing is wrong in the shop: it is there to catch those who always find something.
    pub control: bool,
    /// The whole truth. A spoiler.
    pub description: &'static str,
    /// The asset that the trigger publishes.
    pub asset: &'static str,
    /// What the editor publishes.
    pub text: &'static str,
    /// The remedies that restore it, in order.
    pub remedies: &'static str,
}

/// All scenarios.
pub static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "special-character",
    title: "An ordinary morning; an editor brings the spring offer up to date",
    control: false,
    description: "An editor pastes a text from a word processor into the promotional banner. The soft line break in it is \
        U+000B, a vertical tab. The content store's hand-made JSON does not escape it, so the cache cannot parse the new \
        version, takes that for a hiccup, and asks again every second for ever; each request for the banner starts one \
        more such fill, each fill holds a permit, and within seconds none is left. The home page and the categories hang at once, \
        everything else when its fragments expire. Every process runs, so every health check is green.",
    asset: "promo-banner",
    text: "Spring in the kitchen\u{b}15 % off all cookware until Sunday",
    remedies: "Roll back promo-banner, and then restart the cache. Either alone does not hold.",
}];

/// The scenario with this name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}
