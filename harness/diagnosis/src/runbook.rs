//! Baselines that need no diagnosis: a runbook followed blindly, and the rule to undo the last change first. Teaches what telemetry must be
//! measured against: a team that always restarts everything is often lucky, and a team that undoes the last change is lucky more often.

use std::time::Duration;

use incident::{EventKind, Remedy, Service};

use crate::{
    Answer, Finding, Hands, Knowledge,
    cause::Kind,
    checks::{CHECKS, Check},
    operating::{Line, Ticket},
    remedies::SETTLES,
    responder::NOT_ENOUGH,
    terms::Terms,
};

/// Restarts every service, from the back of the shop to its front.
pub fn restart_everything() -> Vec<Remedy> {
    [Service::ContentStore, Service::Cache, Service::WebFront]
        .map(|service| Remedy::Restart { service })
        .into()
}

pub fn undo_and_restart(newest: Option<&str>) -> Vec<Remedy> {
    let undo = newest.map(|asset| Remedy::RollBack { asset: asset.to_owned() });
    undo.into_iter().chain(restart_everything()).collect()
}

/// Follows the runbook once, from top to bottom. Gives no explanation.
pub async fn follow(hands: &impl Hands, runbook: &[Remedy], terms: &Terms) {
    let mut ticket = Ticket::new(terms);
    ticket.call_out(hands).await;
    act(hands, &mut ticket, runbook, terms).await;
}

/// Applies remedies, once the ticket has reached the support line that may use them.
async fn act(hands: &impl Hands, ticket: &mut Ticket, remedies: &[Remedy], terms: &Terms) {
    if let Some(line) = remedies.iter().map(Line::of_remedy).max() {
        ticket.reach(hands, line).await;
    }
    ticket.ask_helpers(hands, remedies).await;
    let takes = |remedy: &Remedy| Duration::from_secs_f64(terms.costs.remedy(remedy) * 60.0);
    let timed: Vec<(Remedy, Duration)> =
        remedies.iter().map(|remedy| (remedy.clone(), takes(remedy))).collect();
    hands.apply(&timed, SETTLES).await;
}

/// Undoes the last change first: rolls back the newest text, then the release of the web front if there was one, then restarts every
/// service. After each step it looks whether that helped. It names as the cause the change whose rollback helped.
pub async fn undo_last_change(hands: &impl Hands, knowledge: &Knowledge, terms: &Terms) {
    let mut rule = LastChange { hands, terms, ticket: Ticket::new(terms) };
    rule.ticket.call_out(hands).await;
    let has = |name: &str| terms.checks.iter().any(|place| CHECKS[*place].name == name);
    let (texts, releases) =
        if has("published") { ("published", "started") } else { ("newest-texts", "deployments") };
    let newest = rule.look(texts).await.asset;
    let released = rule.look(releases).await.outcome == Service::WebFront.name();
    if let Some(asset) = newest
        && rule.helps(&[Remedy::RollBack { asset: asset.clone() }]).await
    {
        let Finding { class, character, asset: compared, .. } = rule.look("editors-history").await;
        let class = class.filter(|_| compared.as_ref() == Some(&asset));
        let text = |place: &usize| {
            let cause = knowledge.hypotheses[*place].cause;
            cause.kind == Kind::Text && cause.class == class
        };
        let cause = (0..knowledge.hypotheses.len()).find(text);
        let answer = cause.map(|cause| Answer { asset: Some(asset), character, ..knowledge.answer(cause) });
        return hands.explain(answer.unwrap_or_else(nothing), 0.5);
    }
    let release = Remedy::RollBackRelease { service: Service::WebFront };
    if released && rule.helps(&[release]).await {
        let release = |place: &usize| knowledge.hypotheses[*place].cause.kind == Kind::Release;
        let cause = (0..knowledge.hypotheses.len()).find(release);
        return hands.explain(cause.map_or_else(nothing, |cause| knowledge.answer(cause)), 0.5);
    }
    rule.helps(&restart_everything()).await;
    hands.explain(nothing(), 0.0);
}

fn nothing() -> Answer {
    Answer { cause: NOT_ENOUGH.to_owned(), ..Answer::default() }
}

struct LastChange<'a, H> {
    hands: &'a H,
    terms: &'a Terms,
    ticket: Ticket,
}

impl<H: Hands> LastChange<'_, H> {
    async fn look(&mut self, name: &str) -> Finding {
        let place = CHECKS.iter().position(|check| check.name == name).expect("the table has it");
        let check: &Check = &CHECKS[place];
        self.ticket.reach(self.hands, Line::of_check(check)).await;
        let takes = Duration::from_secs_f64(self.terms.costs.checks[place] * 60.0);
        self.hands.note(EventKind::Check { name: check.name.to_owned(), cost_story_s: takes.as_secs_f64() });
        self.hands.look(check, takes).await
    }

    async fn helps(&mut self, remedies: &[Remedy]) -> bool {
        act(self.hands, &mut self.ticket, remedies, self.terms).await;
        self.look("pages-outside").await.outcome == "none"
    }
}
