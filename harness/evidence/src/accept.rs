//! Which of two formats an `Accept` header asks for (RFC 9110, section 12.5.1). Teaches that a client weighs what it
//! takes, and that the most precise range decides.

use crate::Exposition;

impl Exposition {
    /// The one that an `Accept` header asks for; text if it takes both alike without naming the other, or neither.
    pub fn accepted(accept: Option<&str>) -> Self {
        let ranges: Vec<Range<'_>> = accept.unwrap_or_default().split(',').filter_map(Range::parse).collect();
        let open_metrics = weight(&ranges, "application/openmetrics-text", &["1.0.0", "0.0.1"]);
        let text = weight(&ranges, "text/plain", &["0.0.4"]);
        let is_named = open_metrics.is_some_and(|(precision, _)| precision == Precision::Type);
        let (open_metrics, text) = (open_metrics.map_or(0, |it| it.1), text.map_or(0, |it| it.1));
        let wants = open_metrics > text || (open_metrics == text && open_metrics > 0 && is_named);
        if wants { Self::OpenMetrics } else { Self::Text }
    }
}

/// One media range with its weight in thousandths.
struct Range<'a> {
    media_type: String,
    version: Option<&'a str>,
    weight: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Any,
    AnySubtype,
    Type,
}

impl<'a> Range<'a> {
    fn parse(range: &'a str) -> Option<Self> {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        let (mut version, mut weight) = (None, 1_000);
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => weight = thousandths(value.trim())?,
                "version" => version = Some(value.trim().trim_matches('"')),
                _ => {}
            }
        }
        Some(Self { media_type, version, weight })
    }
}

/// The weight of the most precise range that a type lies in; of several the largest.
fn weight(ranges: &[Range<'_>], media_type: &str, versions: &[&str]) -> Option<(Precision, u32)> {
    let lies_in = |range: &Range<'_>| {
        let any_subtype = media_type.split('/').next().map(|kind| format!("{kind}/*"));
        let precision = match range.media_type.as_str() {
            "*/*" => Precision::Any,
            own if Some(own) == any_subtype.as_deref() => Precision::AnySubtype,
            own if own == media_type => Precision::Type,
            _ => return None,
        };
        range.version.is_none_or(|own| versions.contains(&own)).then_some((precision, range.weight))
    };
    ranges.iter().filter_map(lies_in).max()
}

/// `0.75` and the like, three digits after the point at most; a range with another weight is passed over.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let fraction: u32 = format!("{fraction:0<3}").parse().ok().filter(|_| is_number)?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_that_weighs_most() {
        use Exposition::{OpenMetrics, Text};
        for (accept, expected) in [
            ("", Text),
            ("*/*", Text),
            ("text/plain", Text),
            ("application/json", Text),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", OpenMetrics),
            ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", Text),
            ("application/openmetrics-text;q=0.1, text/plain", Text),
            ("application/openmetrics-text;q=0.1, text/plain;q=0.01", OpenMetrics),
            ("application/openmetrics-text;q=0", Text),
            ("application/openmetrics-text;q=0.5, */*", Text),
            ("application/openmetrics-text, text/plain", OpenMetrics),
            ("text/*;q=0.2, application/*;q=0.3", OpenMetrics),
            ("text/plain;q=high, application/openmetrics-text;q=0.2", OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            assert_eq!(Exposition::accepted(Some(accept)), expected, "{accept}");
        }
        assert_eq!(Exposition::accepted(None), Text);
    }
}
