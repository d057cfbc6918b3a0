//! Properties that hold for every belief. Each test says how many random beliefs it tries.

use diagnosis::{
    Experience, Knowledge, Phase, Terms,
    cause::Kind,
    checks::{CHECKS, Signal, granted},
    experience::{Case, Moment, Said},
    replay,
    responder::expected_cost,
    terms::STAKES,
};
use incident::{Level, OperatingModel};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Rounding, in minutes.
const SAME: f64 = 1e-6;

/// Hands that are never used: the tests ask the rule itself.
fn nobody() -> crate::toy::Toy {
    crate::toy::Toy::new(0, &[], None)
}

/// Random beliefs: probabilities that add up to 1.
fn beliefs(hypotheses: usize) -> impl Strategy<Value = Vec<f64>> {
    // After a look or two most explanations are ruled out. Powers of the shares leave only a few large ones.
    (prop::collection::vec(0.0_f64..1.0, hypotheses), 1_i32..12).prop_map(|(shares, power)| {
        let shares: Vec<f64> = shares.into_iter().map(|share| share.powi(power)).collect();
        let all: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / all).collect()
    })
}

/// Tries this many cases, the same ones in every run.
fn try_each<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&strategy, test).unwrap();
}

/// All looks that need no telemetry, and those of the signals whose bits are set.
fn subset(signals: u8) -> Terms {
    let order = [Signal::Logs, Signal::Metrics, Signal::Traces, Signal::Changes];
    let has = |signal: Signal| {
        order.iter().position(|known| *known == signal).is_none_or(|place| signals & (1 << place) != 0)
    };
    let checks = (0..CHECKS.len()).filter(|place| has(CHECKS[*place].needs)).collect();
    Terms::with(checks, OperatingModel::YouBuildIt)
}

#[test]
fn a_further_look_or_signal_never_costs_more() {
    let knowledge = Knowledge::built_in();
    // For each of the 40 beliefs there are 32 costs: 16 subsets of signals, while customers are lost and once they are served.
    try_each(40, beliefs(knowledge.hypotheses.len()), |shares| {
        for is_served in [false, true] {
            let cost =
                |signals: u8| expected_cost(&nobody(), &knowledge, &subset(signals), &shares, is_served).0;
            let costs: Vec<f64> = (0..16).map(cost).collect();
            for (signals, more) in (0..16_usize).flat_map(|one| (0..4).map(move |bit| (one, one | 1 << bit)))
            {
                prop_assert!(costs[more] <= costs[signals] + SAME, "{signals:b} {more:b} {costs:?}");
            }
        }
        Ok(())
    });
}

#[test]
fn a_cheaper_look_never_costs_more() {
    let knowledge = Knowledge::built_in();
    let looks = (beliefs(knowledge.hypotheses.len()), 0..CHECKS.len(), 0.01_f64..1.0, any::<bool>());
    try_each(300, looks, |(shares, look, factor, is_served)| {
        let usual = subset(15);
        let mut cheaper = usual.clone();
        cheaper.costs.checks[look] *= factor;
        let cost = |terms: &Terms| expected_cost(&nobody(), &knowledge, terms, &shares, is_served).0;
        // Every remedy includes the look at whether it helped. If that look gets cheaper, the remedy may only get cheaper, too.
        prop_assert!(cost(&cheaper) <= cost(&usual) + SAME, "{}", CHECKS[look].name);
        Ok(())
    });
}

#[test]
fn a_dearer_wrong_answer_never_makes_answers_of_silence() {
    let knowledge = Knowledge::built_in();
    try_each(500, (beliefs(knowledge.hypotheses.len()), 1.0_f64..20.0), |(shares, factor)| {
        let usual = subset(15);
        let mut dearer = usual.clone();
        dearer.stakes.wrong *= factor;
        let answers = |terms: &Terms| expected_cost(&nobody(), &knowledge, terms, &shares, true).1;
        prop_assert!(answers(&usual).is_some() || answers(&dearer).is_none());
        Ok(())
    });
}

/// The experience with the outcomes of one check changed, moment by moment.
fn changed(experience: &Experience, change: impl Fn(usize, &Moment) -> Option<(usize, usize)>) -> Experience {
    let mut changed = experience.clone();
    let moments = changed.incidents.iter_mut().flatten().flat_map(|incident| &mut incident.moments);
    for (number, kept) in moments.enumerate() {
        let Some((check, outcome)) = change(number, kept) else { continue };
        let mut all: Vec<Option<Said>> = (0..CHECKS.len()).map(|check| kept.said(check)).collect();
        all[check] = Some(Said { outcome, names: None });
        *kept = Moment::new(kept.phase, all);
    }
    changed
}

#[test]
fn a_duplicated_look_leaves_the_belief_as_it_was() {
    // The second of two looks at the same topic, with as many outcomes, is made to repeat the first.
    let [first, second] = ["page-home", "page-category"].map(crate::toy::place);
    let experience =
        changed(&Experience::built_in(), |_, moment| Some((second, moment.said(first)?.outcome)));
    let knowledge = Knowledge::of(&experience);
    for outcome in 0..CHECKS[first].outcomes.len() {
        let once = knowledge.judged(Phase::Early, &[(first, outcome)], knowledge.temper);
        let twice = knowledge.judged(Phase::Early, &[(first, outcome), (second, outcome)], knowledge.temper);
        let moved: f64 = once.shares().iter().zip(twice.shares()).map(|(one, two)| (one - two).abs()).sum();
        // Most scenarios never showed this outcome. Their shares move by what is added to counts.
        assert!(moved < 0.06, "{}: {moved}", CHECKS[first].outcomes[outcome]);
    }
}

