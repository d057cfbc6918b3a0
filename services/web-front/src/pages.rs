//! The pages: routes, what templates are given, and the pages that apologise.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use chassis::Switches;
use tower::ServiceBuilder;
use words::Route;

use crate::{
    admission::{Admission, admit},
    catalogue::{self, CATEGORIES, Category, PRICE_LIST, Product},
    encoding::{self, Encoded},
    feed::feed,
    fragments::{PageError, Part, Texts, fetch},
    prices::{Price, parse_prices},
    upstream::Upstream,
};

/// Products on the home page and beside an empty basket.
const POPULAR: [&str; 4] = ["house-espresso", "carbon-skillet", "oak-board", "stoneware-mugs"];

/// Products drawn beside the greeting.
const SCENE: [&str; 6] =
    ["moka-pot", "stoneware-mugs", "bread-knife", "loaf-tin", "enamel-casserole", "pour-over-set"];

/// Things in a basket: a whole kitchen, and a page that stays short.
const BASKET_ITEMS_MAX: usize = 24;

/// What delivery costs below the amount that the announcement promises it free from.
const DELIVERY: Price = Price { cents: 490 };

/// From this total on, delivery is free.
const FREE_DELIVERY_FROM: Price = Price { cents: 60_00 };

/// After how many seconds a customer who could not be served may try again.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("5");

/// What a browser is told of every page, as its texts are an editor's: nothing is loaded from elsewhere, no other site shows it in a frame, and
/// no type is guessed. Inline script stays allowed, as pages bring their data in it: what gets in there is the encoding's to prevent.
const GUARDS: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self' 'unsafe-inline' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

#[derive(Debug)]
pub struct Front {
    pub upstream: Arc<Upstream>,
    pub switches: Switches,
    /// The path that all pages lie under; empty for the root.
    pub base: String,
    pub checkout_notes: String,
}

type Shared = State<Arc<Front>>;
type Slug = Result<Path<String>, PathRejection>;
type Fields = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// All routes. Links carry the front's base path; whoever shows the pages below it strips it.
pub fn router(front: Arc<Front>) -> Router {
    let layers = ServiceBuilder::new()
        // Outermost, and around nothing else: how many pages are built at once. Health stands outside.
        .layer(middleware::from_fn_with_state(Admission::new(Arc::clone(&front)), admit));
    Router::new()
        .route("/", get(home))
        .route("/c/{category}", get(category))
        .route("/p/{product}", get(product))
        .route("/checkout", get(checkout))
        .route("/feed.xml", get(feed))
        .layer(layers)
        .route("/assets/shop.css", get(style_sheet))
        .fallback(unknown)
        .with_state(front)
}

async fn home(State(front): Shared) -> Response {
    let page =
        front.page(Route::Home, |part| if part.name == "intro" { "home-intro" } else { shared_asset(part) });
    front.answer(page.await, |texts| Home {
        frame: front.frame(&texts, "For everyday kitchens", ""),
        intro: front.text(&texts, "intro"),
        shelf: Shelf::of(POPULAR.iter().filter_map(|slug| catalogue::product(slug)), &texts, &front.switches),
        scene: SCENE.iter().filter_map(|slug| catalogue::product(slug)).collect(),
        tiles: CATEGORIES
            .iter()
            .filter_map(|category| Some((category, category.products().next()?)))
            .collect(),
    })
}

async fn category(State(front): Shared, slug: Slug) -> Response {
    let Some(category) = slug.ok().and_then(|Path(slug)| catalogue::category(&slug)) else {
        return front.nothing_here();
    };
    let page = front
        .page(Route::Category, |part| if part.name == "copy" { category.asset } else { shared_asset(part) });
    front.answer(page.await, |texts| CategoryPage {
        frame: front.frame(&texts, category.name, category.slug),
        category,
        copy: front.text(&texts, "copy"),
        shelf: Shelf::of(category.products(), &texts, &front.switches),
    })
}

async fn product(State(front): Shared, slug: Slug) -> Response {
    let Some(product) = slug.ok().and_then(|Path(slug)| catalogue::product(&slug)) else {
        return front.nothing_here();
    };
    let category = catalogue::category(product.category).expect("each product is in a category");
    let page = front
        .page(Route::Product, |part| if part.name == "copy" { product.asset } else { shared_asset(part) });
    front.answer(page.await, |texts| ProductPage {
        frame: front.frame(&texts, product.name, category.slug),
        product,
        category,
        name_script: encoding::script(product.name, &front.switches),
        price: prices(&texts, &front.switches).get(product.slug).copied(),
        copy: front.text(&texts, "copy"),
        shelf: Shelf::of(
            category.products().filter(|other| other.slug != product.slug),
            &texts,
            &front.switches,
        ),
    })
}

async fn checkout(State(front): Shared, fields: Fields) -> Response {
    // A query that cannot be read is an empty basket.
    let fields = fields.map(|Query(fields)| fields).unwrap_or_default();
    let items = fields.iter().filter(|(name, _)| name == "item").take(BASKET_ITEMS_MAX);
    let page = front.page(Route::Checkout, |part| {
        if part.name == "notes" { &front.checkout_notes } else { shared_asset(part) }
    });
    front.answer(page.await, |texts| Checkout {
        frame: front.frame(&texts, "Checkout", ""),
        basket: Shelf::of(items.filter_map(|(_, slug)| catalogue::product(slug)), &texts, &front.switches),
        shelf: Shelf::of(POPULAR.iter().filter_map(|slug| catalogue::product(slug)), &texts, &front.switches),
        notes: front.text(&texts, "notes"),
        is_placed: fields.iter().any(|(name, _)| name == "placed"),
    })
}

