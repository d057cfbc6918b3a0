//! The pages when nothing is wrong, and when only a customer is.

use std::collections::BTreeSet;

use axum::http::{StatusCode, header};
use chassis::LatentFault;
use quick_xml::{Reader, events::Event};
use web_front::{
    catalogue::{CATEGORIES, PRODUCTS},
    parts, seed_content,
};
use words::Route;

use crate::support::{Behaviour, Shop};

const PAGES: [(Route, &str); 5] = [
    (Route::Home, "/"),
    (Route::Category, "/c/knives"),
    (Route::Product, "/p/moka-pot"),
    (Route::Checkout, "/checkout"),
    (Route::Checkout, "/checkout?item=moka-pot&item=loaf-tin"),
];

#[tokio::test(start_paused = true)]
async fn each_page_has_all_its_parts_and_no_other() {
    for present in [LatentFault::ALL.as_slice(), &[]] {
        let shop = Shop::with(present.iter().copied()).await;
        for (route, path) in PAGES {
            let page = shop.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            let marked: BTreeSet<&str> =
                page.text.split("data-part=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert_eq!(marked, parts(route).iter().map(|part| part.name).collect(), "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_other_site_shows_a_page_in_a_frame_and_no_page_loads_from_elsewhere() {
    let shop = Shop::with(LatentFault::ALL).await;
    let paths = PAGES.iter().map(|(_, path)| *path).chain(["/nothing", "/p/nothing", "/c/%FF"]);
    for path in paths {
        let page = shop.get(path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for rule in ["default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'"]
        {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("http") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_category_and_product_has_its_page_and_its_words() {
    let shop = Shop::with([]).await;
    let checks = CATEGORIES.iter().map(|c| (format!("/c/{}", c.slug), c.asset));
    for (path, asset) in checks.chain(PRODUCTS.iter().map(|p| (format!("/p/{}", p.slug), p.asset))) {
        let page = shop.get(&path).await;
        let words = crate::support::original(asset).split('\'').next().unwrap().to_owned();
        assert!(page.status == StatusCode::OK && page.text.contains(&words), "{path}");
    }
}

#[test]
fn the_original_content_covers_the_catalogue() {
    let content = seed_content();
    let prices = &content.iter().find(|(asset, _)| *asset == "price-list").unwrap().1;
    for product in &PRODUCTS {
        assert!(
            content.iter().any(|(asset, text)| *asset == product.asset && !text.is_empty()),
            "{}",
            product.slug
        );
        assert!(
            prices.lines().any(|line| line.starts_with(&format!("{} ", product.slug))),
            "{}",
            product.slug
        );
    }
    // Header, footer, banner, introduction, notes and prices.
    assert_eq!(content.len(), 6 + CATEGORIES.len() + PRODUCTS.len());
    assert!(CATEGORIES.iter().all(|category| category.products().count() == 4));
}

#[tokio::test(start_paused = true)]
async fn every_link_stays_under_the_base_path_and_leads_somewhere() {
    for base in ["", "/s/abc"] {
        let shop = Shop::under(base, []).await;
        let (mut open, mut seen) = (vec![format!("{base}/")], BTreeSet::new());
        while let Some(path) = open.pop() {
            let page = shop.get(path.strip_prefix(base).expect("a link that stays")).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            for (mark, rest) in [" href=\"", " action=\""].iter().flat_map(|mark| {
                page.text.split(mark).skip(1).map(move |rest| (mark, rest)).collect::<Vec<_>>()
            }) {
                let link = rest.split('"').next().unwrap();
                if link.starts_with('#') || link.starts_with("data:") {
                    continue;
                }
                assert!(link.starts_with(&format!("{base}/")), "{mark}{link} on {path}");
                if seen.insert(link.to_owned()) {
                    open.push(link.to_owned());
                }
            }
        }
        // Home, categories, products, checkout, feed, style sheet.
        assert_eq!(seen.len(), 1 + CATEGORIES.len() + PRODUCTS.len() + 3, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn odd_requests_get_clear_answers() {
    let shop = Shop::with(LatentFault::ALL).await;
    let check = async |method: &str, path: &str, status: StatusCode| {
        let page = shop.send(method, path).await;
        assert_eq!(page.status, status, "{method} {path}");
        page
    };
    for path in ["/nowhere", "/c/nothing", "/p/nothing", "/p/%ff", "/p/", "/c/coffee/"] {
        let page = check("GET", path, StatusCode::NOT_FOUND).await;
        assert!(page.text.contains("Dunmallow") && page.text.contains("Back to the shop"), "{path}");
    }
    let head = check("HEAD", "/", StatusCode::OK).await;
    assert!(head.text.is_empty() && head.headers[header::CONTENT_TYPE] == "text/html; charset=utf-8");
    check("POST", "/", StatusCode::METHOD_NOT_ALLOWED).await;
    let css = check("GET", "/assets/shop.css", StatusCode::OK).await;
    assert_eq!(css.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    for query in ["item=nothing", "item=%ff", "item", "&&=", "item=moka-pot%00"] {
        let page = check("GET", &format!("/checkout?{query}"), StatusCode::OK).await;
        assert!(page.text.contains("basket is still empty"), "{query}");
    }
    let many = format!("/checkout?{}", "item=moka-pot&".repeat(1_000));
    assert!(check("GET", &many, StatusCode::OK).await.text.len() < 100_000);
}

#[tokio::test(start_paused = true)]
async fn the_checkout_adds_up() {
    let shop = Shop::with([]).await;
    let check = async |query: &str, delivery: &str, total: &str| {
        let page = shop.get(&format!("/checkout?{query}")).await;
        assert!(page.text.contains(&format!("Delivery</th><td>{delivery}</td>")), "{query}");
        assert!(page.text.contains(&format!("Total</th><td>${total}</td>")), "{query}");
    };
    check("item=moka-pot", "$4.90", "42.90").await;
    check("item=moka-pot&item=loaf-tin", "free", "62.90").await;
    shop.tell("price-list", Behaviour::Text("moka-pot 60.00\nloaf-tin 59,99".into()));
    check("item=moka-pot", "free", "60.00").await;
    // A byte order mark before the list, or before a part that was pasted into it, costs no price.
    let marked = "\u{feff}moka-pot 60.00\n\u{feff}loaf-tin 10.00";
    shop.tell("price-list", Behaviour::Text(marked.into()));
    check("item=moka-pot&item=loaf-tin", "free", "70.00").await;
    shop.tell("price-list", Behaviour::Text("moka-pot 60.00\nloaf-tin 59,99".into()));
    let unpriced = shop.get("/checkout?item=loaf-tin").await;
    assert!(unpriced.text.contains("on request") && !unpriced.has("prices"));
    assert!(shop.get("/checkout?item=moka-pot&placed=yes").await.text.contains("Thank you"));
}

#[tokio::test(start_paused = true)]
async fn the_feed_can_be_read_and_names_whole_addresses() {
    let shop = Shop::under("/s/abc", []).await;
    shop.tell("product-moka-pot", Behaviour::Text("a < b & c\u{b}\u{ffff}]]>".into()));
    let feed = shop.get("/feed.xml").await;
    assert_eq!(feed.headers[header::CONTENT_TYPE], "application/rss+xml; charset=utf-8");
    let mut reader = Reader::from_str(&feed.text);
    let mut items = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) if tag.name().as_ref() == "item" => items += 1,
            _ => {}
        }
    }
    assert_eq!(items, PRODUCTS.len());
    assert!(feed.text.contains("<link>http://shop.test/s/abc/p/moka-pot</link>"), "{}", feed.text);
    assert!(feed.text.contains("<g:price>38.00 USD</g:price>"));
    assert!(feed.text.contains("a &#60; b &#38; c\u{fffd}\u{fffd}]]&#62;"));
}
