//! What the shop sells. Static, because only the words and the prices are content that editors change.
//!
//! Teaches the split that the shop lives by: what exists is code and is released; what is said about it is content and
//! is published, by other people, at any time of the day.

/// The shop's own brand.
pub const BRAND: &str = "Dunmallow";
/// The asset with one price a line.
pub const PRICE_LIST: &str = "price-list";

#[derive(Debug, PartialEq, Eq)]
pub struct Category {
    /// As it appears in the address.
    pub slug: &'static str,
    pub name: &'static str,
    /// The asset with its introduction.
    pub asset: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// As it appears in the address, in the price list and in the feed.
    pub slug: &'static str,
    pub name: &'static str,
    /// Size or quantity, in a few words.
    pub detail: &'static str,
    pub category: &'static str,
    /// The asset with its description.
    pub asset: &'static str,
    /// A drawing of it, as inline SVG that takes its colours from the style sheet.
    pub drawing: &'static str,
}

macro_rules! category {
    ($slug:literal, $name:literal) => {
        Category { slug: $slug, name: $name, asset: concat!("category-", $slug) }
    };
}

macro_rules! product {
    ($category:literal, $slug:literal, $name:literal, $detail:literal) => {
        Product {
            slug: $slug,
            name: $name,
            detail: $detail,
            category: $category,
            asset: concat!("product-", $slug),
            drawing: include_str!(concat!("../content/drawings/", $slug, ".svg")),
        }
    };
}

/// All categories, in the order of the navigation.
pub static CATEGORIES: [Category; 6] = [
    category!("coffee", "Coffee"),
    category!("brewing", "Brewing"),
    category!("cookware", "Cookware"),
    category!("knives", "Knives & boards"),
    category!("baking", "Baking"),
    category!("table", "Table"),
];

/// All products, by category.
pub static PRODUCTS: [Product; 24] = [
    product!("coffee", "house-espresso", "House Espresso", "500 g, whole beans"),
    product!("coffee", "morning-filter", "Morning Filter", "500 g, whole beans"),
    product!("coffee", "slow-decaf", "Slow Decaf", "500 g, whole beans"),
    product!("coffee", "roasters-sampler", "Roaster's Sampler", "4 bags of 100 g"),
    product!("brewing", "moka-pot", "Moka Pot", "6 cups, steel"),
    product!("brewing", "pour-over-set", "Pour-Over Set", "dripper, jug, papers"),
    product!("brewing", "hand-grinder", "Hand Grinder", "steel burrs"),
    product!("brewing", "gooseneck-kettle", "Gooseneck Kettle", "0.9 l"),
    product!("cookware", "carbon-skillet", "Carbon Steel Skillet", "28 cm"),
    product!("cookware", "steel-saucepan", "Saucepan with Lid", "2 l, three layers"),
    product!("cookware", "enamel-casserole", "Enamelled Casserole", "4.5 l, cast iron"),
    product!("cookware", "stock-pot", "Stock Pot", "8 l, with lid"),
    product!("knives", "chefs-knife", "Chef's Knife", "20 cm"),
    product!("knives", "paring-knife", "Paring Knife", "9 cm"),
    product!("knives", "bread-knife", "Bread Knife", "25 cm"),
    product!("knives", "oak-board", "Oak Board", "40 x 28 cm, end grain"),
    product!("baking", "mixing-bowls", "Mixing Bowls", "set of 3, stoneware"),
    product!("baking", "loaf-tin", "Loaf Tin", "1 kg, blue steel"),
    product!("baking", "rolling-pin", "Rolling Pin", "50 cm, beech"),
    product!("baking", "kitchen-scale", "Kitchen Scale", "1 g to 5 kg"),
    product!("table", "stoneware-mugs", "Stoneware Mugs", "set of 4, 0.3 l"),
    product!("table", "linen-napkins", "Linen Napkins", "set of 6"),
    product!("table", "salad-bowl", "Salad Bowl", "30 cm, acacia"),
    product!("table", "dinner-plates", "Dinner Plates", "set of 4, 27 cm"),
];

pub fn category(slug: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.slug == slug)
}

pub fn product(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.slug == slug)
}

impl Category {
    /// Its products, in the order of the shelf.
    pub fn products(&self) -> impl Iterator<Item = &'static Product> + use<> {
        let slug = self.slug;
        PRODUCTS.iter().filter(move |product| product.category == slug)
    }
}

/// Every asset of the shop with its original text: what an empty content store is filled with.
pub fn seed_content() -> Vec<(&'static str, String)> {
    // The file opens with a bracket: whatever precedes the first heading is empty and skipped.
    let sections =
        include_str!("../content/seed.txt").split("\n[").map(|section| section.trim_start_matches('['));
    sections
        .map(|section| section.split_once("]\n").expect("each section of the embedded file has a heading"))
        .map(|(asset, text)| (asset, text.trim().to_owned()))
        .collect()
}
