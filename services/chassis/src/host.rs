//! One service as its operator sees it: started, restarted, put back. Teaches what a restart gives up and what it keeps.

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use http::uri::Authority;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{dispatcher::with_default, instrument::WithSubscriber};

use crate::{
    chassis::Chassis,
    clock::Clock,
    faults::Switches,
    journal::Journal,
    logs::Logs,
    network::Network,
    operator,
    serve::{App, serve},
    settings::Settings,
    simulation::Compute,
    tasks::TaskGroup,
    telemetry::{Telemetry, TelemetrySink},
};

/// What a host can run: a service as a program that starts, ends and starts again.
pub trait Program: Send + Sync + 'static {
    /// The service's folder and `service.name`.
    fn name(&self) -> &'static str;

    /// Builds the service's state afresh. Called again at each restart: only what `self` owns survives.
    fn start(&self, chassis: Chassis) -> impl Future<Output = io::Result<App>> + Send;

    /// Puts what outlives a restart back to what it was at first.
    fn reset(&self) -> impl Future<Output = io::Result<()>> + Send {
        async { Ok(()) }
    }

    /// What the service's operator can ask beyond restart and reset.
    fn operator_routes(&self) -> Router {
        Router::new()
    }
}

/// The release that every service begins with.
const FIRST_RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The values around a service that its operator chooses.
#[derive(Clone)]
pub struct Surroundings {
    pub network: Network,
    pub clock: Clock,
    pub logs: Logs,
    /// Where telemetry goes; without, nothing is recorded.
    pub sink: Option<Arc<dyn TelemetrySink>>,
    /// What computing costs; nothing extra where time is real.
    pub compute: Option<Compute>,
    pub settings: Settings,
    pub seed: u64,
}

impl Surroundings {
    /// A service alone: it logs nothing, tells nobody, and its computing costs nothing.
    pub fn new(network: Network, clock: Clock, seed: u64) -> Self {
        let (logs, settings) = (Logs::off(), Settings::default());
        Self { network, clock, logs, sink: None, compute: None, settings, seed }
    }
}

pub struct Host<P> {
    service: P,
    surroundings: Surroundings,
    switches: Switches,
    switches_at_first: Switches,
    journal: Journal,
    runs: AtomicU64,
    state: Mutex<State>,
}

struct State {
    address: Authority,
    release: String,
    run: Option<Run>,
    /// A run that was told to end. It stays here until it has: whoever waits for that may be dropped half-way, and the next one must
    /// know that its address is still taken.
    ending: Option<Run>,
    operator_port: Option<TaskGroup>,
}

impl State {
    /// The run that has to end, also one whose end nobody waited for. From here on the service does not run.
    fn end(&mut self) -> Option<&Run> {
        if let Some(run) = self.run.take() {
            self.ending = Some(run);
        }
        self.ending.as_ref()
    }

    /// Kills the run.
    async fn kill(&mut self) {
        if let Some(run) = self.end() {
            run.tasks.kill().await;
        }
        self.ending = None;
    }
}

/// One run of a service, from start to kill.
struct Run {
    tasks: TaskGroup,
    stop: CancellationToken,
    served: TaskTracker,
    telemetry: Telemetry,
}

impl<P: Program> Host<P> {
    pub fn new(service: P, surroundings: Surroundings, switches: Switches, address: Authority) -> Self {
        let switches_at_first = switches.snapshot();
        let release = FIRST_RELEASE.to_owned();
        let state = Mutex::new(State { address, release, run: None, ending: None, operator_port: None });
        let journal = Journal::new(surroundings.clock.clone());
        Self { service, surroundings, switches, switches_at_first, journal, runs: AtomicU64::new(0), state }
    }

    /// Starts the service and says where it listens. Does nothing if it runs.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound or the service cannot build its state.
    pub async fn start(&self) -> io::Result<Authority> {
        let mut state = self.state.lock().await;
        self.start_locked(&mut state, None).await
    }

    /// Kills the service as if its process died: connections break, tasks and memory are gone.
    pub async fn kill(&self) {
        self.state.lock().await.kill().await;
    }

    /// Kills the service and starts it again at the same address.
    pub async fn restart(&self) -> io::Result<()> {
        self.restart_by(None).await
    }

    /// The same, by somebody whom telemetry names where it tells of changes.
    pub async fn restart_by(&self, who: Option<&'static str>) -> io::Result<()> {
        let mut state = self.state.lock().await;
        state.kill().await;
        self.start_locked(&mut state, who).await?;
        Ok(())
    }

