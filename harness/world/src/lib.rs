//! One shop, its customers and its clock.
//!
//! A world starts the three services, sends customers, lets an editor publish and a responder act, and writes everything
//! down in the incident record. It knows nothing that the services do not: what happens emerges.
//!
//! # Layout
//!
//! - [`addresses`]: where the services listen. [`shop`]: the three of them, and their operators' handles.
//! - [`customers`]: who visits, how often, and what they make of what they get ([`judge`]).
//! - [`editor`]: publishing and rolling back, over HTTP like any editor.
//! - [`disk`], [`uploads`], [`monitor`], `health_check`: what else there is around a shop.
//! - [`scenario`]: which incidents can be played.
//! - [`elsewhere`]: customers and record of a shop that others run.
//! - [`whole_file`]: files that are whole, or not there.
//! - `announce`: what pipelines tell of changes. [`observed`]: telemetry of the shop, straight into an evidence store.
//! - [`World`]: all of it together, with the record. [`happen`]: what can happen in it, and what can be done about it.
//!   [`reset`]: all that can have been changed, and how it becomes as it was.
//! - [`play`]: one incident from start to end in [`virtual_time`], with a [`fingerprint`], a model responder's [`hands`], or a
//!   [`stand_in`] for one, or a [`guest`]. `stage`: what happens in it, in order of time.

pub mod addresses;
pub mod shop;
pub mod customers;
pub mod judge;
pub mod editor;
pub mod elsewhere;
pub mod disk;
pub mod uploads;
pub mod monitor;
mod health_check;
pub mod scenario;
pub mod observed;
pub mod happen;
pub mod reset;
pub mod virtual_time;
pub mod fingerprint;
pub mod stand_in;
pub mod hands;
pub mod guest;
pub mod play;
pub mod whole_file;
mod announce;
mod stage;
pub mod tape;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chassis::{Boxed, Clock, TaskGroup};
use incident::{EventKind, IncidentRecord, Recorder, Run};
use tokio::time::Instant;

pub use addresses::Addresses;
pub use customers::{Customers, Mix};
pub use editor::{Editor, EditorError};
pub use elsewhere::Elsewhere;
pub use shop::{Shop, ShopOptions};

/// One shop with its customers and its record, isolated from every other.
pub struct World {
    shop: Shop,
    editor: Editor,
    customers: Customers,
    clock: Clock,
    arrived_at: Instant,
    record: Arc<Mutex<Recorder>>,
    doings: Mutex<TaskGroup>,
    resetting: tokio::sync::Mutex<()>,
}

impl World {
    /// Starts the shop, then lets the customers come. The story clock shows `starts_story_s` when they do.
    ///
    /// # Errors
    ///
    /// When a service cannot start, as when its port is taken.
    pub async fn start(options: ShopOptions, mix: &Mix, run: Run, starts_story_s: f64) -> io::Result<Self> {
        Self::go_on(options, mix, Recorder::new(run, starts_story_s), Duration::ZERO).await
    }

    /// Starts a shop as it was at first, with the record of one whose customers arrived so long ago: what an incident comes back
    /// with when the process that it ran in had ended.
    ///
    /// # Errors
    ///
    /// When a service cannot start.
    pub fn go_on(
        options: ShopOptions,
        mix: &Mix,
        record: Recorder,
        ago: Duration,
    ) -> Boxed<'_, io::Result<Self>> {
        Box::pin(async move {
            let clock = options.surroundings.clock.clone();
            let shop = Shop::start(options).await?;
            let editor = shop.editor();
            let record = Arc::new(Mutex::new(record));
            let arrived_at = clock.now().checked_sub(ago).unwrap_or_else(|| clock.now());
            let customers = Customers::arrive(
                shop.visitor(),
                &shop.addresses().web_front,
                mix,
                Arc::clone(&record),
                arrived_at,
            );
            let doings = Mutex::new(TaskGroup::new(shop.visitor().tasks.dispatch().clone()));
            let resetting = tokio::sync::Mutex::default();
            Ok(Self { shop, editor, customers, clock, arrived_at, record, doings, resetting })
        })
    }

    /// Lets customers and story stand still, or go on; the services run on.
    pub fn pause(&self, paused: bool) {
        self.pause_from(self.at_s(), paused);
    }

    /// The same, from a second of the shop on: when it is noticed late.
    pub fn pause_from(&self, at_s: f64, paused: bool) {
        self.customers.stay_away(paused);
        let mut record = self.record();
        let speed = record.clock().speed();
        record.push(at_s, EventKind::Clock { speed, paused });
    }

    /// The shop's own time: seconds since the customers arrived.
    pub fn at_s(&self) -> f64 {
        self.clock.now().duration_since(self.arrived_at).as_secs_f64()
    }

    /// The shop.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Someone with the editor's credentials.
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// The customers.
    pub fn customers(&self) -> &Customers {
        &self.customers
    }

    /// What has happened so far.
    pub fn record(&self) -> MutexGuard<'_, Recorder> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something happened now.
    pub fn note(&self, kind: EventKind) {
        let at_s = self.at_s();
        self.record().push(at_s, kind);
    }

    /// Sends the customers home, and waits for those who still wait.
    pub async fn empty(&self) {
        self.customers.leave().await;
    }

    /// Ends whatever goes on in this world, and closes the shop.
    pub async fn close(&self) {
        self.doings().kill().await;
        self.shop.stop().await;
    }

    /// Sends the customers home, closes the shop, and ends the record.
    pub async fn finish(self) -> IncidentRecord {
        self.empty().await;
        self.close().await;
        self.record().clone().finish()
    }
}
