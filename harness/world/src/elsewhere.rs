//! A shop that others run, in containers or by hand: its customers, its record, and the results of its health checks. Teaches how
//! little an outsider needs to know how a shop is doing: one address.

use std::{
    collections::VecDeque,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use chassis::{Boxed, Chassis, Clock, Level, Network, Peer, Switches, TelemetrySink, Wait};
use content_store::asset::SeedAsset;
use http::StatusCode;
use incident::{IncidentRecord, Recorder, Run, Service};
use opentelemetry::{KeyValue, metrics::AsyncInstrument};
use tokio::time::{interval, sleep};

use crate::{
    Addresses, Editor, EditorError, Mix, Trade,
    shop::{CUSTOMERS, HEALTH_TIMEOUT, seed_assets},
};

/// The telemetry name of the caller that polls the health checks.
pub const OPERATIONS: &str = "operations";

const HEALTH_EVERY: Duration = Duration::from_secs(2);

/// How often to poll a shop that does not answer yet.
const OPEN_EVERY: Duration = Duration::from_millis(50);

/// The customers and the record of a shop that runs elsewhere.
pub struct Elsewhere {
    editor: Editor,
    trade: Trade,
    operations: Chassis,
    switches: Switches,
}

/// Which shop, and how to observe it.
pub struct ElsewhereOptions {
    pub addresses: Addresses,
    pub editor_token: String,
    /// How much customers and operations report.
    pub level: Level,
    pub sink: Arc<dyn TelemetrySink>,
    pub seed: u64,
}

impl Elsewhere {
    /// Waits until the shop is open and has content, then lets the customers come. Fails when the content store rejects this
    /// editor's token or the initial content.
    pub fn open(options: ElsewhereOptions, mix: &Mix, run: Run) -> Boxed<'_, Result<Self, EditorError>> {
        Box::pin(async move {
            let ElsewhereOptions { addresses, editor_token, level, sink, seed } = options;
            let (clock, switches) = (Clock::real(), Switches::new([], level));
            let reporting = |name| {
                let caller = Chassis::of_caller(name, Network::tcp(seed), clock.clone(), seed);
                caller.reporting(Some(Arc::clone(&sink)), &switches)
            };
            let (visitor, operations) = (reporting(CUSTOMERS), reporting(OPERATIONS));
            let editor = Editor::new(&operations, addresses.content_store.clone(), &editor_token);
            until_stocked(&editor).await?;
            until_open(&Peer::new(&operations, addresses.web_front.clone())).await;
            ask_health(&operations, &addresses);
            let record = Recorder::new(run, 0.0);
            let trade = Trade::begin(&visitor, &addresses.web_front, mix, record, Duration::ZERO);
            Ok(Self { editor, trade, operations, switches })
        })
    }

    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// Sets how much customers and operations report, so that it matches the services' level. `None` changes nothing.
    pub fn report_at(&self, level: Option<Level>) {
        if let Some(level) = level {
            self.switches.set_level(level);
        }
    }

    /// Sends the customers home, and ends the record. The shop goes on.
    pub async fn finish(self) -> IncidentRecord {
        self.customers().leave().await;
        self.operations.tasks.kill().await;
        self.record().clone().finish()
    }
}

impl Deref for Elsewhere {
    type Target = Trade;

    fn deref(&self) -> &Trade {
        &self.trade
    }
}

/// The initial content on its way into a content store that was found empty. Whether it was empty is decided once: after the first
/// asset is in, the store no longer shows that the others are missing.
#[derive(Debug, Default)]
pub struct Stocking {
    pending: VecDeque<SeedAsset>,
}

impl Stocking {
    /// Publishes the initial content if the content store is empty, or what is missing of it since an earlier call failed. An asset
    /// that is there already stays as it is: an answer may have been lost, or somebody else may have been faster.
    pub async fn go_on(&mut self, editor: &Editor) -> Result<(), EditorError> {
        if editor.list().await?.is_empty() {
            self.pending = seed_assets().into();
        }
        while let Some(asset) = self.pending.front() {
            editor.create(asset.id.as_str(), asset.body.clone()).await?;
            self.pending.pop_front();
        }
        Ok(())
    }
}

