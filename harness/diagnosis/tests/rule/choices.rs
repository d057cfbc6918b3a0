//! Choices that can be worked out by hand: which look, whether to look at all, which remedy first, and when to give up.

use diagnosis::{
    Knowledge, Phase, Terms,
    cause::{Cause, Kind, Place},
    checks::CHECKS,
    experience::{Case, Moment, Said, menu},
    operating::{Line, Parameter, Parameters, Ticket},
    remedies,
    responder::{NOT_ENOUGH, NOTHING_KNOWN},
};
use incident::{OperatingModel, Remedy};

use crate::toy::{CACHE, DISK, Toy, case, experience_of, knowledge, place, terms};

/// A shop in which restarting takes half an hour, so that a look saves more than it costs.
fn slow_restarts(checks: &[&str]) -> Terms {
    let mut terms = terms(checks);
    terms.costs.remedies[remedies::kind(&CACHE)] = 30.0;
    terms
}

#[test]
fn the_look_that_tells_is_taken_and_the_remedy_follows_from_it() {
    let telling = ["permits"];
    let all = ["hit-ratio", "permits", "traffic"];
    for (truth, remedy, cause) in [(0, CACHE, "stuck happened"), (1, DISK, "slow happened")] {
        let toy = Toy::new(truth, &telling, Some(remedy.clone()));
        let (done, said, _) = toy.play(&knowledge(&telling), &slow_restarts(&all));
        // Before it acts, it may look for evidence against something else.
        assert_eq!(
            (done[0].as_str(), done.last(), said.as_str()),
            ("permits", Some(&remedy.to_string()), cause)
        );
        assert!(done.len() <= 3, "one remedy, and looks: {done:?}");
    }
}

#[test]
fn of_two_looks_that_tell_as_much_the_cheaper_one_is_taken() {
    let telling = ["read-every-asset", "hit-ratio"];
    let toy = Toy::new(0, &telling, Some(CACHE));
    let (done, ..) = toy.play(&knowledge(&telling), &slow_restarts(&telling));
    assert_eq!(done[0], "hit-ratio");
}

#[test]
fn a_look_that_costs_more_than_it_saves_is_not_taken_before_acting() {
    // Restarting takes 8 minutes with the wait and the look, and helps in every other case. That is cheaper than half an hour of looking.
    let telling = ["read-every-asset"];
    let toy = Toy::new(0, &telling, Some(CACHE));
    let (done, said, _) = toy.play(&knowledge(&telling), &terms(&telling));
    assert_eq!((done[0].as_str(), said.as_str()), ("restart the cache", "stuck happened"));
}

#[test]
fn a_failed_remedy_speaks_for_the_other_explanation() {
    let toy = Toy::new(1, &[], Some(DISK));
    let (done, said, _) = toy.play(&knowledge(&[]), &terms(&[]));
    assert_eq!(done[0], CACHE.to_string());
    assert_eq!(done.last(), Some(&DISK.to_string()));
    assert_eq!(said, "slow happened");
}

#[test]
fn what_acting_would_hide_is_looked_at_first() {
    // The same remedy helps in both cases. Before it, one cheap look tells the two apart; after it, nothing does, and the explanation would
    // be lost.
    let telling = ["port-cache"];
    let mut hidden = crate::toy::experience(&telling);
    let cache = menu(&hidden.cases).iter().position(|sequence| *sequence == [CACHE]).unwrap();
    let port = place("port-cache");
    for incident in hidden.incidents.iter_mut().flatten() {
        incident.helped.replace_range(cache..=cache, "1");
        for moment in incident.moments.iter_mut().filter(|moment| moment.phase.is_after_remedy()) {
            moment.replace_outcome(port, Some(0));
        }
    }
    let toy = Toy::new(0, &telling, Some(CACHE));
    let (done, ..) = toy.play(&Knowledge::of(&hidden), &terms(&telling));
    assert_eq!(done[0], "port-cache");
}

#[test]
fn while_customers_are_lost_every_remedy_with_a_chance_is_tried() {
    let toy = Toy::new(0, &["permits"], None);
    let (done, said, _) = toy.play(&knowledge(&["permits"]), &terms(&["permits"]));
    assert!(done.contains(&CACHE.to_string()) && done.contains(&DISK.to_string()), "{done:?}");
    assert!([NOT_ENOUGH, NOTHING_KNOWN].contains(&said.as_str()), "{said}");
}

