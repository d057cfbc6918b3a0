//! Prices, as editors write them. Teaches that content is input: a line that cannot be read costs one price, not the page.

use std::{collections::BTreeMap, fmt, ops::Add};

use chassis::{LatentFault::PoorErrorHandling, Switches};

/// An amount of money, shown with both decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    pub cents: u32,
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cents: self.cents.saturating_add(other.cents) }
    }
}

/// What some editors put before a text, and some again before each part of one that was put together: U+FEFF. Nobody sees it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Lines that are read of a price list: what the shop sells, and room for half as much again.
const LINES_MAX: usize = 36;

/// One price a line: a product's slug and an amount. A line that is neither is a product without a price.
///
/// Of a list with more lines than the limit, the repaired twin reads those that are prices, as far as there is room.
pub fn parse_prices<'a>(list: &'a str, switches: &Switches) -> BTreeMap<&'a str, Price> {
    if switches.present(PoorErrorHandling) && list.lines().count() > LINES_MAX {
        // FAULT: a list that has outgrown its room is no list at all. Nobody who writes it knows of the limit, and one line too many
        // costs every price.
        return BTreeMap::new();
    }
    let is_around = |character: char| character.is_whitespace() || character == BYTE_ORDER_MARK;
    let lines = list.lines().filter_map(|line| line.trim_matches(is_around).split_once(' '));
    let prices = lines.filter_map(|(slug, amount)| Some((slug, Price { cents: cents(amount.trim())? })));
    prices.take(LINES_MAX).collect()
}

fn cents(amount: &str) -> Option<u32> {
    let (dollars, cents) = amount.split_once('.')?;
    let is_plain = cents.len() == 2 && dollars.bytes().chain(cents.bytes()).all(|byte| byte.is_ascii_digit());
    let dollars: u32 = dollars.parse().ok().filter(|_| is_plain)?;
    dollars.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use chassis::Level;

    use super::*;

    #[test]
    fn a_list_that_outgrows_its_room_costs_every_price_or_none() {
        let list = "\n".repeat(LINES_MAX) + "moka-pot 38.00";
        let faulty = Switches::new([PoorErrorHandling], Level::Dark);
        assert_eq!(parse_prices(&list, &faulty).len(), 0);
        assert_eq!(parse_prices(&list[1..], &faulty).len(), 1);
        faulty.set(PoorErrorHandling, false);
        assert_eq!(parse_prices(&list, &faulty).len(), 1);
    }

    #[test]
    fn a_line_that_is_no_price_costs_one_price() {
        let check = |line: &str, expected: Option<&str>| {
            let list = format!("{line}\nloaf-tin 24.90");
            let prices = parse_prices(&list, &Switches::new([PoorErrorHandling], Level::Dark));
            assert_eq!(prices.get("moka-pot").map(ToString::to_string).as_deref(), expected, "{line:?}");
            assert_eq!(prices["loaf-tin"].to_string(), "24.90", "{line:?}");
        };
        check("moka-pot 38.00", Some("38.00"));
        check("  moka-pot   0.05\r", Some("0.05"));
        check("\u{feff}moka-pot 38.00", Some("38.00"));
        check("\u{feff} moka-pot 38.00\u{feff}", Some("38.00"));
        check("loaf-tin 1.00\n\u{feff}moka-pot 38.00", Some("38.00"));
        check("moka\u{feff}-pot 38.00", None);
        check("moka-pot 38,00", None);
        check("moka-pot 38", None);
        check("moka-pot 38.0", None);
        check("moka-pot 38.+5", None);
        check("moka-pot -1.00", None);
        check("moka-pot 99999999999.00", None);
        check("moka-pot\u{b}38.00", None);
        check("", None);
    }
}
