//! The parts of a page, fetched together. Teaches who waits for whom, and what a page can do without a part.

use std::{collections::BTreeMap, time::Duration};

use chassis::{LatentFault::PoorErrorHandling, Switches, logs::cause_chain};
use futures_util::future::join_all;
use opentelemetry::KeyValue;
use tokio::time::timeout;
use words::Route;

use crate::upstream::{FragmentError, Upstream};

/// How long a page waits for one fragment. The cache answers a hit in a millisecond; a customer notices half a second.
pub const FRAGMENT_BUDGET: Duration = Duration::from_millis(500);

/// A part of a page. A page that has it marks it with `data-part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The value of `data-part`.
    pub name: &'static str,
    /// Whether the page makes no sense without it.
    pub needed: bool,
}

const HEADER: Part = Part { name: "header", needed: true };
const FOOTER: Part = Part { name: "footer", needed: false };
const PROMO: Part = Part { name: "promo", needed: false };
const PRICES: Part = Part { name: "prices", needed: true };
const INTRO: Part = Part { name: "intro", needed: false };
const COPY: Part = Part { name: "copy", needed: false };
const NOTES: Part = Part { name: "notes", needed: false };

/// The parts that a whole page of this kind has.
pub fn parts(route: Route) -> &'static [Part] {
    match route {
        Route::Home => &[HEADER, FOOTER, PRICES, PROMO, INTRO],
        Route::Category => &[HEADER, FOOTER, PRICES, PROMO, COPY],
        Route::Product => &[HEADER, FOOTER, PRICES, COPY],
        Route::Checkout => &[HEADER, FOOTER, PRICES, NOTES],
    }
}

#[derive(Debug)]
pub enum PageError {
    /// A fragment failed, and nobody says which.
    Broken,
    /// A part that the page cannot do without is missing for now.
    PartMissing,
}

/// The texts of a page's parts, by the part's name; what could be left out and was is not among them.
pub type Texts = BTreeMap<&'static str, String>;

/// Fetches the parts of a page: each one's text is the asset that `asset_of` names.
///
/// # Errors
///
/// When the page cannot be built. The cause is logged where it occurs; the customer is not told.
pub async fn fetch<'a>(
    route: Route,
    asset_of: impl Fn(&Part) -> &'a str,
    upstream: &Upstream,
    switches: &Switches,
) -> Result<Texts, PageError> {
    let parts = parts(route);
    let fetched = join_all(parts.iter().map(|part| fetch_one(asset_of(part), upstream, switches))).await;
    let mut texts = Texts::new();
    for (part, text) in parts.iter().zip(fetched) {
        if let Some(text) = text {
            texts.insert(part.name, text);
        } else {
            go_without(part.needed, switches)?;
            upstream.parts_left_out.add(1, &[KeyValue::new("shop.page.part", part.name)]);
        }
    }
    Ok(texts)
}

/// Fetches one text, or logs why it could not be had.
pub async fn fetch_one(asset: &str, upstream: &Upstream, switches: &Switches) -> Option<String> {
    // FAULT: the fragment is waited for without limit. One banner that does not come holds the whole page, and with it a
    // customer, a place among the requests in flight and a connection to the cache.
    let unlimited = switches.present(PoorErrorHandling);
    let fragment = upstream.fragment(asset);
    let fetched = match upstream.fragment_timeout.or((!unlimited).then_some(FRAGMENT_BUDGET)) {
        None => fragment.await,
        Some(after) => timeout(after, fragment).await.unwrap_or(Err(FragmentError::TooLate(after))),
    };
    if let Err(error) = &fetched {
        tracing::warn!(
            shop.asset.id = asset,
            error.type = &*error.kind(),
            exception.message = cause_chain(error),
            "could not get a fragment"
        );
    }
    fetched.ok()
}

/// Decides whether a page can do without a part that could not be had.
pub fn go_without(needed: bool, switches: &Switches) -> Result<(), PageError> {
    if switches.present(PoorErrorHandling) {
        // FAULT: a page is all or nothing, and every failure is the same failure: a missing banner takes the page down, and
        // nobody is told whether to try again.
        return Err(PageError::Broken);
    }
    if needed { Err(PageError::PartMissing) } else { Ok(()) }
}