async fn style_sheet() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../templates/shop.css")).into_response()
}

async fn unknown(State(front): Shared) -> Response {
    front.nothing_here()
}

impl Front {
    async fn page<'a>(&self, route: Route, asset_of: impl Fn(&Part) -> &'a str) -> Result<Texts, PageError> {
        fetch(route, asset_of, &self.upstream, &self.switches).await
    }

    fn answer<T: Template>(
        &self,
        texts: Result<Texts, PageError>,
        page: impl FnOnce(Texts) -> T,
    ) -> Response {
        match texts {
            Ok(texts) => show(&page(texts)),
            Err(error) => self.page_error(&error),
        }
    }

    fn text(&self, texts: &Texts, part: &str) -> Option<Text> {
        texts.get(part).map(|text| Text {
            html: encoding::html(text, &self.switches),
            script: encoding::script(text, &self.switches),
        })
    }

    fn frame(&self, texts: &Texts, title: &str, category: &'static str) -> Frame {
        let html = |part| self.text(texts, part).map(|text| text.html);
        Frame {
            title: title.to_owned(),
            base: self.base.clone(),
            category,
            header: html("header"),
            footer: html("footer"),
            promo: self.text(texts, "promo"),
        }
    }

    pub fn busy(&self) -> Response {
        let sentence = "More people are here than we can look after at once. Please try again in a moment.";
        self.apology(StatusCode::SERVICE_UNAVAILABLE, "One moment, please", sentence)
    }

    fn nothing_here(&self) -> Response {
        self.apology(StatusCode::NOT_FOUND, "Nothing here", "There is no such page in our shop.")
    }

    /// Says that a page cannot be shown, and nothing of why.
    pub fn page_error(&self, error: &PageError) -> Response {
        match error {
            PageError::Broken => self.apology(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "We are sorry. Please try again later.",
            ),
            PageError::PartMissing => self.apology(
                StatusCode::SERVICE_UNAVAILABLE,
                "Please try again in a moment",
                "This page cannot be shown just now. It should be back shortly.",
            ),
        }
    }

    fn apology(&self, status: StatusCode, title: &str, sentence: &'static str) -> Response {
        let page = Apology { frame: self.frame(&Texts::new(), title, ""), sentence };
        let mut response = (status, show(&page)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S);
        }
        response
    }
}

fn show(page: &impl Template) -> Response {
    (GUARDS, Html(page.render().expect("writing to a string cannot fail"))).into_response()
}

/// The asset of a part that looks the same on every page.
fn shared_asset(part: &Part) -> &'static str {
    match part.name {
        "header" => "site-header",
        "footer" => "site-footer",
        "promo" => "promo-banner",
        _ => PRICE_LIST,
    }
}

fn prices<'a>(texts: &'a Texts, switches: &Switches) -> BTreeMap<&'a str, Price> {
    texts.get("prices").map(|list| parse_prices(list, switches)).unwrap_or_default()
}

/// A text, ready for each place that a page writes it to.
struct Text {
    html: Encoded,
    script: Encoded,
}

struct Frame {
    title: String,
    base: String,
    category: &'static str,
    header: Option<Encoded>,
    footer: Option<Encoded>,
    promo: Option<Text>,
}

struct Shelf {
    items: Vec<ShelfItem>,
}

struct ShelfItem {
    product: &'static Product,
    price: Option<Price>,
}

impl Shelf {
    fn of(products: impl Iterator<Item = &'static Product>, texts: &Texts, switches: &Switches) -> Self {
        let prices = prices(texts, switches);
        let items = products.map(|product| ShelfItem { product, price: prices.get(product.slug).copied() });
        Self { items: items.collect() }
    }

    fn is_priced(&self) -> bool {
        self.items.iter().all(|item| item.price.is_some())
    }

    /// What delivery costs, and all of it together; nothing while a price is missing.
    fn bill(&self) -> Option<(Price, Price)> {
        let prices = self.items.iter().map(|item| item.price).collect::<Option<Vec<_>>>()?;
        let sum = prices.into_iter().fold(Price { cents: 0 }, |sum, price| sum + price);
        let delivery = if sum < FREE_DELIVERY_FROM { DELIVERY } else { Price { cents: 0 } };
        Some((delivery, sum + delivery))
    }
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    intro: Option<Text>,
    shelf: Shelf,
    scene: Vec<&'static Product>,
    tiles: Vec<(&'static Category, &'static Product)>,
}

#[derive(Template)]
#[template(path = "category.html")]
struct CategoryPage {
    frame: Frame,
    category: &'static Category,
    copy: Option<Text>,
    shelf: Shelf,
}

#[derive(Template)]
#[template(path = "product.html")]
struct ProductPage {
    frame: Frame,
    product: &'static Product,
    category: &'static Category,
    name_script: Encoded,
    price: Option<Price>,
    copy: Option<Text>,
    shelf: Shelf,
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct Checkout {
    frame: Frame,
    basket: Shelf,
    shelf: Shelf,
    notes: Option<Text>,
    is_placed: bool,
}

#[derive(Template)]
#[template(path = "apology.html")]
struct Apology {
    frame: Frame,
    sentence: &'static str,
}
