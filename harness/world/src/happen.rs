//! What the world does about each [`Happening`]: how it begins, how it ends by itself, and which remedies undo it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{Boxed, Chassis};
use content_store::characters::special;
use incident::{EventKind, Level, Remedy, Service};
use web_front::{CHECKOUT_NOTES, WebFrontConfig};

use crate::{
    EditorError, World,
    announce::announce,
    health_check, monitor,
    scenario::{
        Happening,
        draw::{Announced, Step, SystemChange, original},
    },
    uploads,
};

/// The links inside the shop: what those who run its network can repair. The customers' way to it is not among them.
const LINKS: [(Service, Service); 4] = [
    (Service::WebFront, Service::Cache),
    (Service::WebFront, Service::ContentStore),
    (Service::Cache, Service::ContentStore),
    (Service::ContentStore, Service::Cache),
];

/// Kinds of special characters that the record of a publish names: a text that is not text at all has hundreds.
const CHARACTERS_MAX: usize = 4;

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
                Step::End(happening) => self.end(happening).await?,
                Step::Announce(announced) => self.announce(announced),
            }
            Ok(())
        })
    }

    async fn begin(&self, happening: &Happening) -> Result<(), EditorError> {
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
                let (story_s, system) = (self.story_s(), Service::WebFront.name().to_owned());
                let change = SystemChange::Released { version: version.clone() };
                self.announce(&Announced { story_s, system, change });
            }
            Happening::Stop { service } => shop.kill(*service).await,
            Happening::Suspend { service } => self.suspend(*service, true),
            Happening::Link { from, to, delay_ms, resets } => {
                self.impair(from.name(), *to, Duration::from_millis(*delay_ms), resets.0);
            }
            Happening::Disk { seek_ms } => {
                shop.storage().disk.slow_down(Duration::from_millis(*seek_ms));
            }
            Happening::FullDisk {} => shop.storage().fill(),
            Happening::Delete { asset } => self.editor().delete(asset).await?,
            Happening::Certificate { from, to } => self.expire(from.name(), *to, true),
            Happening::HealthCheck { service, path, otherwise } => {
                let act = shop.acting_on(*service, *otherwise);
                health_check::keep(&self.doer("health-check"), shop.addresses().of(*service), path, act);
                let (story_s, system) = (self.story_s(), service.name().to_owned());
                let change = SystemChange::Configured { setting: "health-check.path".to_owned() };
                self.announce(&Announced { story_s, system, change });
            }
            Happening::LostTelemetry {} => shop.lose_telemetry(true),
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

    async fn end(&self, happening: &Happening) -> Result<(), EditorError> {
        match happening {
            Happening::Suspend { service } => self.suspend(*service, false),
            Happening::Link { from, to, .. } => self.impair(from.name(), *to, Duration::ZERO, 0.0),
            Happening::Disk { .. } => self.shop().storage().disk.restore(),
            Happening::Delete { asset } => _ = self.publish(asset, original(asset)).await?,
            Happening::Surge { .. } => self.customers().disperse().await,
            // What somebody has done stays done until somebody undoes it.
            Happening::Publish { .. }
            | Happening::Release { .. }
            | Happening::Stop { .. }
            | Happening::FullDisk {}
            | Happening::Certificate { .. }
            | Happening::HealthCheck { .. }
            | Happening::LostTelemetry {}
            | Happening::Uploads { .. }
            | Happening::Monitor { .. } => {}
        }
        Ok(())
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
                    self.note(EventKind::Published {
                        asset,
                        version,
                        by: "responder".to_owned(),
                        characters: Vec::new(),
                    });
                }
                Remedy::FlushCache => shop.flush_cache(),
                Remedy::RollBackRelease { service: Service::WebFront } => {
                    shop.roll_back_front().await?;
                }
                // Only the front has ever been released otherwise: the others come back as they were.
                Remedy::Restart { service } | Remedy::RollBackRelease { service } => {
                    shop.restart(service).await?;
                }
                Remedy::AddCapacity { service: Service::WebFront } => {
                    if let Some(workers) = shop.front_workers() {
                        workers.double();
                    }
                }
                // The others are not limited by their workers.
                Remedy::AddCapacity { .. } => {}
                Remedy::RepairNetwork => {
                    for (from, to) in LINKS {
                        shop.visitor().network.mend(from.name(), shop.addresses().of(to));
                    }
                    shop.lose_telemetry(false);
                }
                Remedy::ReplaceDisk => shop.storage().replace(),
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
        let body = body.into();
        let special = special(&body)
            .map(|found| format!("{} {}", found.code_point.or(found.byte).unwrap_or_default(), found.name));
        let characters = special.collect::<BTreeSet<_>>().into_iter().take(CHARACTERS_MAX).collect();
        let version = self.editor().publish(asset, body).await?;
        let (asset, by) = (asset.to_owned(), "editor".to_owned());
        self.note(EventKind::Published { asset, version, by, characters });
        Ok(version)
    }

    /// Tells of a change where changes are told of.
    fn announce(&self, announced: &Announced) {
        let shop = self.shop();
        let Some(sink) = &shop.telemetry else { return };
        if shop.web_front.switches().level() < Level::Changes {
            return;
        }
        let ago = Duration::from_secs_f64((self.story_s() - announced.story_s).max(0.0));
        announce(&**sink, announced, shop.visitor().clock.wall() - ago);
    }

    /// The time of the story, in seconds.
    fn story_s(&self) -> f64 {
        self.record().clock().story_at(self.at_s())
    }

    fn suspend(&self, service: Service, suspended: bool) {
        let address = self.shop().addresses().of(service);
        self.shop().visitor().network.suspend(service.name(), address, suspended);
    }

    fn impair(&self, from: &str, to: Service, delay: Duration, resets: f64) {
        self.shop().visitor().network.impair(from, self.shop().addresses().of(to), delay, resets);
    }

    fn expire(&self, from: &str, to: Service, expired: bool) {
        self.shop().visitor().network.expire(from, self.shop().addresses().of(to), expired);
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
