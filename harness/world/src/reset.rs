//! Everything back as it was at first. Teaches that a reset is a property of the whole world, not a list of what somebody thought of:
//! here stands all that a scenario, a remedy, a switch or a person can change, field by field, and a new field does not compile until
//! it is decided what becomes of it.
//!
//! What is going on in a world beside its services and its ordinary customers (an import, a monitor, a happening, a remedy under
//! way, whatever is still to come) is a *doing*: a task that ends with the reset.

use std::{io, mem, sync::PoisonError};

use chassis::{Boxed, LatentFault, Level, TaskGroup, simulation::DiskSpeed};
use content_store::{asset::VersionSummary, storage::Storage};
use incident::Service;
use web_front::WebFrontConfig;

use crate::{Shop, World};

/// All that can be changed in a world, as it is now: two worlds in the same conditions serve the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// The current version of every asset, as the storage has it.
    pub assets: Vec<VersionSummary>,
    /// Each service: the release that runs, none if it does not; the latent faults that it has; its telemetry level.
    pub services: Vec<(Service, Option<String>, Vec<LatentFault>, Level)>,
    /// What the web front is started with.
    pub front: WebFrontConfig,
    /// The front's workers, where they are counted.
    pub workers: Option<usize>,
    /// The speed of the disk beneath the content store, where it is counted.
    pub disk: Option<DiskSpeed>,
    /// Whether that disk is full.
    pub disk_full: bool,
    /// Whether telemetry is lost on its way.
    pub telemetry_lost: bool,
    /// What is wrong with the links.
    pub links: Vec<String>,
    /// Crowds among the customers.
    pub crowds: usize,
    /// What goes on beside.
    pub doings: usize,
}

impl World {
    /// Where a doing lives: spawn here what is to end with the next reset, at once or after a while. Take the group when it is decided
    /// that something will happen: a task that comes into a group that has been reset never begins.
    pub fn doings(&self) -> TaskGroup {
        self.doings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything back as it was at first, whatever was done or was still to happen. The customers and the record go on. A doing must
    /// not call it, as it waits for all of them to end.
    ///
    /// # Errors
    ///
    /// When a service cannot start again.
    pub fn reset(&self) -> Boxed<'_, io::Result<()>> {
        Box::pin(async move {
            let Self { shop, editor: _, customers, clock: _, arrived_at: _, record: _, doings, resetting } =
                self;
            let _turn = resetting.lock().await;
            // First whoever is at it: nothing that was begun may come after what is put back.
            let begun = {
                let mut doings = doings.lock().unwrap_or_else(PoisonError::into_inner);
                let none = TaskGroup::new(doings.dispatch().clone());
                mem::replace(&mut *doings, none)
            };
            begun.kill().await;
            customers.reset().await;
            shop.reset().await
        })
    }

    /// All that can be changed, as it is now.
    ///
    /// # Errors
    ///
    /// When the storage cannot be read.
    pub fn conditions(&self) -> Boxed<'_, io::Result<Conditions>> {
        Box::pin(async move {
            let Shop { content_store, cache, web_front, storage, front, visitor, telemetry, .. } =
                self.shop();
            let switches = [content_store.switches(), cache.switches(), web_front.switches()];
            let running = [content_store.running().await, cache.running().await, web_front.running().await];
            let services = [Service::ContentStore, Service::Cache, Service::WebFront].into_iter();
            let services = services.zip(running).zip(switches);
            Ok(Conditions {
                assets: storage.list().await.map_err(io::Error::other)?,
                services: services
                    .map(|((service, runs), now)| (service, runs, now.faults_present(), now.level()))
                    .collect(),
                front: web_front.service().config(),
                workers: front.as_ref().map(chassis::Compute::workers),
                disk: storage.disk.speed(),
                disk_full: storage.is_full(),
                telemetry_lost: telemetry.as_ref().is_some_and(|way| way.is_lost()),
                links: visitor.network.links().map(chassis::simulation::Links::wrong).unwrap_or_default(),
                crowds: self.customers().crowds(),
                doings: self.doings().len(),
            })
        })
    }
}

impl Shop {
    /// Everything back as it was at first.
    async fn reset(&self) -> io::Result<()> {
        let Self {
            content_store,
            cache,
            web_front,
            addresses: _,
            editor_token: _,
            visitor,
            storage,
            front,
            health: _,
            telemetry,
            found: _,
        } = self;
        // Against the flow of the data: nobody may fill itself from what is about to go.
        web_front.kill().await;
        cache.kill().await;
        content_store.kill().await;
        // Now nobody uses what lies between and beneath them.
        if let Some(links) = visitor.network.links() {
            links.restore();
        }
        storage.replace();
        if let Some(way) = telemetry {
            way.lose(false);
        }
        if let Some(workers) = front {
            workers.restore();
        }
        content_store.reset().await?;
        cache.reset().await?;
        web_front.reset().await
    }

    /// Fills of the cache that hold a permit.
    pub fn permits_used(&self) -> usize {
        self.cache.service().permits_used()
    }
}
