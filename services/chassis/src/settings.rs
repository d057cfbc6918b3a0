//! What a process's surroundings decide about a service, handed to it as values. Teaches why nothing here reads the environment:
//! thirty shops in one process, and a seed, must give the same on every machine.

use std::{io, time::Duration};

use crate::{
    environment::Environment,
    serve::{Hosts, Limits},
    telemetry::{METRICS_INTERVAL, variables},
};

/// The settings of one service. The default is that of a shop in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub metrics_interval: Duration,
    pub propagates: bool,
    pub hosts: Hosts,
    pub limits: Limits,
    /// What its telemetry tells this process by, among others of the same service. None where a seed is to repeat every byte.
    pub process: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            metrics_interval: METRICS_INTERVAL,
            propagates: true,
            hosts: Hosts::default(),
            limits: Limits::default(),
            process: None,
        }
    }
}

impl Settings {
    /// As the standard variables of OpenTelemetry have it, for one of `listeners` in this process.
    ///
    /// # Errors
    ///
    /// When a variable cannot be understood; the message names it.
    pub fn of_process(environment: &Environment, hosts: Hosts, listeners: usize) -> io::Result<Self> {
        Ok(Self {
            metrics_interval: variables::metrics_interval(environment)?,
            propagates: variables::propagates(environment)?,
            hosts,
            limits: Limits::of_process(listeners),
            process: None,
        })
    }
}