#[test]
fn one_text_after_the_other_is_suspected() {
    // A text did the harm, and the list of the newest texts names the right one in every other incident.
    let undo = |asset: &str| Remedy::RollBack { asset: asset.to_owned() };
    let text = case("text", Cause::new(Kind::Text, Place::Texts), undo(remedies::PUBLISHED));
    let mut taught = experience_of(vec![Case { has_asset: true, ..text }], &[]);
    let list = place("newest-texts");
    for (number, incident) in taught.incidents[0].iter_mut().enumerate() {
        for moment in &mut incident.moments {
            let said = |check| {
                Some(Said { names: (check == list).then_some(number % 2 == 0), ..moment.said(check)? })
            };
            *moment = Moment::new(moment.phase, (0..CHECKS.len()).map(said));
        }
    }
    let toy = Toy::new(0, &[], Some(undo("price-list")));
    *toy.newest.borrow_mut() = vec!["price-list", "promo-banner"];
    let (done, said, _) = toy.play(&Knowledge::of(&taught), &terms(&["newest-texts"]));
    let (wrong, right) = (undo("promo-banner").to_string(), undo("price-list").to_string());
    assert_eq!(done, ["newest-texts", &wrong, "newest-texts", &right]);
    assert_eq!(said, "text happened");
}

#[test]
fn what_fails_beside_the_shop_is_no_matter_of_the_world_outside() {
    // No training incident holds a look from beside a shop whose customers were cut off. The definition of the cause says what it shows.
    let outside = Cause::new(Kind::SlowLink, Place::Outside);
    let cut_off = Case { is_ours: false, right: Vec::new(), ..case("cut-off", outside, CACHE) };
    let mut taught =
        experience_of(vec![cut_off, case("stuck", Cause::new(Kind::Suspended, Place::Cache), CACHE)], &[]);
    let inside = place("pages-inside");
    for moment in taught.incidents.iter_mut().flatten().flat_map(|incident| &mut incident.moments) {
        moment.replace_outcome(inside, None);
    }
    let knowledge = Knowledge::of(&taught);
    let is_outside = |place: &usize| knowledge.hypotheses[*place].cause.place == Place::Outside;
    let believed = |looks: &[(usize, usize)]| -> f64 {
        let belief = knowledge.judged(Phase::Early, looks, 1.0);
        (0..belief.shares().len()).filter(is_outside).map(|place| belief.shares()[place]).sum()
    };
    let all = CHECKS[inside].place("all").unwrap();
    assert!(believed(&[]) > 0.3 && believed(&[(inside, all)]) < 0.01, "{}", believed(&[(inside, all)]));
}

#[test]
fn where_others_must_be_asked_it_hands_over_and_pays_for_it() {
    let telling = ["front-latency"];
    let parameters = Parameters::default().with(Parameter::Bounced, 0.0);
    let terms = |model| Terms { model, parameters, ..slow_restarts(&telling) };
    let played = |model| Toy::new(1, &telling, Some(DISK)).play(&knowledge(&telling), &terms(model));
    let (done, _, minutes) = played(OperatingModel::OpsRunIt);
    assert_eq!(done, ["front-latency", "to L2", &DISK.to_string()]);
    let (_, _, at_once) = played(OperatingModel::YouBuildIt);
    let ticket = Ticket::new(&terms(OperatingModel::OpsRunIt));
    let others = ticket.minutes_to(Line::Second) + ticket.helpers_minutes(&[DISK]);
    assert!((minutes - at_once - others).abs() < 1e-9, "{minutes} {at_once} {others}");
}

#[test]
fn what_is_lost_at_a_handover_is_looked_at_again() {
    let telling = ["front-latency"];
    let done = |kept: f64| {
        let parameters = Parameters::default().with(Parameter::Kept, kept).with(Parameter::Bounced, 0.0);
        let terms =
            Terms { model: OperatingModel::OpsRunIt, parameters, seed: Some(1), ..slow_restarts(&telling) };
        Toy::new(1, &telling, Some(DISK)).play(&knowledge(&telling), &terms).0
    };
    assert_eq!(done(1.0), ["front-latency", "to L2", &DISK.to_string()]);
    assert_eq!(done(0.0), ["front-latency", "to L2", "front-latency", &DISK.to_string()]);
}

#[test]
fn what_an_asset_is_called_changes_nothing() {
    // One incident of the experience, in which findings name an asset, replayed under other names.
    let experience = diagnosis::Experience::built_in();
    let knowledge = Knowledge::built_in();
    let case = experience.cases.iter().position(|case| case.has_asset).unwrap();
    let terms = Terms::at(incident::Level::Changes, OperatingModel::YouBuildIt);
    let told = |names| diagnosis::replay::replay(&experience, (case, 0), &knowledge, &terms, names);
    assert_eq!(told(["promo-banner", "site-footer"]), told(["a", "z"]));
    assert_eq!(told(["promo-banner", "site-footer"]), told(["z", "a"]));
}
