//! The product feed, for those who list the shop's products elsewhere. Teaches that one place may need every asset of a
//! shop: what it cannot read, it cannot read at all.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};

use crate::{
    catalogue::{self, PRICE_LIST, PRODUCTS, Product},
    encoding::{self, Encoded},
    fragments::{PageError, fetch_one, go_without},
    pages::Front,
    prices::{Price, parse_prices},
};

/// Copies fetched at once for the feed: it must not crowd out the customers.
const FEED_CONCURRENCY: usize = 4;

/// The feed as it stands now (RSS 2.0, with the fields that product listings read).
pub async fn feed(State(front): State<Arc<Front>>, headers: HeaderMap) -> Response {
    // A feed names whole addresses: those under which its reader has reached the shop.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    match front.feed(&format!("http://{host}{}", front.base)).await {
        Ok(feed) => {
            let content_type = [(header::CONTENT_TYPE, "application/rss+xml; charset=utf-8")];
            (content_type, feed.render().expect("writing to a string cannot fail")).into_response()
        }
        Err(error) => front.page_error(&error),
    }
}

impl Front {
    async fn feed(&self, site: &str) -> Result<Feed, PageError> {
        let fetch = |asset: &'static str| fetch_one(asset, &self.upstream, &self.switches);
        let price_list = fetch(PRICE_LIST).await;
        if price_list.is_none() {
            go_without(true, &self.switches)?;
        }
        let prices = parse_prices(price_list.as_deref().unwrap_or_default(), &self.switches);
        let copies: Vec<_> = PRODUCTS.iter().map(|product| fetch(product.asset)).collect();
        let copies: Vec<Option<String>> = stream::iter(copies).buffered(FEED_CONCURRENCY).collect().await;
        let xml = |text: &str| encoding::xml(text, &self.switches);
        let mut items = Vec::with_capacity(PRODUCTS.len());
        for (product, copy) in PRODUCTS.iter().zip(copies) {
            if copy.is_none() {
                go_without(false, &self.switches)?;
            }
            let category = catalogue::category(product.category).expect("each product is in a category");
            items.push(FeedItem {
                product,
                name: xml(product.name),
                product_type: xml(category.name),
                description: copy.as_deref().map(xml),
                price: prices.get(product.slug).copied(),
            });
        }
        Ok(Feed { title: catalogue::BRAND, site: xml(site), items })
    }
}

#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed {
    title: &'static str,
    site: Encoded,
    items: Vec<FeedItem>,
}

struct FeedItem {
    product: &'static Product,
    name: Encoded,
    product_type: Encoded,
    description: Option<Encoded>,
    price: Option<Price>,
}