/// Publishes the initial content if the content store is empty, and does not rest before all of it is in. Fails when the store
/// rejects this editor's token or the content.
pub async fn until_stocked(editor: &Editor) -> Result<(), EditorError> {
    let mut stocking = Stocking::default();
    loop {
        match stocking.go_on(editor).await {
            Err(EditorError::Unreachable(_)) => sleep(OPEN_EVERY).await,
            Err(EditorError::Refused { status, .. }) if status.is_server_error() => sleep(OPEN_EVERY).await,
            done => return done,
        }
    }
}

async fn until_open(front: &Peer) {
    let is_open = async || {
        let answer = front.get("/healthz", Wait::AtMost(HEALTH_TIMEOUT)).await;
        answer.is_ok_and(|answer| answer.status == StatusCode::OK)
    };
    while !is_open().await {
        sleep(OPEN_EVERY).await;
    }
}

/// Polls each service's health check from now on, as operations' dashboards do, and reports the result as a gauge.
fn ask_health(operations: &Chassis, addresses: &Addresses) {
    let green: Arc<[AtomicU8; 3]> = Arc::default();
    let peers = Service::ALL.map(|service| Peer::new(operations, addresses.of(service).clone()));
    let shown = Arc::clone(&green);
    let observe = move |observer: &dyn AsyncInstrument<u64>| {
        for (service, green) in Service::ALL.into_iter().zip(shown.iter()) {
            let service = KeyValue::new("shop.service", service.name());
            observer.observe(u64::from(green.load(Ordering::Relaxed)), &[service]);
        }
    };
    let gauge = operations.telemetry.meter().u64_observable_gauge("shop.health.green");
    let about = "Whether the health check of a service answers 200";
    gauge.with_unit("{service}").with_description(about).with_callback(observe).build();
    let metrics_interval = operations.settings.metrics_interval;
    operations.telemetry.run_in(&operations.tasks, metrics_interval);
    operations.tasks.spawn(async move {
        let mut rounds = interval(HEALTH_EVERY);
        loop {
            rounds.tick().await;
            for (peer, green) in peers.iter().zip(green.iter()) {
                let answer = peer.get("/healthz", Wait::AtMost(HEALTH_TIMEOUT)).await;
                let is_green = answer.is_ok_and(|answer| answer.status == StatusCode::OK);
                green.store(u8::from(is_green), Ordering::Relaxed);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use incident::words::ClockKind;

    use super::*;
    use crate::{
        ShopOptions, World,
        virtual_time::{STALLED_AFTER, run},
    };

    #[test]
    fn a_content_store_that_restarts_while_it_is_filled_gets_all_of_it_once() {
        let filling = async {
            let about = Run::new(1, Level::Dark, ClockKind::Virtual);
            let shop = ShopOptions::in_virtual_time(1);
            let world = World::start(shop, &Mix::of(1.0), about, 0.0).await.unwrap();
            let editor = world.editor();
            for (asset, _) in editor.list().await.unwrap() {
                editor.delete(&asset).await.unwrap();
            }
            let restarted = async {
                while editor.list().await.unwrap().is_empty() {
                    sleep(Duration::from_millis(1)).await;
                }
                world.shop().restart(Service::ContentStore).await.unwrap();
            };
            let (filled, ()) = tokio::join!(until_stocked(editor), restarted);
            filled.unwrap();
            let listed = editor.list().await.unwrap();
            world.close().await;
            listed
        };
        let listed = run(filling, STALLED_AFTER, || panic!("time stood still")).unwrap();
        assert_eq!(listed.len(), seed_assets().len());
        assert!(listed.iter().all(|(_, version)| *version == 2), "published before and after: {listed:?}");
    }
}
