//! Carries out each step of a plan as people, machines and networks do it, with no access to a service that they lack.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{
    LatentFault,
    simulation::{Conditions, Trouble},
};
use diagnosis::Process;
use incident::{Remedy, Service};
use world::{
    EditorError,
    scenario::{
        draw::Step,
        happening::{Happening, Party, Released},
    },
};

use crate::{
    Invariant,
    plan::{Bad, Doing},
    run::Run,
};

impl Run<'_> {
    /// Carries out one step. A change by an editor only starts here and goes on beside the next steps.
    pub(super) async fn carry_out(&mut self, doing: &Doing) {
        match doing {
            Doing::Publish { asset, text } => self.publish(asset, text.0.clone().into()),
            Doing::RollBack { asset } => self.roll_back(asset),
            Doing::Delete { asset } => self.delete(asset),
            Doing::Link { from, to, bad } => self.spoil(*from, *to, *bad).await,
            Doing::Mend { from, to } => {
                let shop = self.world.shop();
                shop.visitor().network.change(from.name(), shop.addresses().of(*to), Conditions::mend);
            }
            Doing::RepairNetwork => self.act(Remedy::RepairNetwork).await,
            Doing::Suspend(service) => self.begin(Happening::Suspend { service: *service }).await,
            Doing::Resume(service) => self.happen(Step::End(Happening::Suspend { service: *service })).await,
            Doing::Kill(service) => self.begin(Happening::Stop { service: *service }).await,
            Doing::Restart(service) => {
                self.act(Remedy::Restart { service: *service }).await;
                self.is_moving(*service).await;
            }
            Doing::LosePower => {
                self.world.shop().kill(Service::ContentStore).await;
                self.machine.lose_power();
                self.act(Remedy::Restart { service: Service::ContentStore }).await;
            }
            Doing::LosePowerAfter(changes) => self.file.lose_power_after(*changes),
            Doing::FillFile => self.file.fill(),
            Doing::FillDisk => self.begin(Happening::FullDisk {}).await,
            Doing::SlowDisk(seek) => self.begin(Happening::Disk { seek_ms: millis(*seek) }).await,
            Doing::ReplaceDisk => {
                self.file.mend();
                self.act(Remedy::ReplaceDisk).await;
            }
            Doing::Flush => self.act(Remedy::FlushCache).await,
            Doing::AddCapacity(service) => self.act(Remedy::AddCapacity { service: *service }).await,
            Doing::Release { timeout, notes } => {
                let release = Happening::Release {
                    service: Released::WebFront,
                    version: "0.2.0".to_owned(),
                    fragment_timeout_ms: Some(millis(*timeout)),
                    checkout_notes: Some((*notes).to_owned()),
                };
                self.begin(release).await;
                self.is_moving(Service::WebFront).await;
            }
            Doing::RollBackRelease(service) => {
                self.act(Remedy::RollBackRelease { service: *service }).await;
                self.is_moving(*service).await;
            }
            Doing::Crowd(times) => self.begin(Happening::Surge { times: f64::from(*times) }).await,
            Doing::Disperse => self.world.customers().disperse().await,
            Doing::Watch { asset } => self.watch(asset),
            Doing::HealthCheck { service, otherwise } => {
                self.is_checked = true;
                let path = "/healthz".to_owned();
                self.begin(Happening::HealthCheck { service: *service, path, otherwise: *otherwise }).await;
            }
            Doing::Uploads(count) => self.begin(Happening::Uploads { count: *count }).await,
            Doing::LoseTelemetry => self.begin(Happening::LostTelemetry {}).await,
            Doing::SetLevel(level) => self.world.shop().set_level(*level),
            Doing::Repair(fault) => self.turn(*fault, false),
            Doing::BringBack(fault) => self.turn(*fault, true),
            Doing::Reset => self.reset().await,
        }
    }

    fn publish(&self, asset: &'static str, text: Bytes) {
        let begun = self.book.lock().publishes(asset, &text);
        let (world, book, findings) =
            (Arc::clone(&self.world), Arc::clone(&self.book), self.findings.clone());
        self.world.doings().spawn(async move {
            let answer = world.publish(asset, text).await;
            findings.answered(&book, begun, &answer, world.at_s());
        });
    }

    fn roll_back(&self, asset: &'static str) {
        let begun = self.book.lock().rolls_back(asset);
        let (world, book, findings) =
            (Arc::clone(&self.world), Arc::clone(&self.book), self.findings.clone());
        self.world.doings().spawn(async move {
            let answer = world.editor().roll_back(asset).await;
            findings.answered(&book, begun, &answer, world.at_s());
        });
    }

    fn delete(&self, asset: &'static str) {
        let begun = self.book.lock().deletes(asset);
        let (world, book) = (Arc::clone(&self.world), Arc::clone(&self.book));
        self.world.doings().spawn(async move {
            let answer = world.editor().delete(asset).await;
            book.lock().deleted(&begun, &answer, world.at_s());
        });
    }

    /// The monitor first reads the text to watch for, which may take long; so it starts in a task of its own.
    fn watch(&self, asset: &'static str) {
        let world = Arc::clone(&self.world);
        self.world.doings().spawn(async move {
            _ = world.happen(&Step::Begin(Happening::Monitor { asset: asset.to_owned() })).await;
        });
    }

    async fn spoil(&self, from: Party, to: Service, bad: Bad) {
        let shop = self.world.shop();
        let (network, address) = (&shop.visitor().network, shop.addresses().of(to));
        let link = |delay_ms, resets| Happening::Link { from, to, delay_ms, resets };
        let trouble = |trouble| network.change(from.name(), address, |link| link.trouble = trouble);
        match bad {
            Bad::Slow(delay) => self.begin(link(millis(delay), 0.0)).await,
            Bad::Breaks(share) => self.begin(link(0, share)).await,
            Bad::Loses(lost) => trouble(Trouble { lost, ..Trouble::default() }),
            Bad::Reorders(jitter) => trouble(Trouble { jitter, ..Trouble::default() }),
            Bad::Doubles(doubled) => {
                if (from, to) == (Party::Customers, Service::ContentStore) {
                    self.book.lock().is_doubled = true;
                }
                trouble(Trouble { doubled, ..Trouble::default() });
            }
            Bad::Expired => self.begin(Happening::Certificate { from, to }).await,
        }
    }

    fn turn(&mut self, fault: LatentFault, present: bool) {
        self.world.shop().turn(fault, present);
        if present {
            self.present.insert(fault);
        } else {
            self.present.remove(&fault);
        }
        self.repaired.turn(&self.present);
    }

    async fn begin(&self, happening: Happening) {
        self.happen(Step::Begin(happening)).await;
    }

    async fn happen(&self, step: Step) {
        let happened = self.world.happen(&step).await;
        self.is_started(happened, &step);
    }

    pub(super) async fn act(&self, remedy: Remedy) {
        let acted = self.world.act(remedy.clone()).await;
        self.is_started(acted, &remedy);
    }

    /// Checks that a process is not suspended right after its start: only the process before it was.
    async fn is_moving(&self, service: Service) {
        if self.world.shop().process(service).await == Process::Stopped {
            self.wrong(
                Invariant::Starts,
                format!("the {} was started anew, and stands still", service.name()),
            );
        }
    }

    /// Checks that a service starts, whatever state its disk is in.
    fn is_started(&self, done: Result<(), EditorError>, what: &dyn std::fmt::Display) {
        if let Err(error) = done {
            self.wrong(Invariant::Starts, format!("{what}: {error}"));
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("seconds")
}
