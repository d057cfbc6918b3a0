//! What a responder can do: look, act, and say what it thinks. And what a look can do besides reading evidence: probe the shop as a
//! person could. The world implements both; a recorded incident implements the first.
//! Teaches that an interface can make cheating impossible: whatever is not here, a responder cannot know.

use std::{future::Future, time::Duration};

use evidence::{Evidence, UnixTime};
use incident::{EventKind, Remedy, Route, Service};

use crate::{Answer, Finding, checks::Check};

/// From where a page is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// From where the customers are.
    Outside,
    /// From a machine beside the shop's.
    Inside,
}

/// A page as a customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// How long it took.
    pub elapsed: Duration,
    /// The bytes of its body.
    pub bytes: usize,
    /// How many of its parts are missing: anybody who knows the page sees that.
    pub missing_parts: usize,
}

/// What a service answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// How long it took.
    pub elapsed: Duration,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The connection was refused, or broke.
    Broken,
    /// Nothing came while a customer would have waited.
    TimedOut,
}

/// What the machine's list of processes shows of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It runs.
    Running,
    /// It stands still: state `T`.
    Stopped,
    /// There is none.
    Gone,
}

/// A system was released, as the pipeline's page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// When.
    pub time: UnixTime,
    /// The system.
    pub system: String,
    /// The version that ran from then on.
    pub version: String,
}

/// What a colleague remembers that somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A text was published.
    Published,
    /// One of the shop's services was released.
    Released,
    /// Something was done to a machine, a process, the network or a disk.
    Operated,
    /// More customers were invited, or a partner's import began.
    Invited,
}

/// What a look can ask.
pub trait Probes {
    /// What telemetry has delivered.
    fn evidence(&self) -> &Evidence;

    /// When the responder was called: by an alert, or by the first complaint.
    fn noticed(&self) -> UnixTime;

    /// Opens a page; `number` chooses which one of its kind.
    fn page(
        &self,
        caller: Caller,
        route: Route,
        number: usize,
    ) -> impl Future<Output = Result<Page, NoReply>>;

    /// Asks a service directly, from a machine beside the shop's, and waits for so long.
    fn get(
        &self,
        service: Service,
        path: &str,
        patience: Duration,
    ) -> impl Future<Output = Result<Reply, NoReply>>;

    /// Whether something listens on the service's port.
    fn is_port_open(&self, service: Service) -> impl Future<Output = bool>;

    /// What the machine's list of processes shows of a service.
    fn process(&self, service: Service) -> impl Future<Output = Process>;

    /// What was released by now, the shop's services and all others, oldest first.
    fn deployments(&self) -> Vec<Deployment>;

    /// What colleagues remember that somebody did in the hour before the call. They do not remember everything.
    fn remembered(&self) -> Vec<Deed>;

    /// How many customers told the help desk in the last so many minutes that a kind of page fails. Few of those who meet it do.
    fn complaints(&self, route: Route, minutes: u32) -> u32;
}

/// What a responder can do.
pub trait Hands {
    /// Minutes since the responder was called.
    fn minutes(&self) -> f64;

    /// The time of day: seconds of the story since 08:00.
    fn story_s(&self) -> f64;

    /// Lets time pass: what a handover costs.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;

    /// Takes a look, which takes so long.
    fn look(&self, check: &'static Check, takes: Duration) -> impl Future<Output = Finding>;

    /// Uses remedies, one after the other, each of which takes so long; then waits for their effect. Whether they helped is something
    /// to look at.
    fn apply(&self, remedies: &[(Remedy, Duration)], settles: Duration) -> impl Future<Output = ()>;

    /// Writes down what the responder does.
    fn note(&self, kind: EventKind);

    /// Writes down what the responder thinks; `leading` is the path along which the likeliest explanation runs.
    fn suppose(&self, text: String, leading: Option<&[Service]>);

    /// Gives an answer, and how sure it is, from 0 to 1. Whoever holds the truth judges it.
    fn explain(&self, answer: Answer, confidence: f64);
}
