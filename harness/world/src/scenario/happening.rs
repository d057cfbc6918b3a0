//! What can happen in a shop, its network, its disk and among its customers. Teaches that incidents come from everywhere.
//!
//! Each is a real mechanism: something that editors, operators, machines, networks or customers do. None prescribes how the
//! services react.

use std::fmt;

use incident::Service;
use serde::{Deserialize, Serialize};

use super::insert::Insert;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Happening {
    /// An editor changes the text of an asset and publishes it.
    Publish {
        /// The candidate assets. The seed picks one.
        assets: Vec<String>,
        /// The candidates for the insertion. The seed picks one, and its position in the text.
        #[serde(default)]
        insert: Vec<Insert>,
        /// The text to replace everywhere, and its replacement.
        replace: Option<(String, Insert)>,
    },
    /// A service gets a new release with these settings.
    Release {
        service: Released,
        /// The new version, for people to read.
        version: String,
        /// Milliseconds that a page waits for a fragment.
        fragment_timeout_ms: Option<u64>,
        /// The asset with the notes beside the basket.
        checkout_notes: Option<String>,
    },
    /// A service's process ends, and nobody starts it again.
    Stop { service: Service },
    /// A service's process is suspended: its port accepts connections, and no answer ever comes.
    Suspend { service: Service },
    /// The network between two parties becomes worse.
    Link {
        from: Party,
        to: Service,
        /// Added delay for each burst of bytes, in milliseconds.
        #[serde(default)]
        delay_ms: u64,
        /// The share of bursts that break their connection.
        #[serde(default)]
        resets: f64,
    },
    /// The disk beneath the content store becomes slower: each read takes this seek time.
    Disk { seek_ms: u64 },
    /// The disk beneath the content store is full: existing versions can be read, and no new one can be stored.
    FullDisk {},
    /// An editor deletes an asset. If the happening ends, the asset's original version is published again.
    Delete { asset: String },
    /// The certificate for the encrypted link between two parties expires.
    Certificate { from: Party, to: Service },
    /// A health check beside the shop begins to request a page from a service, and acts when the page does not come.
    HealthCheck { service: Service, path: String, otherwise: Otherwise },
    /// Telemetry of the services and of their surroundings is lost on its way.
    LostTelemetry {},
    /// Uploads to the content store that never end, from a client with the editor's credentials.
    Uploads { count: usize },
    /// The arrival rate of customers is multiplied by `times`.
    Surge { times: f64 },
    /// An outside monitor begins to watch the home page for a phrase, and raises an alarm when it is missing. The phrase comes from
    /// the asset's text at that moment.
    Monitor { asset: String },
}

impl Happening {
    /// Its keyword in a scenario file.
    pub fn kind(&self) -> String {
        let written = serde_json::to_value(self).expect("what can happen is plain values");
        let word = written.as_object().and_then(|written| written.keys().next());
        word.expect("the file has a table with this one key").clone()
    }

    /// Whether it can end by itself. The effect of an action lasts until somebody undoes it.
    pub fn ends_by_itself(&self) -> bool {
        matches!(
            self,
            Self::Suspend { .. }
                | Self::Link { .. }
                | Self::Disk { .. }
                | Self::Surge { .. }
                | Self::Delete { .. }
        )
    }
}

/// What a health check does about a service that fails it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Otherwise {
    /// A load balancer sends it no customers until it answers again.
    Withdraw,
    /// A supervisor kills its process and starts it again.
    Restart,
}

/// A service that can be released with other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Released {
    WebFront,
}

/// Who can call a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    Customers,
    WebFront,
    Cache,
    ContentStore,
}

impl Party {
    /// The name by which the network knows them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => crate::shop::CUSTOMERS,
            Self::WebFront => Service::WebFront.name(),
            Self::Cache => Service::Cache.name(),
            Self::ContentStore => Service::ContentStore.name(),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
