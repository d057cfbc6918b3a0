//! What the world does about each [`Happening`]: how it begins, how it ends by itself, and which remedies undo it.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{Boxed, Chassis};
use incident::{EventKind, Remedy, Service};
use web_front::{CHECKOUT_NOTES, WebFrontConfig};

use crate::{
    EditorError, World, monitor,
    scenario::{Happening, draw::Step},
    uploads,
};

/// The links inside the shop: what those who run its network can repair. The customers' way to it is not among them.
const LINKS: [(Service, Service); 4] = [
    (Service::WebFront, Service::Cache),
    (Service::WebFront, Service::ContentStore),
    (Service::Cache, Service::ContentStore),
    (Service::ContentStore, Service::Cache),
];

impl World {
    /// Lets one thing happen.
    ///
    /// # Errors
    ///
    /// When the shop does not let it: a publish that is refused, a service that does not start.
    pub fn happen<'a>(&'a self, step: &'a Step) -> Boxed<'a, Result<(), EditorError>> {
        Box::pin(async move {
            match step {
                Step::Publish { asset, body } => _ = self.publish(asset, body.clone()).await?,
                Step::Begin(happening) => self.begin(happening).await?,
                Step::End(happening) => self.end(happening).await,
            }
            Ok(())
        })
    }

    async fn begin(&self, happening: &Happening) -> io::Result<()> {
        let shop = self.shop();
        match happening {
            Happening::Publish { .. } => {}
            Happening::Release { version, fragment_timeout_ms, checkout_notes, .. } => {
                let (timeout_ms, notes) = (*fragment_timeout_ms, checkout_notes.clone());
                let change = move |config: &mut WebFrontConfig| {
                    config.fragment_timeout_ms = timeout_ms;
                    config.checkout_notes = notes.unwrap_or_else(|| CHECKOUT_NOTES.to_owned());
                };
                shop.release_front(version, change).await?;
            }
            Happening::Stop { service } => shop.kill(*service).await,
            Happening::Suspend { service } => self.suspend(*service, true),
            Happening::Link { from, to, delay_ms, resets } => {
                self.impair(from.name(), *to, Duration::from_millis(*delay_ms), resets.0);
            }
            Happening::Disk { seek_ms } => {
                shop.disk().slow_down(Duration::from_millis(*seek_ms));
            }
            Happening::Uploads { count } => {
                let (uploader, store) = (self.doer("importer"), &shop.addresses().content_store);
                uploads::begin(&uploader, store, shop.editor_token(), *count);
            }
            Happening::Surge { times } => self.customers().crowd(times.0),
            Happening::Monitor { asset } => {
                let (watcher, front) = (self.doer("monitor"), shop.addresses().web_front.clone());
                let text = self.editor().read(asset).await.unwrap_or_default();
                // The first sentence: short enough to be seen in a message, and long enough to be on no other page.
                let phrase = text.split_inclusive('.').next().unwrap_or_default().to_owned();
                monitor::watch(&watcher, front, phrase, Arc::clone(&self.record), self.arrived_at);
            }
        }
        Ok(())
    }

    async fn end(&self, happening: &Happening) {
        match happening {
            Happening::Suspend { service } => self.suspend(*service, false),
            Happening::Link { from, to, .. } => self.impair(from.name(), *to, Duration::ZERO, 0.0),
            Happening::Disk { .. } => self.shop().disk().restore(),
            Happening::Surge { .. } => self.customers().disperse().await,
            // What somebody has done stays done until somebody undoes it.
            Happening::Publish { .. }
            | Happening::Release { .. }
            | Happening::Stop { .. }
            | Happening::Uploads { .. }
            | Happening::Monitor { .. } => {}
        }
    }

    /// Does what a responder decided.
    ///
    /// # Errors
    ///
    /// When the shop does not let it be done.
    pub fn act(&self, remedy: Remedy) -> Boxed<'_, Result<(), EditorError>> {
        Box::pin(async move {
            self.note(EventKind::Remedy(remedy.clone()));
            let shop = self.shop();
            match remedy {
                Remedy::RollBack { asset } => {
                    let version = self.editor().roll_back(&asset).await?;
                    self.note(EventKind::Published { asset, version, by: "responder".to_owned() });
                }
                Remedy::Restart { service } => {
                    // The process that stood still is gone; its successor runs.
                    self.suspend(service, false);
                    shop.restart(service).await?;
                }
                Remedy::FlushCache => shop.flush_cache(),
                Remedy::RollBackRelease { service: Service::WebFront } => {
                    shop.roll_back_front().await?;
                }
                // Only the front has ever been released otherwise: the others come back as they were.
                Remedy::RollBackRelease { service } => shop.restart(service).await?,
                Remedy::AddCapacity { service: Service::WebFront } => {
                    if let Some(workers) = shop.front_workers() {
                        workers.double();
                    }
                }
                // The others are not limited by their workers.
                Remedy::AddCapacity { .. } => {}
                Remedy::RepairNetwork => {
                    for (from, to) in LINKS {
                        self.impair(from.name(), to, Duration::ZERO, 0.0);
                    }
                }
                Remedy::ReplaceDisk => shop.disk().restore(),
                Remedy::Restore => self.reset().await?,
                Remedy::Repair { fault } => shop.turn(fault, false),
            }
            Ok(())
        })
    }

    /// Publishes `body` as the next version of `asset`, as an editor would.
    ///
    /// # Errors
    ///
    /// When the content store refuses or cannot be reached.
    pub async fn publish(&self, asset: &str, body: impl Into<Bytes>) -> Result<u64, EditorError> {
        let version = self.editor().publish(asset, body.into()).await?;
        self.note(EventKind::Published { asset: asset.to_owned(), version, by: "editor".to_owned() });
        Ok(version)
    }

    fn suspend(&self, service: Service, suspended: bool) {
        let address = self.shop().addresses().of(service);
        self.shop().visitor().network.suspend(service.name(), address, suspended);
    }

    fn impair(&self, from: &str, to: Service, delay: Duration, resets: f64) {
        self.shop().visitor().network.impair(from, self.shop().addresses().of(to), delay, resets);
    }

    /// Somebody who begins something in this world that goes on until it is [`reset`](World::reset).
    fn doer(&self, name: &'static str) -> Chassis {
        Chassis { tasks: self.doings(), ..self.outsider(name) }
    }

    /// Somebody else than the customers who calls the shop, and tells nothing of it.
    pub fn outsider(&self, name: &'static str) -> Chassis {
        let visitor = self.shop().visitor();
        let (network, clock) = (visitor.network.clone(), visitor.clock.clone());
        Chassis { tasks: visitor.tasks.clone(), ..Chassis::of_caller(name, network, clock, visitor.seed) }
    }
}
