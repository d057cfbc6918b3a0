//! Whole requests for a listener in memory. Teaches what a byte stream between two parts of one process is good for: for everything
//! that can go wrong with bytes, and for nothing else. A caller whose link loses nothing hands over a request as it is, and gets the
//! answer as it is. Names, limits, kill and patience hold as on a connection; nothing is written, parsed or buffered.

use std::sync::Arc;

use axum::{Router, body::Body, response::IntoResponse};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{select, sync::oneshot};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::{
    activity::{Place, Places},
    hosts::Hosts,
};
use crate::{client::ANSWER_BYTES_MAX, problem::explain, simulation::link::Way, tasks::TaskGroup};

/// Why no whole answer comes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DoorError {
    /// As on a connection that breaks: the service was killed, or nothing is free for another caller.
    #[error("the connection broke")]
    Broken,
    #[error("the answer is too large")]
    TooLarge,
}

/// Where whole requests come in. It lives as long as one run of the service.
pub(crate) struct Door {
    pub(super) whole: Router,
    pub(super) beyond_limit: Router,
    pub(super) hosts: Hosts,
    pub(super) places: Arc<Places>,
    pub(super) reserved: Arc<Places>,
    pub(super) connections: TaskTracker,
    pub(super) tasks: TaskGroup,
}

/// An answer, or why there is none.
pub(crate) type Handed = Result<Response<Bytes>, DoorError>;

impl Door {
    /// Begins to work on a request that has arrived over `way`. Whoever drops what comes back has left: the service learns of it when
    /// that has travelled, and drops the work.
    pub(crate) fn enter(self: &Arc<Self>, request: Request<Bytes>, way: Way) -> oneshot::Receiver<Handed> {
        let (mut answer, answered) = oneshot::channel();
        let door = Arc::clone(self);
        let served = async move {
            let leaves = async {
                answer.closed().await;
                // However that ends, nobody is there any more.
                let _ = way.end(1).await;
            };
            let done = select! {
                biased;
                done = door.handle(request) => Some(done),
                () = leaves => None,
            };
            if let Some(done) = done {
                let _ = answer.send(done);
            }
        };
        self.tasks.spawn(self.connections.track_future(served));
        answered
    }

    /// A place among the connections, and what is answered there; none if nothing is free.
    pub(super) async fn place(&self) -> Option<(&Router, Place)> {
        if let Some(place) = self.places.take().await {
            return Some((&self.whole, place));
        }
        Some((&self.beyond_limit, self.reserved.take().await?))
    }

    async fn handle(&self, request: Request<Bytes>) -> Handed {
        let (router, place) = self.place().await.ok_or(DoorError::Broken)?;
        place.activity.request_begins(false, false);
        let is_head = request.method() == Method::HEAD;
        let response = match self.hosts.check(&request) {
            Ok(()) => {
                let request =
                    request.map(|body| if body.is_empty() { Body::empty() } else { Body::from(body) });
                explain(router.clone().oneshot(request).await.unwrap_or_else(|never| match never {}))
            }
            Err(problem) => problem.into_response(),
        };
        let (head, body) = response.into_parts();
        // As on a connection, on which no body follows the head that answers HEAD.
        let body = if is_head {
            Bytes::new()
        } else {
            let whole = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let why = |is_too_large| if is_too_large { DoorError::TooLarge } else { DoorError::Broken };
            whole.map_err(|error| why(error.is::<LengthLimitError>()))?.to_bytes()
        };
        Ok(Response::from_parts(head, body))
    }
}

/// What a request on a connection says besides: to whom it goes, and how long its body is.
pub(crate) fn complete(request: &mut Request<Bytes>, host: &HeaderValue) {
    let length = request.body().len();
    let headers = request.headers_mut();
    headers.entry(header::HOST).or_insert_with(|| host.clone());
    if length > 0 {
        headers.entry(header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
}
