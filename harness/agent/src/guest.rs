//! Carries out a program's calls in the world. Virtual time stands still until the next call comes, so that a slow program meets the same
//! shop as a quick one. Teaches that an experiment with programs is repeatable only if their thinking time is not on its clock.

use std::{
    pin::Pin,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use diagnosis::{
    Answer, Finding, Hands, Probes,
    checks::{CHECKS, granted},
    explanation::agreement,
    remedies::{COST_MINUTES, SETTLES, kind},
};
use incident::{EventKind, Remedy, Service};
use parking_lot::Mutex;
use room::{
    catalogue::{Catalogue, factor, trigger},
    claims::{About, chosen, locates},
    team_world::TeamWorld,
    texts,
    views::{remedies, remedy, story_time},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use world::{hands::WorldHands, play::Guest, virtual_time::Waiting};

use crate::{
    looks,
    session::{Charge, Ended, Given, Terms, Told},
    tools::{self, Call, Explain, STEPS_MAX, WAIT_MINUTES_MAX},
};

/// The services in a sentence.
const SHOP: &str = "A web shop. Customers ask the web-front for pages; it asks the cache for the texts on them; the cache fills itself from \
                    the content-store, where editors publish.";

/// The timeout for asking the content store whether a text exists.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// A call on its way into the world.
pub struct Ask {
    pub call: Call,
    /// The time since the last answer, by the wall clock: how long the program thought.
    pub thought: Duration,
    pub reply: oneshot::Sender<Result<Value, String>>,
}

/// A program that is on call in a world.
pub struct OnCall {
    pub terms: Terms,
    /// The right explanation of this incident. No answer may contain any of it.
    pub truth: Answer,
    /// How long the world waits for a call.
    pub silent_max: Duration,
    /// `None` once the incident is over.
    pub asks: Mutex<Option<Receiver<Ask>>>,
    pub waiting: Waiting,
    pub told: Mutex<Told>,
}

impl OnCall {
    /// Ends the incident, and returns what the program did. Calls that still wait for an answer learn that the incident is over.
    pub fn over(&self) -> Told {
        self.asks.lock().take();
        let mut told = self.told.lock().clone();
        told.ended = told.ended.or(Some(Ended::DayOver));
        told
    }

    fn next(&self) -> Result<Ask, RecvTimeoutError> {
        let asks = self.asks.lock();
        let asks = asks.as_ref().ok_or(RecvTimeoutError::Disconnected)?;
        self.waiting.during(|| asks.recv_timeout(self.silent_max))
    }

    /// Answers a call, and adds the clock and the budget that is left.
    async fn answer(&self, hands: &WorldHands<'_>, ask: &Ask) -> Result<Value, String> {
        if self.terms.charge == Charge::Wall {
            hands.pass(ask.thought).await;
        }
        let used_up = self.terms.used_up(self.told.lock().calls, hands.minutes());
        self.told.lock().used_up = used_up;
        if let Some(budget) = used_up
            && !matches!(ask.call, Call::Explain(_) | Call::Finish(_))
        {
            return Err(format!("Your {budget} are used up. 'explain' and 'finish' are still answered."));
        }
        self.told.lock().calls += 1;
        let mut answer = self.carried_out(hands, &ask.call).await?;
        answer["clock"] = story_time(hands.story_s()).into();
        answer["left"] = self.terms.left(self.told.lock().calls, hands.minutes());
        Ok(answer)
    }

    async fn carried_out(&self, hands: &WorldHands<'_>, call: &Call) -> Result<Value, String> {
        match call {
            Call::Situation(_) => Ok(self.situation(hands)),
            Call::ListChecks(_) => Ok(self.checks()),
            Call::Catalogue(_) => Ok(catalogue()),
            Call::Check(check) => self.check(hands, &check.name).await,
            Call::Remedy(remedies) => self.act(hands, &remedies.steps).await,
            Call::Hypothesis(hypothesis) => self.suppose(hands, &hypothesis.text),
            Call::Explain(explain) => self.explain(hands, explain),
            Call::Wait(wait) => {
                let minutes = wait.minutes;
                if !(minutes > 0.0 && minutes <= WAIT_MINUTES_MAX) {
                    return Err(format!("'minutes' lies above 0 and is at most {WAIT_MINUTES_MAX}."));
                }
                hands.pass(in_minutes(minutes)).await;
                Ok(json!({}))
            }
            Call::Finish(finish) => {
                self.told.lock().cost = *finish;
                Ok(json!({ "finished": true }))
            }
            Call::Logs(_) | Call::Metrics(_) | Call::Traces(_) | Call::Changes(_) => {
                let question = looks::question(call, self.terms.level);
                let takes = self.looking(f64::from(question.minutes));
                hands.note(EventKind::Check { name: question.in_short(), cost_story_s: takes.as_secs_f64() });
                hands.pass(takes).await;
                question.ask(hands)
            }
        }
    }

    /// How long a look of this cost takes. A program that pays by the wall clock has paid already.
    fn looking(&self, minutes: f64) -> Duration {
        self.told.lock().looks += 1;
        if self.terms.charge == Charge::Calls { in_minutes(minutes) } else { Duration::ZERO }
    }

    fn situation(&self, hands: &WorldHands<'_>) -> Value {
        let remedies: Vec<Value> = remedies()
            .into_iter()
            .map(|(id, remedy)| {
                let any = remedy.clone().unwrap_or(Remedy::RollBack { asset: "a text".to_owned() });
                json!({ "remedy": id, "does": any.to_string(), "minutes": COST_MINUTES[kind(&any)],
                    "needs_asset": remedy.is_none() })
            })
            .collect();
        json!({
            "ticket": hands.call(),
            "minutes_since_call": (hands.minutes() * 10.0).round() / 10.0,
            "telemetry_level": self.terms.level,
            "shop": SHOP,
            "services": Service::ALL,
            "texts": TeamWorld::assets(),
            "remedies": remedies,
        })
    }

    fn checks(&self) -> Value {
        let checks: Vec<Value> = granted(self.terms.level)
            .into_iter()
            .map(|place| {
                let check = &CHECKS[place];
                json!({ "name": check.name, "asks": check.asks, "minutes": check.cost_minutes, "outcomes": check.outcomes })
            })
            .collect();
        json!({ "checks": checks })
    }

    async fn check(&self, hands: &WorldHands<'_>, name: &str) -> Result<Value, String> {
        let places = granted(self.terms.level);
        let check = places.into_iter().map(|place| &CHECKS[place]).find(|check| check.name == name);
        let check = check.ok_or(
            "There is no such check at this telemetry level; 'list_checks' names those that there are.",
        )?;
        let takes = self.looking(f64::from(check.cost_minutes));
        let name = check.name.to_owned();
        hands.note(EventKind::Check { name: name.clone(), cost_story_s: takes.as_secs_f64() });
        let Finding { outcome, text, asset, class, character } = hands.look(check, takes).await;
        hands.note(EventKind::Finding { check: name, text: format!("{outcome} ({text})") });
        Ok(
            json!({ "check": check.name, "outcome": outcome, "seen": text, "asset": asset, "special_by": class,
            "character": character }),
        )
    }

    async fn act(&self, hands: &WorldHands<'_>, steps: &[tools::Step]) -> Result<Value, String> {
        if !(1..=STEPS_MAX).contains(&steps.len()) {
            return Err(format!("'steps' holds 1 to {STEPS_MAX} remedies."));
        }
        for asset in steps.iter().filter_map(|step| step.asset.as_ref()) {
            if !is_published(hands, asset).await {
                return Err(format!("'{asset}' is none of the shop's texts."));
            }
        }
        let timed = |step: &tools::Step| {
            if !remedies().iter().any(|(id, _)| *id == step.remedy) {
                return Err(format!("There is no remedy '{}'; 'situation' lists them.", step.remedy));
            }
            let remedy = remedy(&step.remedy, step.asset.as_deref());
            let remedy = remedy.ok_or("Name the text to roll back: 'asset'.")?;
            let takes = in_minutes(COST_MINUTES[kind(&remedy)]);
            Ok((remedy, takes))
        };
        let timed: Vec<(Remedy, Duration)> = steps.iter().map(timed).collect::<Result<_, String>>()?;
        self.told.lock().tried += 1;
        hands.apply(&timed, SETTLES).await;
        let done: Vec<String> = timed.iter().map(|(remedy, _)| remedy.to_string()).collect();
        Ok(json!({ "done": done }))
    }

    fn suppose(&self, hands: &WorldHands<'_>, text: &str) -> Result<Value, String> {
        let text = texts::text("text", text).map_err(|problem| problem.detail().to_owned())?;
        let locates = locates(&text, &self.truth);
        self.located(locates, hands.story_s());
        hands.note(EventKind::Hypothesis { text, locates });
        Ok(json!({}))
    }

    fn located(&self, locates: bool, at_s: f64) {
        let located_s = &mut self.told.lock().located_s;
        *located_s = located_s.or(locates.then_some(at_s));
    }

    fn explain(&self, hands: &WorldHands<'_>, explain: &Explain) -> Result<Value, String> {
        let answer = answer(explain)?;
        let confidence = explain.confidence.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&confidence) {
            return Err("'confidence' lies between 0 and 1.".to_owned());
        }
        let (score, at_s) = (agreement(&answer, &self.truth), hands.story_s());
        let names_it = answer.cause == self.truth.cause;
        self.located(names_it, at_s);
        let rounded = Some((score * 1e3).round() / 1e3);
        hands.note(EventKind::Explained { explanation: answer.explanation(), score: rounded });
        self.told.lock().given = Some(Given { answer, at_s, confidence, score });
        Ok(json!({ "handed_in": true }))
    }
}

impl Guest for OnCall {
    fn respond<'a>(&'a self, hands: &'a WorldHands<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move {
            self.told.lock().called_s = Some(hands.story_s());
            let ended = loop {
                match self.next() {
                    Ok(ask) => {
                        let is_last = matches!(ask.call, Call::Finish(_));
                        let answer = self.answer(hands, &ask).await;
                        let ended = is_last && answer.is_ok();
                        // If the program is gone, nobody receives the answer.
                        let _ = ask.reply.send(answer);
                        if ended {
                            break Ended::Finished;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => break Ended::Silent,
                    Err(RecvTimeoutError::Disconnected) => break Ended::Vanished,
                }
            };
            self.told.lock().ended = Some(ended);
            if ended != Ended::Finished {
                let text = "the program went away before it had finished".to_owned();
                hands.note(EventKind::Aborted { text });
            }
            // The last remedy may still take effect.
            hands.until_served(SETTLES).await;
        })
    }
}

