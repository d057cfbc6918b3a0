//! A shop that others run, in containers or by hand: its customers, its record, and what its health checks say. Teaches how
//! little somebody outside needs to know how a shop is doing: one address.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use chassis::{Boxed, Chassis, Clock, Level, Network, Peer, Switches, TelemetrySink, Wait};
use http::StatusCode;
use incident::{EventKind, IncidentRecord, Recorder, Run};
use opentelemetry::{KeyValue, metrics::AsyncInstrument};
use tokio::time::{Instant, interval, sleep};

use crate::{
    Customers, Editor, EditorError, Mix,
    addresses::Addresses,
    shop::{CUSTOMERS, HEALTH_TIMEOUT, seed_assets},
};

/// The name of those who ask the health checks, in telemetry.
pub const OPERATIONS: &str = "operations";

/// How often they ask.
const HEALTH_EVERY: Duration = Duration::from_secs(2);

/// How often a shop that does not answer yet is asked again.
const OPEN_EVERY: Duration = Duration::from_millis(50);

/// Customers and record of a shop that runs elsewhere.
pub struct Elsewhere {
    editor: Editor,
    customers: Customers,
    clock: Clock,
    arrived_at: Instant,
    operations: Chassis,
    switches: Switches,
    record: Arc<Mutex<Recorder>>,
}

/// Which shop, and how it is looked at.
pub struct ElsewhereOptions {
    /// Where its services listen.
    pub addresses: Addresses,
    /// What an editor must present.
    pub editor_token: String,
    /// How much customers and operations report.
    pub level: Level,
    /// Where that goes.
    pub sink: Arc<dyn TelemetrySink>,
    /// The source of all chance.
    pub seed: u64,
}

impl Elsewhere {
    /// Waits until the shop is open, with content in it, then lets the customers come.
    ///
    /// # Errors
    ///
    /// When its content store does not take this editor's token, or refuses what a shop begins with.
    pub fn open(options: ElsewhereOptions, mix: &Mix, run: Run) -> Boxed<'_, Result<Self, EditorError>> {
        Box::pin(async move {
            let ElsewhereOptions { addresses, editor_token, level, sink, seed } = options;
            let (clock, switches) = (Clock::real(), Switches::new([], level));
            let reporting = |name| {
                let caller = Chassis::of_caller(name, Network::Tcp, clock.clone(), seed);
                caller.reporting(Some(Arc::clone(&sink)), &switches)
            };
            let (visitor, operations) = (reporting(CUSTOMERS), reporting(OPERATIONS));
            let editor = Editor::new(&operations, addresses.content_store.clone(), &editor_token);
            until_stocked(&editor).await?;
            until_open(&Peer::new(&operations, addresses.web_front.clone())).await;
            ask_health(&operations, &addresses);
            let record = Arc::new(Mutex::new(Recorder::new(run, 0.0)));
            let arrived_at = clock.now();
            let customers =
                Customers::arrive(&visitor, &addresses.web_front, mix, Arc::clone(&record), arrived_at);
            Ok(Self { editor, customers, clock, arrived_at, operations, switches, record })
        })
    }

    /// The shop's own time: seconds since the customers arrived.
    pub fn at_s(&self) -> f64 {
        self.clock.now().duration_since(self.arrived_at).as_secs_f64()
    }

    /// Someone with the editor's credentials.
    pub fn editor(&self) -> &Editor {
        &self.editor
    }

    /// From now on customers and operations report as much as the services do, if somebody has turned those.
    pub fn report_at(&self, level: Option<Level>) {
        if let Some(level) = level {
            self.switches.set_level(level);
        }
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

    /// Sends the customers home, and ends the record. The shop goes on.
    pub async fn finish(self) -> IncidentRecord {
        self.customers.leave().await;
        self.operations.tasks.kill().await;
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner).clone();
        record.finish()
    }
}

/// Publishes what a shop begins with, if its content store is empty; says whether it was.
///
/// # Errors
///
/// When the content store refuses or cannot be reached.
pub async fn stock(editor: &Editor) -> Result<bool, EditorError> {
    let is_empty = editor.list().await?.is_empty();
    if is_empty {
        for asset in seed_assets() {
            editor.publish(asset.id.as_str(), asset.body).await?;
        }
    }
    Ok(is_empty)
}

async fn until_stocked(editor: &Editor) -> Result<(), EditorError> {
    loop {
        match stock(editor).await {
            Err(EditorError::Unreachable(_)) => sleep(OPEN_EVERY).await,
            done => return done.map(|_| ()),
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

/// Asks each service from now on whether it is well, as operations' dashboards do, and reports what it says.
fn ask_health(operations: &Chassis, addresses: &Addresses) {
    let services = [
        ("content-store", &addresses.content_store),
        ("cache", &addresses.cache),
        ("web-front", &addresses.web_front),
    ];
    let green: Arc<[AtomicU8; 3]> = Arc::default();
    let peers = services.map(|(_, address)| Peer::new(operations, address.clone()));
    let (shown, names) = (Arc::clone(&green), services.map(|(name, _)| name));
    let observe = move |observer: &dyn AsyncInstrument<u64>| {
        for (name, green) in names.iter().zip(shown.iter()) {
            let service = KeyValue::new("shop.service", *name);
            observer.observe(u64::from(green.load(Ordering::Relaxed)), &[service]);
        }
    };
    let gauge = operations.telemetry.meter().u64_observable_gauge("shop.health.green");
    let about = "Whether the health check of a service answers 200";
    gauge.with_unit("{service}").with_description(about).with_callback(observe).build();
    let metrics_interval = operations.settings.metrics_interval;
    operations.telemetry.run_in(&operations.tasks, operations.blocking, metrics_interval);
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
