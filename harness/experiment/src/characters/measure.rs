//! Sends one text through the shop. Teaches to test each place from outside, as its own readers use it, and to test a place
//! behind one that hangs separately: otherwise the hang hides its result.

use std::{io, time::Duration};

use bytes::Bytes;
use chassis::{
    CallError,
    LatentFault::{self, InvalidRendering},
    Peer, Wait,
};
use http::StatusCode;
use serde::Serialize;
use tokio::time::sleep;
use world::{Editor, EditorError, Shop, ShopOptions};

use super::parsers::{self, Outcome};

const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for every fill under way to retry: the faulty cache pauses for a second between attempts.
const FILLS_TRY_AGAIN: Duration = Duration::from_secs(2);

/// Long enough for the cache to hear of a publish.
const CACHE_IS_TOLD: Duration = Duration::from_secs(1);

const AROUND: (&[u8], &[u8]) = (b"Polished steel", b"for six small cups");

/// An asset that appears on a product's page, in its scripts and in the feed; the product; and the path of its page.
const IN_SCRIPT_AND_FEED: (&str, &str, &str) = ("product-moka-pot", "moka-pot", "/p/moka-pot");

/// An asset that appears between tags on a page whose scripts hold no text; its part; and the path of the page. So a broken
/// script does not pass for broken HTML.
const IN_HTML: (&str, &str, &str) = ("checkout-notes", "notes", "/checkout");

/// The outcomes of a text at the places behind the publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Places {
    pub store_json: Outcome,
    pub cache: Outcome,
    pub html: Outcome,
    /// The text as a string in a page's scripts.
    pub script: Outcome,
    pub xml: Outcome,
}

impl Places {
    /// All five, in the order in which the text passes them.
    pub fn all(&self) -> [&Outcome; 5] {
        [&self.store_json, &self.cache, &self.html, &self.script, &self.xml]
    }

