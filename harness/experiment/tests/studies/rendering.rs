//! With rendering repaired and all other faults present, no input whatever makes an invalid page, feed or envelope, whether it
//! is published now or was published before the repair. Third-party parsers are the judges.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Duration;

use bytes::Bytes;
use chassis::{
    LatentFault::{self, InvalidRendering},
    Peer, Wait,
};
use experiment::characters::{Outcome, parsers, specimens};
use http::StatusCode;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::{runtime::Builder, time::sleep};
use world::{Editor, EditorError, Shop, ShopOptions};

/// The number of random inputs.
const CASES: u32 = 512;

/// Assets of every kind that pages and feed show.
const ASSETS: [&str; 8] = [
    "site-header",
    "site-footer",
    "promo-banner",
    "home-intro",
    "category-brewing",
    "product-moka-pot",
    "checkout-notes",
    "price-list",
];

/// A page of each kind, and its parts except the banner, which stands in a paragraph of its own.
const PAGES: [(&str, &[&str]); 5] = [
    ("/", &["header", "footer", "intro"]),
    ("/c/brewing", &["header", "footer", "copy"]),
    ("/p/moka-pot", &["header", "footer", "copy"]),
    ("/checkout", &["header", "footer", "notes"]),
    ("/checkout?item=moka-pot", &["header", "footer", "notes"]),
];

const PATIENCE: Wait = Wait::AtMost(Duration::from_secs(10));

struct Reader {
    shop: Shop,
    editor: Editor,
    content_store: Peer,
    web_front: Peer,
    /// The elements of each page while every text is harmless.
    elements: Vec<Vec<String>>,
}

impl Reader {
    async fn new() -> Self {
        let mut options = ShopOptions::in_virtual_time(1);
        options.repaired = vec![InvalidRendering];
        let present = options.faults_present();
        assert_eq!(present.len(), LatentFault::ALL.len() - 1, "all others are present: {present:?}");
        let shop = Shop::start(options).await.unwrap();
        let content_store = Peer::new(shop.visitor(), shop.addresses().content_store.clone());
        let web_front = Peer::new(shop.visitor(), shop.addresses().web_front.clone());
        let mut reader = Self { editor: shop.editor(), shop, content_store, web_front, elements: Vec::new() };
        assert!(reader.publish(&Bytes::from_static(b"harmless")).await);
        for (path, _) in PAGES {
            let page = reader.get(&reader.web_front, path).await;
            reader.elements.push(parsers::page(&page).unwrap().elements());
        }
        reader
    }

    /// Publishes a text, and returns whether the repaired shop took it. If it did not, the text is published with rendering faulty for a moment, as
    /// before the repair.
    async fn publish(&self, text: &Bytes) -> bool {
        let mut taken = Vec::new();
        for asset in ASSETS {
            taken.push(match self.editor.publish(asset, text.clone()).await {
                Ok(_) => true,
                Err(EditorError::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, .. }) => false,
                Err(error) => panic!("{error}"),
            });
        }
        let is_taken = taken[0];
        assert!(taken.iter().all(|taken| *taken == is_taken), "what is text does not depend on the asset");
        if !is_taken {
            self.shop.turn(InvalidRendering, true);
            for asset in ASSETS {
                self.editor.publish(asset, text.clone()).await.unwrap();
            }
            self.shop.turn(InvalidRendering, false);
        }
        // The cache hears of the publish meanwhile.
        sleep(Duration::from_secs(1)).await;
        is_taken
    }

    async fn get(&self, whom: &Peer, path: &str) -> Bytes {
        let answer = whom.get(path, PATIENCE).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.body
    }

    async fn check(&self, text: &Bytes) {
        let is_taken = self.publish(text).await;
        // HTML and XML read every line end as a line feed. A text that was taken must not change in any other way.
        let stays = is_taken && !text.contains(&b'\r');
        let check = |outcome: &Outcome, where_: &str, stays: bool| {
            assert!(!outcome.is_breakage(), "{where_}: {outcome:?}");
            assert!(!stays || *outcome == Outcome::Fine, "{where_}: {outcome:?}");
        };
        for asset in ASSETS {
            let envelope = self.get(&self.content_store, &format!("/assets/{asset}")).await;
            check(&parsers::envelope(&envelope, text), asset, is_taken);
        }
        for ((path, parts), elements) in PAGES.iter().zip(&self.elements) {
            let page = self.get(&self.web_front, path).await;
            let document = parsers::page(&page).unwrap();
            for part in *parts {
                check(&parsers::html(&page, part, elements, text), &format!("{part} of {path}"), stays);
            }
            if let Some(banner) = document.part("promo") {
                assert_eq!(banner.first_markup().as_deref(), Some("<p>"), "{path}");
                assert!(!stays || banner.text().as_bytes() == *text, "{path}: {}", banner.text());
            }
            if path.starts_with("/p/") {
                check(&parsers::script(&page, text), path, is_taken);
            }
        }
        let feed = self.get(&self.web_front, "/feed.xml").await;
        check(&parsers::feed(&feed, "moka-pot", text), "the feed", stays);
    }
}

/// Arbitrary bytes, arbitrary text, and specimens among other pieces of text.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let specimens: Vec<Vec<u8>> = specimens().into_iter().map(|specimen| specimen.bytes).collect();
    let specimen = proptest::sample::select(specimens);
    // A parser decides by the character after the name of a tag, so the input varies it.
    let begun =
        proptest::sample::select(vec!["</script", "<script", "<!--", "-->", "]]>", "</p", "<![CDATA[", "&#"]);
    let piece = prop_oneof![
        3 => specimen,
        2 => (begun, "[ \t/>]?").prop_map(|(begun, after)| (begun.to_owned() + &after).into_bytes()),
        2 => "[ -~]{0,8}".prop_map(String::into_bytes),
        1 => any::<char>().prop_map(|character| character.to_string().into_bytes()),
    ];
    prop_oneof![
        1 => vec(any::<u8>(), 0..300),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => "[<>&;/!\\-a-z\"'\\\\\\[\\]=#x0-9 ]{0,80}".prop_map(String::into_bytes),
        3 => vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
    ]
}

#[test]
fn no_input_whatever_makes_an_invalid_page_feed_or_envelope() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let reader = runtime.block_on(Reader::new());
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let found = runner.run(&input(), |text| {
        runtime.block_on(reader.check(&text.into()));
        Ok(())
    });
    found.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_specimen_alone_does_either() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let reader = runtime.block_on(Reader::new());
    for specimen in specimens() {
        runtime.block_on(reader.check(&specimen.bytes.into()));
    }
}