#[test]
fn a_permuted_look_is_worth_nothing() {
    let look = crate::toy::place("permits");
    // The outcome depends only on the number of the moment, so it is equally likely under every explanation.
    let experience = changed(&Experience::built_in(), |number, _| Some((look, number % 3)));
    let mut knowledge = Knowledge::of(&experience);
    knowledge.left_aside.clear();
    let with = Terms::with(vec![look], OperatingModel::YouBuildIt);
    let without = Terms { checks: Vec::new(), ..with.clone() };
    try_each(200, beliefs(knowledge.hypotheses.len()), |shares| {
        for is_served in [false, true] {
            let cost = |terms: &Terms| expected_cost(&nobody(), &knowledge, terms, &shares, is_served).0;
            // Five incidents of a scenario are few: chance alone makes a small difference.
            prop_assert!(
                cost(&without) - cost(&with) < 0.03 * cost(&without),
                "{} {}",
                cost(&without),
                cost(&with)
            );
        }
        Ok(())
    });
}

#[test]
fn the_order_of_scenarios_changes_nothing() {
    let experience = Experience::built_in();
    let mut turned = experience.clone();
    turned.cases.reverse();
    turned.incidents.reverse();
    let (one, other) = (Knowledge::of(&experience), Knowledge::of(&turned));
    assert!((one.temper - other.temper).abs() < 1e-12);
    let terms = Terms::at(Level::Changes, OperatingModel::YouBuildIt);
    let count = experience.cases.len();
    for case in 0..count {
        let straight = replay::replay(&experience, (case, 0), &one, &terms, replay::NAMES);
        let turned = replay::replay(&turned, (count - 1 - case, 0), &other, &terms, replay::NAMES);
        assert!(
            (straight.cost - turned.cost).abs() < SAME,
            "{}: {straight:?} {turned:?}",
            experience.cases[case].name
        );
    }
}

#[test]
fn a_richer_level_neither_costs_more_nor_misleads_those_who_never_heard_of_a_family() {
    let experience = Experience::built_in();
    let judge = replay::Judge::new(&experience);
    let left_aside = |place: &usize| experience.left_aside.iter().any(|name| name == CHECKS[*place].name);
    let judged = |level: &Level| {
        let checks: Vec<usize> = granted(*level).into_iter().filter(|place| !left_aside(place)).collect();
        let judged = judge.judged(&checks);
        (judged.costs.iter().sum::<f64>() / judged.costs.len() as f64, judged.wrong)
    };
    let by_level = Level::ALL.each_ref().map(judged);
    let is_no_worse = |pair: &[(f64, f64)]| pair[1].0 <= pair[0].0 + SAME && pair[1].1 <= pair[0].1 + SAME;
    assert!(by_level.windows(2).all(is_no_worse), "{by_level:?}");
    assert!(by_level.iter().all(|(_, wrong)| *wrong <= 0.2), "{by_level:?}");
}

#[test]
fn of_families_that_were_never_taught_something_else_gains() {
    let experience = Experience::built_in();
    let gain = |(case, of_case): (usize, &Case)| -> f64 {
        let without = Knowledge::of(&experience.clone().without_family(&of_case.name));
        let others = |looks: &[(usize, usize)]| -> f64 {
            let belief = without.judged(Phase::Early, looks, without.temper).doubting(&without);
            let is_other = |place: &usize| without.hypotheses[*place].cause.kind == Kind::Other;
            (0..belief.len()).filter(is_other).map(|place| belief[place]).sum()
        };
        let seen = &experience.incidents[case][0].moments[0];
        let looks: Vec<(usize, usize)> =
            (0..CHECKS.len()).filter_map(|check| Some((check, seen.said(check)?.outcome))).collect();
        others(&looks) - others(&[])
    };
    let gains: Vec<f64> = experience.cases.iter().enumerate().map(gain).collect();
    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
    assert!(mean > 0.2, "{mean}: {gains:?}");
}

#[test]
fn a_dearer_wrong_answer_never_raises_the_share_of_wrong_answers() {
    let (experience, knowledge) = (Experience::built_in(), Knowledge::built_in());
    for level in [Level::Dark, Level::Changes] {
        let wrong = |factor: f64| {
            let mut terms = Terms::at(level, OperatingModel::YouBuildIt);
            terms.stakes.wrong = STAKES.wrong * factor;
            let incidents = experience.incidents.iter().enumerate();
            let incidents: Vec<(usize, usize)> =
                incidents.flat_map(|(case, all)| (0..all.len()).map(move |number| (case, number))).collect();
            let told = |incident: &(usize, usize)| {
                replay::replay(&experience, *incident, &knowledge, &terms, replay::NAMES)
            };
            let wrong = incidents.iter().filter(|incident| told(incident).is_right == Some(false)).count();
            wrong as f64 / incidents.len() as f64
        };
        let shares = [1.0, 2.0, 4.0, 8.0].map(wrong);
        assert!(shares.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{level:?}: {shares:?}");
    }
}
