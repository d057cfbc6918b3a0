//! Tells the cache that an asset changed. Teaches that a notice is a hint: it may be late, lost or doubled, and the cache's own
//! freshness is what must hold.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chassis::{AssetId, Chassis, Notification, Peer, TaskGroup, Version, Wait, logs::cause_chain};
use http::{HeaderValue, Method, Request, header, uri::Authority};
use tokio::{sync::Semaphore, time::sleep};

/// Notices under way at once. Beyond them one is dropped: the cache will see the change at its next refresh.
const NOTICES_MAX: usize = 64;

/// How long the cache may take to accept one.
const NOTICE_TIMEOUT: Duration = Duration::from_secs(2);

/// Attempts in all: two retries bridge a restart of the cache; more would only tell it what it has found out itself.
const NOTICE_ATTEMPTS: u32 = 3;

/// The pause before a retry.
const NOTICE_PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Notifier {
    cache: Arc<Peer>,
    credentials: Option<HeaderValue>,
    places: Arc<Semaphore>,
    tasks: TaskGroup,
}

impl Notifier {
    pub(crate) fn new(chassis: &Chassis, cache: Authority, token: Option<&str>) -> Self {
        let cache = Arc::new(Peer::new(chassis, cache));
        let credentials = token.map(|token| {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            value.expect("a token that cannot be sent is refused at the start")
        });
        Self {
            cache,
            credentials,
            places: Arc::new(Semaphore::new(NOTICES_MAX)),
            tasks: chassis.tasks.clone(),
        }
    }

    /// Tells the cache the current version of an asset, or that there is none any more. Returns at once.
    pub(crate) fn notify(&self, id: &AssetId, version: Option<Version>) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!(shop.asset.id = %id, "too many notices under way: one was dropped");
            return;
        };
        let (cache, credentials, id) = (Arc::clone(&self.cache), self.credentials.clone(), id.clone());
        self.tasks.spawn(async move {
            deliver(&cache, credentials.as_ref(), &id, version).await;
            drop(place);
        });
    }
}

async fn deliver(cache: &Peer, credentials: Option<&HeaderValue>, id: &AssetId, version: Option<Version>) {
    let notice = Notification { id: id.clone(), version };
    let notice = Bytes::from(serde_json::to_vec(&notice).expect("a notice holds nothing that JSON cannot"));
    for attempt in 1..=NOTICE_ATTEMPTS {
        if attempt > 1 {
            sleep(NOTICE_PAUSE).await;
        }
        let mut request = Request::new(notice.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = http::Uri::from_static("/notifications");
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(credentials) = credentials {
            request.headers_mut().insert(header::AUTHORIZATION, credentials.clone());
        }
        match cache.send(request, Wait::AtMost(NOTICE_TIMEOUT)).await.map(|answer| answer.status) {
            Ok(status) if status.is_success() => return,
            Ok(status) => {
                tracing::warn!(shop.asset.id = %id, shop.notice.attempt = attempt, http.response.status_code = status.as_u16(), "the cache refused a notice");
            }
            Err(error) => {
                tracing::warn!(shop.asset.id = %id, shop.notice.attempt = attempt, exception.message = cause_chain(&error), "could not notify the cache");
            }
        }
    }
}