    pub fn worst(&self) -> &Outcome {
        self.all().into_iter().max().expect("there are five")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passage {
    pub publish: Outcome,
    /// The outcomes behind the publish; `None` if it was refused.
    pub met: Option<Places>,
    /// The outcomes once the text gets past the place that stopped it. If the cache hangs, it is filled while rendering is
    /// repaired for a moment, and the pages are fetched when rendering is faulty again. If the publish was refused, the
    /// version is published before the repair.
    pub let_through: Option<Places>,
}

impl Passage {
    /// The worst of all that was measured.
    pub fn worst(&self) -> &Outcome {
        let places = self.met.iter().chain(&self.let_through).map(Places::worst);
        places.fold(&self.publish, Ord::max)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// With all four latent faults.
    pub faulty: Passage,
    /// With rendering repaired, and nothing else.
    pub repaired: Passage,
}

pub fn text_with(specimen: &[u8]) -> Bytes {
    [AROUND.0, specimen, AROUND.1].concat().into()
}

/// Sends a text through both shops, each a new one in memory. Needs a runtime with paused time.
///
/// # Errors
///
/// If a shop does not start, or its page has errors before the text arrives.
pub async fn measure(seed: u64, text: &Bytes) -> io::Result<Measured> {
    let faulty = Bench::start(seed, &[]).await?;
    let passage = faulty.through_faulty(text).await?;
    faulty.shop.stop().await;
    let repaired = Bench::start(seed, &[InvalidRendering]).await?;
    let measured = Measured { faulty: passage, repaired: repaired.through_repaired(text).await? };
    repaired.shop.stop().await;
    Ok(measured)
}

/// A shop, its editor, and a client for each service.
struct Bench {
    shop: Shop,
    editor: Editor,
    content_store: Peer,
    cache: Peer,
    web_front: Peer,
    /// The elements of the [`IN_HTML`] page while its text is harmless.
    elements: Vec<String>,
}

impl Bench {
    async fn start(seed: u64, repaired: &[LatentFault]) -> io::Result<Self> {
        let mut options = ShopOptions::in_virtual_time(seed);
        options.repaired = repaired.to_vec();
        let shop = Shop::start(options).await?;
        let peer = |address: &http::uri::Authority| Peer::new(shop.visitor(), address.clone());
        let addresses = shop.addresses();
        let (content_store, cache, web_front) =
            (peer(&addresses.content_store), peer(&addresses.cache), peer(&addresses.web_front));
        let page = web_front.get(IN_HTML.2, Wait::AtMost(PATIENCE)).await.map_err(io::Error::other)?;
        let document = parsers::page(&page.body).map_err(io::Error::other)?;
        if let Some(error) = document.errors.first() {
            return Err(io::Error::other(format!("the page has errors before any text comes: {error}")));
        }
        let elements = document.elements();
        Ok(Self { editor: shop.editor(), shop, content_store, cache, web_front, elements })
    }

    async fn through_faulty(&self, text: &Bytes) -> io::Result<Passage> {
        let publish = self.publish(text).await?;
        let met = self.places(text).await;
        if met.cache != Outcome::Hangs {
            return Ok(Passage { publish, met: Some(met), let_through: None });
        }
        self.shop.turn(InvalidRendering, false);
        sleep(FILLS_TRY_AGAIN).await;
        let (store_json, cache) = (self.store_json(text).await, self.cache(text).await);
        self.shop.turn(InvalidRendering, true);
        let places = self.places(text).await;
        Ok(Passage { publish, met: Some(met), let_through: Some(Places { store_json, cache, ..places }) })
    }

    async fn through_repaired(&self, text: &Bytes) -> io::Result<Passage> {
        let publish = self.publish(text).await?;
        if publish == Outcome::Fine {
            return Ok(Passage { publish, met: Some(self.places(text).await), let_through: None });
        }
        self.shop.turn(InvalidRendering, true);
        self.publish(text).await?;
        self.shop.turn(InvalidRendering, false);
        Ok(Passage { publish, met: None, let_through: Some(self.places(text).await) })
    }

    async fn publish(&self, text: &Bytes) -> io::Result<Outcome> {
        for asset in [IN_SCRIPT_AND_FEED.0, IN_HTML.0] {
            match self.editor.publish(asset, text.clone()).await {
                Ok(_) => {}
                Err(EditorError::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, detail }) => {
                    return Ok(Outcome::Refused { why: detail });
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        sleep(CACHE_IS_TOLD).await;
        Ok(Outcome::Fine)
    }

    async fn places(&self, text: &Bytes) -> Places {
        let (_, product, page) = IN_SCRIPT_AND_FEED;
        Places {
            store_json: self.store_json(text).await,
            cache: self.cache(text).await,
            html: self
                .ask(&self.web_front, IN_HTML.2, |answer| {
                    parsers::html(answer, IN_HTML.1, &self.elements, text)
                })
                .await,
            script: self.ask(&self.web_front, page, |answer| parsers::script(answer, text)).await,
            xml: self.ask(&self.web_front, "/feed.xml", |answer| parsers::feed(answer, product, text)).await,
        }
    }

    async fn store_json(&self, text: &Bytes) -> Outcome {
        let path = format!("/assets/{}", IN_SCRIPT_AND_FEED.0);
        self.ask(&self.content_store, &path, |answer| parsers::envelope(answer, text)).await
    }

    /// Fetches the fragments of both assets, so that pages find both in the cache. Judges the asset that is in the feed.
    async fn cache(&self, text: &Bytes) -> Outcome {
        let ask = async |asset: &str| {
            let path = format!("/fragments/{asset}");
            self.ask(&self.cache, &path, |answer| parsers::fragment(answer, text)).await
        };
        ask(IN_HTML.0).await;
        ask(IN_SCRIPT_AND_FEED.0).await
    }

    async fn ask(&self, whom: &Peer, path: &str, judge: impl FnOnce(&[u8]) -> Outcome) -> Outcome {
        match whom.get(path, Wait::AtMost(PATIENCE)).await {
            Ok(answer) if answer.status == StatusCode::OK => judge(&answer.body),
            Ok(answer) => parsers::status(answer.status),
            Err(CallError::TimedOut { .. }) => Outcome::Hangs,
            Err(error) => Outcome::broken(error.to_string()),
        }
    }
}
