//! Numbers as protobuf's JSON writes them: as numbers or as texts, whole ones with a fraction of zero, too.

use serde_json::Value;

/// Numbers below this are whole and exact as floats (2 to the power of 127 would be, too; more no field holds).
const WHOLE_BELOW: f64 = 1e30;

/// A whole number, if it is one and fits.
pub(super) fn integer<N: TryFrom<i128>>(value: &Value) -> Option<N> {
    let whole = match value {
        Value::Number(number) => match (number.as_i128(), number.as_f64()) {
            (Some(whole), _) => whole,
            (None, Some(float)) => from_float(float)?,
            (None, None) => return None,
        },
        Value::String(text) if looks_like_a_number(text) => match text.parse() {
            Ok(whole) => whole,
            Err(_) => from_float(text.parse().ok()?)?,
        },
        _ => return None,
    };
    N::try_from(whole).ok()
}

/// A number of any kind.
pub(super) fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text if looks_like_a_number(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        },
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and within bounds")]
fn from_float(float: f64) -> Option<i128> {
    (float.fract() == 0.0 && float.abs() < WHOLE_BELOW).then_some(float as i128)
}

/// Rust reads `inf`, `nan` and `+1`, which JSON does not.
fn looks_like_a_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_as_protobuf_has_them() {
        for (value, whole, float) in [
            (json!(7), Some(7), Some(7.0)),
            (json!("7"), Some(7), Some(7.0)),
            (json!(-7.0), Some(-7), Some(-7.0)),
            (json!("1.5"), None, Some(1.5)),
            (json!(1.796e18), Some(1_796_000_000_000_000_000), Some(1.796e18)),
            (json!("1e3"), Some(1_000), Some(1_000.0)),
            (json!(u64::MAX), None, Some(18_446_744_073_709_551_615.0)),
            (json!("-Infinity"), None, Some(f64::NEG_INFINITY)),
            (json!("inf"), None, None),
            (json!("1e999"), None, None),
            (json!(" 7"), None, None),
            (json!(""), None, None),
            (json!("0x7"), None, None),
            (json!(true), None, None),
            (json!([]), None, None),
        ] {
            assert_eq!((integer::<i64>(&value), double(&value)), (whole, float), "{value}");
        }
        assert!(double(&json!("NaN")).is_some_and(f64::is_nan));
    }
}
