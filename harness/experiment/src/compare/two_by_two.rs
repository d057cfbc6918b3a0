//! Telemetry and the operating model, each alone and both together. Teaches to ask for the interaction: a signal that nobody may look at,
//! and a team that may do everything but sees nothing, are worth less apart than together.

use diagnosis::operating::parameters::{About, TABLE};
use incident::OperatingModel;
use report::compare::{Difference, Effect, Metric, Swing, Tornado, TwoByTwo};

use super::{
    condition::Key,
    figures::Sample,
    statistics::{Grouped, difference, interval, mean},
};

/// From operations and support teams at the poorest level to the team that built the shop at the richest. `None` unless both models were
/// compared.
pub(super) fn two_by_two(sample: &Sample<'_>) -> Option<TwoByTwo> {
    let (models, levels) = (&sample.study.options.models, &sample.study.options.levels);
    let place = |model: OperatingModel| models.iter().position(|known| *known == model);
    let (ops, built) = (place(OperatingModel::OpsRunIt)?, place(OperatingModel::YouBuildIt)?);
    let (poorest, richest) = (*levels.first()?, *levels.last()?);
    // The flag of `Key::Level` is false for the first model, which all other conditions use.
    let key = |model: usize, level| Key::Level(level, model > 0);
    let first = key(ops, poorest);
    let effect = |metric: Metric| {
        let from_first = |other: Key| sample.difference(other, first, metric);
        let (telemetry, model, together) =
            (from_first(key(ops, richest)), from_first(key(built, poorest)), from_first(key(built, richest)));
        let interaction = difference(&difference(&together, &telemetry), &model);
        let widening = sample.widening((poorest, richest), metric);
        let of = |values: &Grouped| Difference { mean: mean(values), interval: interval(values, widening) };
        Effect {
            metric,
            at_first: sample.mean(first, metric),
            telemetry: of(&telemetry),
            model: of(&model),
            interaction: of(&interaction),
            together: of(&together),
        }
    };
    Some(TwoByTwo {
        from: (OperatingModel::OpsRunIt, poorest),
        to: (OperatingModel::YouBuildIt, richest),
        effects: [Metric::Explain, Metric::Restore, Metric::Loss].map(effect).into(),
        tornado: tornado(sample, first, key(built, richest)),
    })
}

/// How far the difference between the two ends moves with each assumption. `None` if no assumption was varied.
fn tornado(sample: &Sample<'_>, from: Key, to: Key) -> Option<Tornado> {
    let between = |from, to| mean(&sample.difference(to, from, Metric::Restore));
    let difference = between(from, to);
    let row = |(place, about): (usize, &About)| {
        let at = |is_high| {
            let key = Key::Swing(place, is_high);
            if !sample.study.results.contains_key(&key) {
                // This end of the range is the assumed value.
                difference
            } else if about.parameter.is_of_the_team() {
                between(from, key)
            } else {
                between(key, to)
            }
        };
        Swing {
            assumption: about.name.to_owned(),
            unit: about.unit.to_owned(),
            value: about.value,
            range: about.range,
            source: about.source.to_owned(),
            differences: [at(false), at(true)],
        }
    };
    let mut rows: Vec<Swing> = TABLE.iter().enumerate().map(row).collect();
    rows.sort_by(|one, other| other.reach().total_cmp(&one.reach()));
    let is_asked = sample.study.results.keys().any(|key| matches!(key, Key::Swing(..)));
    is_asked.then_some(Tornado { difference, rows })
}
