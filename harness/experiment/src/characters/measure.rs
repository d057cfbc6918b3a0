//! One text on its way through the shop. Teaches that each place is asked from outside, as its own reader asks it, and that a
//! place behind one that hangs has to be asked apart, or it would never be heard.

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

/// Until then every fill that was under way has tried again: the faulty cache pauses for a second between attempts.
const FILLS_TRY_AGAIN: Duration = Duration::from_secs(2);

/// Until then the cache has been told of a publish.
const CACHE_IS_TOLD: Duration = Duration::from_secs(1);

const AROUND: (&[u8], &[u8]) = (b"Polished steel", b"for six small cups");

/// The asset that is a fragment of a product's page, in its scripts and in the feed; the product; and its page.
const IN_SCRIPT_AND_FEED: (&str, &str, &str) = ("product-moka-pot", "moka-pot", "/p/moka-pot");

/// The asset that is shown between tags on a page whose scripts hold no text; its part; and the page. So a broken script
/// does not pass for broken HTML.
const IN_HTML: (&str, &str, &str) = ("checkout-notes", "notes", "/checkout");

/// What the places behind the publish made of a text.
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
    /// All five, in the order of the way.
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
    /// What was met behind it; nothing if the publish was refused.
    pub met: Option<Places>,
    /// What the places make of it once it gets past what stopped it. Past a cache that hangs: the cache is filled while
    /// rendering is repaired for a moment, and the pages are asked when it is faulty again. Past a publish that was
    /// refused: the version was published before the repair.
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

/// Sends a text through both shops, each a new one in memory. Needs a paused runtime.
///
/// # Errors
///
/// When a shop cannot be started or is not what it should be before the text comes.
pub async fn measure(seed: u64, text: &Bytes) -> io::Result<Measured> {
    let faulty = Bench::start(seed, &[]).await?;
    let passage = faulty.through_faulty(text).await?;
    faulty.shop.stop().await;
    let repaired = Bench::start(seed, &[InvalidRendering]).await?;
    let measured = Measured { faulty: passage, repaired: repaired.through_repaired(text).await? };
    repaired.shop.stop().await;
    Ok(measured)
}

/// A shop, and those who ask it.
struct Bench {
    shop: Shop,
    editor: Editor,
    content_store: Peer,
    cache: Peer,
    web_front: Peer,
    /// Those of the page with text between tags, while that text is harmless.
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

    /// The fragments of both assets, so that pages find both; judged by the one of the feed.
    async fn cache(&self, text: &Bytes) -> Outcome {
        let ask = |asset| self.ask_fragment(asset, text);
        ask(IN_HTML.0).await;
        ask(IN_SCRIPT_AND_FEED.0).await
    }

    async fn ask_fragment(&self, asset: &str, text: &Bytes) -> Outcome {
        self.ask(&self.cache, &format!("/fragments/{asset}"), |answer| parsers::fragment(answer, text)).await
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