    /// Restarts the service as another release of it, which telemetry tells as its version.
    pub async fn release(&self, version: &str) -> io::Result<()> {
        version.clone_into(&mut self.state.lock().await.release);
        self.restart().await
    }

    /// Everything back as it was at first: switches, release, memory, and what the service keeps across restarts. Starts the service
    /// even if that fails: a service whose content is not the first is still better than none.
    ///
    /// # Errors
    ///
    /// What failed first.
    pub async fn reset(&self) -> io::Result<()> {
        let mut state = self.state.lock().await;
        state.kill().await;
        // Every field, so that whoever adds one decides here what becomes of it.
        let State { address: _, release, run: _, ending: _, operator_port: _ } = &mut *state;
        FIRST_RELEASE.clone_into(release);
        self.switches.copy_from(&self.switches_at_first);
        let was_reset = self.service.reset().await;
        let started = self.start_locked(&mut state, None).await;
        was_reset.and(started.map(drop))
    }

    /// Stops gracefully: no new connections, those under way may finish; the operator port closes last.
    pub async fn stop(&self) {
        let mut state = self.state.lock().await;
        if let Some(run) = state.end() {
            run.stop.cancel();
            run.served.close();
            run.served.wait().await;
            run.tasks.kill().await;
            run.telemetry.flush(true);
        }
        state.ending = None;
        if let Some(operator_port) = state.operator_port.take() {
            operator_port.kill().await;
        }
    }

    /// Opens the operator port, which outlives restarts, and says where it listens.
    pub async fn open_operator_port(
        self: &Arc<Self>,
        address: &Authority,
        token: &str,
    ) -> io::Result<Authority> {
        let listener = self.surroundings.network.bind(address).await?;
        let address = listener.address()?;
        // No run of the service lets the port's own spans leave: they would only pile up.
        let untold = Surroundings { sink: None, ..self.surroundings.clone() };
        let chassis = self.chassis(&self.state.lock().await.release, untold);
        let tasks = chassis.tasks.clone();
        let router = operator::router(self, token, &tasks);
        tasks.spawn(serve(listener, router.into(), chassis, CancellationToken::new()));
        self.state.lock().await.operator_port = Some(tasks);
        Ok(address)
    }

    pub fn service(&self) -> &P {
        &self.service
    }

    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// The release that runs; none while the service does not.
    pub async fn running(&self) -> Option<String> {
        let state = self.state.lock().await;
        state.run.as_ref().map(|_| state.release.clone())
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    async fn start_locked(
        &self,
        state: &mut MutexGuard<'_, State>,
        who: Option<&'static str>,
    ) -> io::Result<Authority> {
        if state.run.is_some() {
            return Ok(state.address.clone());
        }
        // Nothing to do, unless a kill was left half-way.
        state.kill().await;
        let chassis = self.chassis(&state.release, self.surroundings.clone());
        let listener = self.surroundings.network.bind(&state.address).await?;
        // Port 0 took a free port; a restart must come back to the same one.
        state.address = listener.address()?;
        // What stood still was the process before this one, whoever starts its successor.
        self.surroundings.network.suspend(self.service.name(), &state.address, false);
        let (dispatch, telemetry) = (chassis.tasks.dispatch().clone(), chassis.telemetry.clone());
        // The caller may be dropped during the start: then the half-started run is killed.
        let half_started = chassis.tasks.killed_on_drop();
        telemetry.run_in(&chassis.tasks, chassis.settings.metrics_interval);
        let app = match self.service.start(chassis.clone()).with_subscriber(dispatch.clone()).await {
            Ok(app) => app,
            Err(error) => {
                chassis.tasks.kill().await;
                return Err(error);
            }
        };
        with_default(&dispatch, || {
            tracing::info!(
                event.name = "service.started",
                service.version = state.release,
                shop.actor = who,
                "started"
            );
        });
        let stop = CancellationToken::new();
        let tasks = chassis.tasks.clone();
        let served = TaskTracker::new();
        tasks.spawn(served.track_future(serve(listener, app, chassis, stop.clone())));
        state.run = Some(Run { tasks, stop, served, telemetry });
        half_started.disarm();
        Ok(state.address.clone())
    }

    fn chassis(&self, release: &str, surroundings: Surroundings) -> Chassis {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        let (switches, journal) = (self.switches.clone(), self.journal.clone());
        Chassis::new(self.service.name(), release, run, surroundings, switches, journal)
    }
}
