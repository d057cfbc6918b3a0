//! What a responder can do ([`Hands`]): look, act, and say what it thinks. And what a look can do besides reading evidence ([`Probes`]):
//! probe the shop as a person could. The world implements both traits; a recorded incident implements only the first.
//! Teaches that an interface can make cheating impossible: a responder cannot know what this interface does not offer.

use std::{future::Future, time::Duration};

use evidence::{Evidence, UnixTime};
use incident::{EventKind, Remedy, Route, Service};

use crate::{Answer, Finding, checks::Check};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// From where the customers are.
    Outside,
    /// From a machine beside the shop's.
    Inside,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    /// The number of missing parts, which anybody who knows the page can see.
    pub missing_parts: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub elapsed: Duration,
    pub body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The connection was refused, or broke.
    Broken,
    /// No reply came within the time that the caller was ready to wait.
    TimedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Running,
    /// Suspended: process state `T`.
    Stopped,
    Gone,
}

/// A release of a system, as the pipeline's page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub time: UnixTime,
    pub system: String,
}

/// An action of somebody that a colleague remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Published,
    Released,
    /// Somebody changed something about a machine, a process, the network or a disk.
    Operated,
    /// More customers were invited, or a partner's import began.
    Invited,
}

pub trait Probes {
    fn evidence(&self) -> &Evidence;

    /// The time at which an alert or the first complaint called the responder.
    fn noticed(&self) -> UnixTime;

    /// Opens a page; `number` chooses which one of its kind.
    fn page(
        &self,
        caller: Caller,
        route: Route,
        number: usize,
    ) -> impl Future<Output = Result<Page, NoReply>>;

    /// Sends a request directly to a service, from a machine beside the shop's, and gives up after `patience`.
    fn get(
        &self,
        service: Service,
        path: &str,
        patience: Duration,
    ) -> impl Future<Output = Result<Reply, NoReply>>;

    fn is_port_open(&self, service: Service) -> impl Future<Output = bool>;

    fn process(&self, service: Service) -> impl Future<Output = Process>;

    /// All releases so far, of the shop's services and of all other systems, oldest first.
    fn deployments(&self) -> Vec<Deployment>;

    /// Actions in the hour before the call that colleagues remember. They do not remember everything.
    fn remembered(&self) -> Vec<Deed>;

    /// How many customers told the help desk in the last `minutes` that a kind of page fails. Only a few of the affected customers do.
    fn complaints(&self, route: Route, minutes: u32) -> u32;
}

pub trait Hands {
    /// Minutes since the responder was called.
    fn minutes(&self) -> f64;

    /// The time of day: seconds of the story since 08:00.
    fn story_s(&self) -> f64;

    /// Lets time pass, for example during a handover.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;

    /// Takes a look that lasts `takes`.
    fn look(&self, check: &'static Check, takes: Duration) -> impl Future<Output = Finding>;

    /// Applies remedies one after the other, each with its duration, then waits `settles` for their effect. It does not say whether they
    /// helped: that takes a look.
    fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) -> impl Future<Output = ()>;

    /// Records an action of the responder.
    fn note(&self, _kind: EventKind) {}

    /// Records what the responder thinks. `leading` is the path of the likeliest explanation.
    fn suppose(&self, _text: String, _leading: Option<&[Service]>) {}

    /// Gives an answer and the confidence in it, from 0 to 1. The side that knows the truth judges it.
    fn explain(&self, answer: Answer, confidence: f64);
}
