//! Figures in words, the same on every page.

use std::fmt::Write;

use incident::{ContributingFactor, Story};

/// A share in percent with one digit: `35.6 %`, with a space at which no line breaks.
pub fn percent(share: f64) -> String {
    // A little less than nothing is nothing: adding zero takes its sign away.
    format!("{:.1}\u{a0}%", (share * 1_000.0).round() / 10.0 + 0.0)
}

/// A fault in a sentence: `poor error handling`.
pub fn fault(fault: ContributingFactor) -> String {
    fault.name().replace('-', " ")
}

/// Several things in a sentence: `a`, `a and b`, `a, b and c`.
pub fn list(things: &[String]) -> String {
    match things {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Thousands of dollars, for cells in which every character counts: `$1,480k`.
pub fn thousands(usd: f64) -> String {
    if usd.abs() < 0.5 { "$0".to_owned() } else { format!("{}k", incident::Usd(usd / 1_000.0)) }
}

/// The time of day at a second of the story.
pub fn time(story_s: f64) -> String {
    Story::default().time_at(story_s).to_string()
}

/// Rows as an address that holds them as a CSV file, RFC 4180 in RFC 2397. No cell may hold a comma, quote or
/// line break: they are words and numbers of ours.
pub fn csv_address(rows: &[Vec<String>]) -> String {
    let mut address = String::from("data:text/csv;charset=utf-8,");
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            address.push_str(if place > 0 { "," } else { "" });
            for byte in cell.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
                    address.push(char::from(byte));
                } else {
                    let _ = write!(address, "%{byte:02X}");
                }
            }
        }
        address.push_str("%0D%0A");
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(percent(0.3563), "35.6\u{a0}%");
        assert_eq!(percent(-0.000_04), "0.0\u{a0}%");
        assert_eq!(thousands(1_480_480.6), "$1,480k");
        assert_eq!(thousands(0.0), "$0");
        assert_eq!(time(-900.0), "07:45");
        assert_eq!(list(&["a", "b", "c"].map(String::from)), "a, b and c");
        let row = |cells: [&str; 2]| cells.map(String::from).to_vec();
        assert_eq!(
            csv_address(&[row(["what", "x y"]), row(["é", "1"])]),
            "data:text/csv;charset=utf-8,what,x%20y%0D%0A%C3%A9,1%0D%0A"
        );
    }
}
