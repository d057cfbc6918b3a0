//! What can happen in a shop, its network, its disk and among its customers. Teaches that incidents come from everywhere.
//!
//! Each is a real mechanism: something that editors, operators, machines, networks or customers do. None asks what the
//! services will make of it.

use chassis::AssetId;
use incident::Service;
use serde::{Deserialize, Serialize};

use super::insert::Insert;

/// One thing that can happen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Happening {
    /// An editor changes the text of an asset and publishes it.
    Publish {
        /// The assets of which the seed takes one.
        assets: Assets,
        /// What gets into the text, of which the seed takes one; the seed chooses the place too.
        #[serde(default)]
        insert: Vec<Insert>,
        /// What is replaced everywhere in the text, and by what.
        #[serde(default)]
        replace: Option<(String, Insert)>,
    },
    /// A service is released anew, with these settings.
    Release {
        /// The service.
        service: Released,
        /// Its new version, for people.
        version: String,
        /// Milliseconds that a page waits for a fragment.
        #[serde(default)]
        fragment_timeout_ms: Option<u64>,
        /// The asset with the notes beside the basket.
        #[serde(default)]
        checkout_notes: Option<String>,
    },
    /// A service's process ends, and nobody starts it again.
    Stop {
        /// The service.
        service: Service,
    },
    /// A service's process stands still: its port takes connections, and nothing ever comes back.
    Suspend {
        /// The service.
        service: Service,
    },
    /// The network between two parties becomes worse.
    Link {
        /// Who calls.
        from: Party,
        /// Who is called.
        to: Service,
        /// Milliseconds that each burst of bytes takes longer.
        #[serde(default)]
        delay_ms: u64,
        /// The share of bursts that break their connection.
        #[serde(default)]
        resets: Share,
    },
    /// The disk beneath the content store becomes slower.
    Disk {
        /// Milliseconds for each read.
        seek_ms: u64,
    },
    /// The disk beneath the content store is full: what is there can be read, and nothing more can be kept.
    FullDisk {},
    /// An editor deletes an asset. When it ends, the asset is published again, as it was at first.
    Delete {
        /// The asset.
        asset: String,
    },
    /// The certificate expires with which the network encrypts what one party sends to another.
    Certificate {
        /// Who calls.
        from: Party,
        /// Who is called, and shows it.
        to: Service,
    },
    /// Something beside the shop begins to ask a service for a page, and acts when it gets none.
    HealthCheck {
        /// The service.
        service: Service,
        /// What is asked for.
        path: String,
        /// What is done when it does not come.
        otherwise: Otherwise,
    },
    /// What the services and their surroundings tell of themselves is lost on its way.
    LostTelemetry {},
    /// Uploads to the content store that never end, by somebody who has the editor's credentials.
    Uploads {
        /// How many at once.
        count: usize,
    },
    /// More customers come than usual.
    Surge {
        /// How many times as many.
        times: Times,
    },
    /// Somebody outside watches the home page for a phrase, and raises an alarm when it is not there.
    Monitor {
        /// The phrase, taken from the page as it is when the watching begins.
        asset: String,
    },
}

impl Happening {
    /// The word for it in a scenario file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "publish",
            Self::Release { .. } => "release",
            Self::Stop { .. } => "stop",
            Self::Suspend { .. } => "suspend",
            Self::Link { .. } => "link",
            Self::Disk { .. } => "disk",
            Self::FullDisk {} => "full-disk",
            Self::Delete { .. } => "delete",
            Self::Certificate { .. } => "certificate",
            Self::HealthCheck { .. } => "health-check",
            Self::LostTelemetry {} => "lost-telemetry",
            Self::Uploads { .. } => "uploads",
            Self::Surge { .. } => "surge",
            Self::Monitor { .. } => "monitor",
        }
    }

    /// Whether it can pass. What somebody has done stays done until somebody undoes it.
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
    /// Customers are not sent to it until it answers again: a load balancer.
    Withdraw,
    /// Its process is ended and started again: a supervisor.
    Restart,
}

/// At least one asset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Assets(pub Vec<String>);

impl TryFrom<Vec<String>> for Assets {
    type Error = String;

    fn try_from(assets: Vec<String>) -> Result<Self, String> {
        if assets.is_empty() {
            return Err("no asset: expected at least one asset's id".to_owned());
        }
        for asset in &assets {
            asset.parse::<AssetId>().map_err(|error| format!("'{asset}' is no asset's id: {error}"))?;
        }
        Ok(Self(assets))
    }
}

impl From<Assets> for Vec<String> {
    fn from(Assets(assets): Assets) -> Self {
        assets
    }
}

/// A share of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(pub f64);

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self(share))
        } else {
            Err(format!("{share}: expected a share between 0 and 1"))
        }
    }
}

impl From<Share> for f64 {
    fn from(Share(share): Share) -> Self {
        share
    }
}

/// How many times as many customers: at least as many as usual, and no more than the machine can carry.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Times(pub f64);

/// The largest surge.
const TIMES_MAX: f64 = 100.0;

impl TryFrom<f64> for Times {
    type Error = String;

    fn try_from(times: f64) -> Result<Self, String> {
        if (1.0..=TIMES_MAX).contains(&times) {
            Ok(Self(times))
        } else {
            Err(format!("{times} times as many: expected a number from 1 to {TIMES_MAX}"))
        }
    }
}

impl From<Times> for f64 {
    fn from(Times(times): Times) -> Self {
        times
    }
}

/// A service that can be released with other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Released {
    /// The web front.
    WebFront,
}

/// Who can call a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The customers.
    Customers,
    /// The web front.
    WebFront,
    /// The cache.
    Cache,
    /// The content store.
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
