//! What the world does about each [`Happening`]: how it begins, how it ends by itself, and which remedies undo it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{Boxed, Chassis, simulation::Conditions};
use content_store::characters::special;
use incident::{EventKind, Level, Remedy, Service};
use web_front::CHECKOUT_NOTES;

use crate::{
    EditorError, World, health_check, monitor,
    observed::announce,
    scenario::{
        Happening,
        draw::{Announced, Step, SystemChange, original},
        happening::Party,
    },
    shop::FIRST_RELEASE,
    uploads,
};

/// The links inside the shop, which its network operators can repair. The customers' link to the shop is not among them.
const LINKS: [(Service, Service); 4] = [
    (Service::WebFront, Service::Cache),
    (Service::WebFront, Service::ContentStore),
    (Service::Cache, Service::ContentStore),
    (Service::ContentStore, Service::Cache),
];

/// The most kinds of special characters that the record of a publish names. A binary text has hundreds.
const CHARACTERS_MAX: usize = 4;

impl World {
    /// Carries out one step of the scenario. It can fail: the store may refuse a publish, and a service may not start.
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
                shop.web_front.service().configure(|config| {
                    config.fragment_timeout_ms = timeout_ms;
                    config.checkout_notes = notes.unwrap_or_else(|| CHECKOUT_NOTES.to_owned());
                });
                shop.web_front.release(version).await?;
                let (story_s, system) = (self.story_s(), Service::WebFront.name().to_owned());
                let change = SystemChange::Released { version: version.clone() };
                self.announce(&Announced { story_s, system, change });
            }
            Happening::Stop { service } => shop.kill(*service).await,
            Happening::Suspend { service } => self.suspend(*service, true),
            Happening::Link { from, to, delay_ms, resets } => {
                let delay = Duration::from_millis(*delay_ms);
                self.link(*from, *to, |link| (link.delay, link.resets) = (delay, *resets));
            }
            Happening::Disk { seek_ms } => {
                shop.storage().disk.slow_down(Duration::from_millis(*seek_ms));
            }
            Happening::FullDisk {} => shop.storage().fill(),
            Happening::Delete { asset } => self.editor().delete(asset).await?,
            Happening::Certificate { from, to } => self.link(*from, *to, |link| link.expired = true),
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
                uploads::begin(&uploader, store, &shop.editor_token, *count);
            }
            Happening::Surge { times } => self.customers().crowd(*times),
            Happening::Monitor { asset } => {
                let (watcher, front) = (self.doer("monitor"), shop.addresses().web_front.clone());
                let text = self.editor().read(asset).await.unwrap_or_default();
                // The first sentence: short enough to show in a message, and long enough to appear on no other page.
                let phrase = text.split_inclusive('.').next().unwrap_or_default().to_owned();
                monitor::watch(
                    &watcher,
                    front,
                    phrase,
                    Arc::clone(&self.trade.record),
                    self.trade.arrived_at,
                );
            }
        }
        Ok(())
    }

    async fn end(&self, happening: &Happening) -> Result<(), EditorError> {
        match happening {
            Happening::Suspend { service } => self.suspend(*service, false),
            Happening::Link { from, to, .. } => {
                self.link(*from, *to, |link| (link.delay, link.resets) = (Duration::ZERO, 0.0));
            }
            Happening::Disk { .. } => self.shop().storage().disk.restore(),
            Happening::Delete { asset } => _ = self.publish(asset, original(asset)).await?,
            Happening::Surge { .. } => self.customers().disperse().await,
            // The effect of an action lasts until somebody undoes it.
            _ => {}
        }
        Ok(())
    }

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
                Remedy::FlushCache => shop.cache.service().flush(),
                Remedy::RollBackRelease { service: Service::WebFront } => {
                    shop.web_front.service().roll_back();
                    shop.web_front.release(FIRST_RELEASE).await?;
                }
                // Only the front ever runs another release. For the other services, a rollback is a restart.
                Remedy::Restart { service } | Remedy::RollBackRelease { service } => {
                    shop.restart(service).await?;
                }
                Remedy::AddCapacity { service: Service::WebFront } => {
                    if let Some(workers) = &shop.front {
                        workers.double();
                    }
                }
                // Workers do not limit the other services.
                Remedy::AddCapacity { .. } => {}
                Remedy::RepairNetwork => {
                    for (from, to) in LINKS {
                        shop.visitor().network.change(from.name(), shop.addresses().of(to), Conditions::mend);
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

    /// Reports a change to telemetry, if the level includes changes.
    fn announce(&self, announced: &Announced) {
        let shop = self.shop();
        let Some(sink) = &shop.telemetry else { return };
        if shop.web_front.switches().level() < Level::Changes {
            return;
        }
        let ago = Duration::from_secs_f64((self.story_s() - announced.story_s).max(0.0));
        announce(&**sink, announced, shop.visitor().clock.wall() - ago);
    }

    fn story_s(&self) -> f64 {
        self.record().clock().story_at(self.at_s())
    }

    fn suspend(&self, service: Service, suspended: bool) {
        let address = self.shop().addresses().of(service);
        self.shop().visitor().network.suspend(service.name(), address, suspended);
    }

    fn link(&self, from: Party, to: Service, change: impl FnOnce(&mut Conditions)) {
        self.shop().visitor().network.change(from.name(), self.shop().addresses().of(to), change);
    }

    /// A caller whose tasks run until the world is [`reset`](World::reset).
    fn doer(&self, name: &'static str) -> Chassis {
        Chassis { tasks: self.doings(), ..self.outsider(name) }
    }

    /// A caller of the shop that is not a customer and emits no telemetry.
    pub fn outsider(&self, name: &'static str) -> Chassis {
        let visitor = self.shop().visitor();
        let (network, clock) = (visitor.network.clone(), visitor.clock.clone());
        Chassis { tasks: visitor.tasks.clone(), ..Chassis::of_caller(name, network, clock, visitor.seed) }
    }
}
