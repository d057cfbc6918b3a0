//! One shop, its customers and its clock.
//!
//! A world starts the three services, sends customers, lets an editor publish and a responder act, and writes everything down in
//! the incident record. Nothing scripts the outcome: failures emerge from what the services do.
//!
//! # Layout
//!
//! - [`addresses`]: where the services listen. [`shop`]: the three of them, and their operators' handles.
//! - [`customers`]: arrivals of customers, and how they judge the pages that they get ([`judge`]).
//! - [`editor`]: publishing and rolling back, over HTTP like any editor.
//! - [`disk`], [`uploads`], [`monitor`], `health_check`: what surrounds the shop.
//! - [`scenario`]: which incidents can be played.
//! - [`elsewhere`]: the customers and the record of a shop that others run.
//! - [`whole_file`]: files that are replaced atomically.
//! - [`observed`]: delivers the shop's telemetry directly to an evidence store, and reports the changes that pipelines make.
//! - [`World`]: all of it together, with its [`Trade`]. [`happen`]: what can happen in a world, and which remedies exist.
//!   [`reset`]: everything that can have changed, and how it returns to its initial state.
//! - [`play`]: one incident from start to end in [`virtual_time`], with a [`fingerprint`]. A model responder uses [`hands`]; a
//!   [`stand_in`] or a [`Guest`](play::Guest) can take its place. `stage`: the events of a play in order of time.

pub mod addresses;
pub mod shop;
pub mod customers;
mod trade;
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
pub mod play;
pub mod whole_file;
mod stage;
pub mod tape;

use std::{io, ops::Deref, time::Duration};

use chassis::{Boxed, TaskGroup};
use incident::{EventKind, IncidentRecord, Recorder, Run};
use parking_lot::Mutex;

pub use addresses::Addresses;
pub use customers::{Customers, Mix};
pub use editor::{Editor, EditorError};
pub use elsewhere::Elsewhere;
pub use shop::{Shop, ShopOptions};
pub use trade::Trade;

/// One shop with its customers and its record, isolated from every other.
pub struct World {
    shop: Shop,
    editor: Editor,
    trade: Trade,
    doings: Mutex<TaskGroup>,
    resetting: tokio::sync::Mutex<()>,
}

impl World {
    /// Starts the shop, then lets the customers come. The story clock shows `starts_story_s` when they do.
    pub async fn start(options: ShopOptions, mix: &Mix, run: Run, starts_story_s: f64) -> io::Result<Self> {
        Self::go_on(options, mix, Recorder::new(run, starts_story_s), Duration::ZERO).await
    }

    /// Starts a fresh shop and continues `record`, whose customers first arrived `ago` earlier. This resumes an incident after its
    /// process has ended.
    pub fn go_on(
        options: ShopOptions,
        mix: &Mix,
        record: Recorder,
        ago: Duration,
    ) -> Boxed<'_, io::Result<Self>> {
        Box::pin(async move {
            let shop = Shop::start(options).await?;
            let editor = shop.editor();
            let trade = Trade::begin(shop.visitor(), &shop.addresses().web_front, mix, record, ago);
            let doings = Mutex::new(TaskGroup::new(shop.visitor().tasks.dispatch().clone()));
            Ok(Self { shop, editor, trade, doings, resetting: tokio::sync::Mutex::default() })
        })
    }

    /// Pauses the customers and the story clock, or resumes them. The services keep running.
    pub fn pause(&self, paused: bool) {
        self.pause_from(self.at_s(), paused);
    }

    /// Like [`pause`](Self::pause), for callers that notice late: the record dates the change to the shop's second `at_s`.
    pub fn pause_from(&self, at_s: f64, paused: bool) {
        self.customers().stay_away(paused);
        let mut record = self.record();
        let speed = record.clock().speed();
        record.push(at_s, EventKind::Clock { speed, paused });
    }

    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// Stops new arrivals, and waits for the visits under way to end.
    pub async fn empty(&self) {
        self.customers().leave().await;
    }

    /// Kills everything under way in this world, and stops the shop.
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

impl Deref for World {
    type Target = Trade;

    fn deref(&self) -> &Trade {
        &self.trade
    }
}