/// Reads an explanation. The error says what cannot be read.
fn answer(explain: &Explain) -> Result<Answer, String> {
    let fits = |about: About, choice: &Option<String>| {
        choice.as_ref().map(|choice| chosen(about, choice, &TeamWorld::assets())).transpose()
    };
    let read = |about, choice| fits(about, choice).map_err(|problem| problem.detail().to_owned());
    let (asset, character) =
        (read(About::Asset, &explain.asset)?, read(About::Character, &explain.character)?);
    let trigger = trigger(&explain.cause).ok_or_else(|| {
        format!("'{}' is no cause of the catalogue; give an id of 'catalogue'.", explain.cause)
    })?;
    let known = |id: &String| {
        factor(id).ok_or_else(|| format!("'{id}' is no factor of the catalogue; give an id of 'catalogue'."))
    };
    let factors = explain.factors.iter().map(known).collect::<Result<_, _>>()?;
    let (cause, path) = (trigger.words.clone(), explain.path.clone());
    Ok(Answer { cause, parts: trigger.parts, asset, character, path, factors })
}

fn catalogue() -> Value {
    let Catalogue { causes, factors, services, .. } = Catalogue::whole();
    let causes: Vec<Value> =
        causes.iter().map(|cause| json!({ "id": cause.id, "cause": cause.words })).collect();
    let factors: Vec<Value> = factors
        .iter()
        .map(|factor| json!({ "id": factor.id, "factor": factor.words, "question": factor.question }))
        .collect();
    json!({ "causes": causes, "factors": factors, "services": services })
}

/// Whether such a text exists, as far as the content store answers. Editors also publish texts that are on no page.
async fn is_published(hands: &WorldHands<'_>, asset: &str) -> bool {
    let is_name = asset.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_name || asset.is_empty() {
        return false;
    }
    let path = format!("/assets/{asset}/versions");
    let asked = hands.get(Service::ContentStore, &path, STORE_TIMEOUT).await;
    !asked.is_ok_and(|reply| reply.status == 404)
}

fn in_minutes(minutes: f64) -> Duration {
    Duration::from_secs_f64(minutes * 60.0)
}
