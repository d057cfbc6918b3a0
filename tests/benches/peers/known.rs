//! A server with known latency, for judging how well other tools measure it. Its latencies follow a Pareto distribution, whose percentiles
//! change without steps. On request, the server stalls for a second in the middle.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::Uri, response::Html};
use glyphfall_tests::bench::figures::quantile;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// The smallest latency, and the limit that longer latencies are cut to.
const FIRST_MS: f64 = 5.0;
const LONGEST_MS: f64 = 150.0;

/// When the server stalls after its first request, and for how long.
pub(crate) const STALL_BEGINS: Duration = Duration::from_secs(4);
pub(crate) const STALL: Duration = Duration::from_secs(1);

/// Number of visits from which the true percentiles are computed.
const TRUTH_VISITS: u32 = 100_000;

struct Known {
    page: String,
    stalls: bool,
    asked: AtomicU32,
    began: OnceLock<Instant>,
}

/// Serves until the program is killed.
pub(crate) async fn serve(port: u16, stalls: bool) {
    let page = "0123456789abcdef".repeat(128);
    let known = Arc::new(Known { page, stalls, asked: AtomicU32::new(0), began: OnceLock::new() });
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    axum::serve(listener, Router::new().fallback(answer).with_state(known)).await.unwrap();
}

async fn answer(State(known): State<Arc<Known>>, _: Uri) -> Html<String> {
    let now = Instant::now();
    let since = now.duration_since(*known.began.get_or_init(|| now));
    let ends = STALL_BEGINS + STALL;
    let stall = if known.stalls && (STALL_BEGINS..ends).contains(&since) {
        ends.saturating_sub(since)
    } else {
        Duration::ZERO
    };
    let latency_ms = latency_ms(evenly(known.asked.fetch_add(1, Ordering::Relaxed)));
    sleep(stall + Duration::from_secs_f64(latency_ms / 1_000.0)).await;
    Html(known.page.clone())
}

/// Low-discrepancy numbers from 0 to 1, which fill the range evenly in any order of use (multiples of the golden ratio).
fn evenly(place: u32) -> f64 {
    (f64::from(place) * 0.618_033_988_749_894_9).fract()
}

/// The latency quantile for `share`: a Pareto distribution of shape 2.
fn latency_ms(share: f64) -> f64 {
    (FIRST_MS / (1.0 - share).sqrt()).min(LONGEST_MS)
}

/// The true percentiles for customers who arrive evenly over `lasting`, whether or not earlier requests have been answered.
pub(crate) fn truth_ms(shares: &[f64], lasting: Duration, stalls: bool) -> Vec<f64> {
    let lasting_ms = lasting.as_secs_f64() * 1_000.0;
    let (begins, ends) =
        (STALL_BEGINS.as_secs_f64() * 1_000.0, (STALL_BEGINS + STALL).as_secs_f64() * 1_000.0);
    let visits: Vec<f64> = (0..TRUTH_VISITS)
        .map(|visit| {
            let at_ms = lasting_ms * f64::from(visit) / f64::from(TRUTH_VISITS);
            let stall_ms = if stalls && (begins..ends).contains(&at_ms) { ends - at_ms } else { 0.0 };
            stall_ms + latency_ms(evenly(visit))
        })
        .collect();
    shares.iter().map(|share| quantile(&visits, *share)).collect()
}
