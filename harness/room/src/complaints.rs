//! Complaints of customers while the shop fails. Teaches that a complaint is evidence: it names a page and what a customer saw there. But only
//! customers who bother to write are heard, and some complaints mislead.
//!
//! The seed chooses one of the pages that fail at that moment, and a complaint about it. One complaint in a few is about something unrelated.
//! Frequency and wording are assumed.

use chassis::rng;
use incident::Route;
use rand::{RngExt, seq::IndexedRandom};

/// One in this many complaints is about something unrelated. Assumed.
const ASTRAY_ONE_IN: u32 = 5;

const HOME: [&str; 6] = [
    "Your home page does not open. It turns and turns.",
    "I typed your address and after ten seconds I got an error.",
    "The start page stays white on my phone.",
    "Is your shop closed? The first page says that it cannot be shown.",
    "I wanted to see the spring offer, and the home page never comes.",
    "Your site is down for me. My neighbour says it works.",
];

const CATEGORY: [&str; 6] = [
    "The page with the coffees does not open.",
    "I cannot look through your categories any more; products that I have saved still open.",
    "Clicking on a category gives me 'something went wrong'.",
    "The tea page has been loading for a minute.",
    "I see the menu, choose a category, and nothing comes.",
    "The list of products stays empty, then there is an error.",
];

const PRODUCT: [&str; 6] = [
    "I cannot open the product that I want to buy.",
    "Every product page ends in an error for me.",
    "The page of a grinder takes half a minute and then fails.",
    "I followed a link from your newsletter to a product. It does not open.",
    "The product page came once; when I reloaded it, it hung.",
    "No prices, no pictures, no page: what is going on?",
];

const CHECKOUT: [&str; 6] = [
    "I have a full basket and cannot pay.",
    "The checkout throws me out with an error.",
    "I clicked on 'checkout' three times. Have I bought it three times now?",
    "The last step does not load. I shall buy elsewhere.",
    "Checkout says 'try again later'. When is later?",
    "I can look at everything, but not order.",
];

const ASTRAY: [&str; 6] = [
    "My voucher was not accepted yesterday, and today your shop is slow.",
    "Since your new design I find nothing any more, and now it does not even load.",
    "My browser says something about cookies. Is that why I cannot get in?",
    "The parcel service's page works, yours does not. Is it my router?",
    "I have had the wrong price in my basket since last week, and now this.",
    "Your newsletter came twice this morning, and the links are slow.",
];

/// The complaint of a customer who met a failing page. `failing` lists the kinds of pages with failing visits. The same seed, scenario and number
/// give the same complaint; number 0 is always about a failing page.
pub fn complaint(failing: &[Route], seed: u64, scenario: &str, number: usize) -> &'static str {
    let mut chance = rng(seed, "complaint about", &format!("{scenario} {number}"));
    let is_astray = number > 0 && chance.random_range(0..ASTRAY_ONE_IN) == 0;
    let of: &[&'static str] = match failing.choose(&mut chance) {
        _ if is_astray => &ASTRAY,
        None | Some(Route::Home) => &HOME,
        Some(Route::Category) => &CATEGORY,
        Some(Route::Product) => &PRODUCT,
        Some(Route::Checkout) => &CHECKOUT,
    };
    of.choose(&mut chance).copied().unwrap_or(HOME[0])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn complaints_are_many_name_a_page_and_lead_astray_now_and_then() {
        let all: BTreeSet<&str> = (0..400).map(|number| complaint(&Route::ALL, 7, "story", number)).collect();
        assert_eq!(all.len(), 30);
        assert_eq!(complaint(&Route::ALL, 7, "story", 3), complaint(&Route::ALL, 7, "story", 3));
        // The first complaint is about a failing page.
        for seed in 0..40 {
            assert!(CHECKOUT.contains(&complaint(&[Route::Checkout], seed, "story", 0)), "{seed}");
        }
    }
}
