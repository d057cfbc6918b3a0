//! The median of several runs, and quantiles. A shared machine is slow at times, but one bad run does not move a median.

/// The median. For an even number of values it is the lower of the two middle ones, so that it is a measured value.
///
/// # Panics
///
/// When there is no value.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The quantile `share`: the smallest value that at least this share of all values does not exceed.
///
/// # Panics
///
/// When there is no value.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among values that are counted"
)]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}

/// A figure for people: three significant digits, with thousands separated.
pub fn told(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.001 {
        return format!("{value:.1e}");
    }
    let digits = match value.abs() {
        0.0 | 100.0.. => 0,
        10.0..100.0 => 1,
        1.0..10.0 => 2,
        0.1..1.0 => 3,
        0.01..0.1 => 4,
        _ => 5,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut apart = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && !apart.ends_with('-') {
            apart.push(',');
        }
        apart.push(digit);
    }
    rest.map_or(apart.clone(), |rest| format!("{apart}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let check = |values: &[f64], share: f64, expected: f64| {
            assert_eq!(quantile(values, share).to_bits(), expected.to_bits(), "{values:?} {share}");
        };
        check(&[3.0, 1.0, 2.0], 0.5, 2.0);
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, 2.0);
        check(&[4.0, 1.0, 3.0, 2.0], 0.99, 4.0);
        check(&[4.0, 1.0, 3.0, 2.0], 0.0, 1.0);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        check(&hundred, 0.99, 99.0);
        assert_eq!(median(&[5.0]).to_bits(), 5.0_f64.to_bits());
    }

    #[test]
    fn figures_are_told_with_three_digits() {
        let check = |value: f64, expected: &str| assert_eq!(told(value), expected);
        check(0.0, "0");
        check(0.000_02, "2.0e-5");
        check(0.012_34, "0.0123");
        check(1.234, "1.23");
        check(12.34, "12.3");
        check(123.4, "123");
        check(1_234.5, "1,234");
        check(1_234_567.0, "1,234,567");
        check(-1_234.5, "-1,234");
    }
}
