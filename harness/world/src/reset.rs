//! Returns a world to its initial state. Teaches that a reset is a property of the whole world, not a list of what somebody
//! remembered: this file names, field by field, everything that a scenario, a remedy, a switch or a person can change. A new field
//! does not compile until somebody decides how a reset treats it.
//!
//! A *doing* is a task besides the services and the ordinary customers: an import, a monitor, a happening, a remedy under way, or
//! anything scheduled for later. A reset ends it.

use std::{io, mem};

use chassis::{Boxed, LatentFault, Level, TaskGroup, simulation::DiskSpeed};
use content_store::{asset::VersionSummary, storage::Storage};
use incident::Service;
use web_front::WebFrontConfig;

use crate::{Shop, Trade, World};

/// Everything that can change in a world, as it is now. Worlds in equal conditions serve customers alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    /// The current version of every asset, as the storage has it.
    pub assets: Vec<VersionSummary>,
    /// For each service: its running release (`None` if it is down), its latent faults and its telemetry level.
    pub services: Vec<(Service, Option<String>, Vec<LatentFault>, Level)>,
    /// The configuration that the web front starts with.
    pub front: WebFrontConfig,
    /// The number of the front's workers, if they are limited.
    pub workers: Option<usize>,
    /// The speed of the disk beneath the content store, if it is simulated.
    pub disk: Option<DiskSpeed>,
    pub disk_full: bool,
    pub telemetry_lost: bool,
    pub links: Vec<String>,
    pub crowds: usize,
    /// The number of doings under way.
    pub doings: usize,
}

impl World {
    /// The task group of the doings. Spawn a task here to end it with the next reset, even if it starts later. Take the group when
    /// you decide that something will happen: a task spawned into a group that has been reset never begins.
    pub fn doings(&self) -> TaskGroup {
        self.doings.lock().clone()
    }

    /// Returns the world to its initial state, and cancels whatever is scheduled. The customers and the record go on. A doing must
    /// not call this: a reset waits for all doings to end, so it would wait for itself.
    pub fn reset(&self) -> Boxed<'_, io::Result<()>> {
        Box::pin(async move {
            let Self { shop, editor: _, trade, doings, resetting } = self;
            let Trade { customers, clock: _, arrived_at: _, record: _ } = trade;
            let _turn = resetting.lock().await;
            // Doings end first, so that none can undo what is restored below.
            let begun = {
                let mut doings = doings.lock();
                let none = TaskGroup::new(doings.dispatch().clone());
                mem::replace(&mut *doings, none)
            };
            begun.kill().await;
            customers.reset().await;
            shop.reset().await
        })
    }

    pub fn conditions(&self) -> Boxed<'_, io::Result<Conditions>> {
        Box::pin(async move {
            let Shop { content_store, cache, web_front, storage, front, visitor, telemetry, .. } =
                self.shop();
            let switches = self.shop().switches();
            let running = [content_store.running().await, cache.running().await, web_front.running().await];
            let services = Service::ALL.into_iter().zip(running).zip(switches);
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
                links: visitor.network.links().wrong(),
                crowds: self.customers().crowds(),
                doings: self.doings().len(),
            })
        })
    }
}

impl Shop {
    /// Returns the shop to its initial state.
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
        // Kill the services from the front to the store: none may refill itself from a service that is about to be reset.
        web_front.kill().await;
        cache.kill().await;
        content_store.kill().await;
        // Now nothing uses the network between the services or the disk beneath them.
        visitor.network.links().restore();
        storage.replace();
        if let Some(way) = telemetry {
            way.lose(false);
        }
        if let Some(workers) = front {
            workers.restore();
        }
        // Each starts again, whatever became of the others; what failed first is told.
        let reset = [content_store.reset().await, cache.reset().await, web_front.reset().await];
        reset.into_iter().collect()
    }

    /// Fills of the cache that hold a permit.
    pub fn permits_used(&self) -> usize {
        self.cache.service().permits_used()
    }
}
