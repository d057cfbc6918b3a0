//! Translates names and units from OTLP to Prometheus (OpenTelemetry specification, *Prometheus and OpenMetrics Compatibility*).
//! Teaches that a unit belongs in the name if it has no other place.

use crate::series::MetricKind;

/// The suffix of a family's samples.
pub(crate) fn suffix(kind: MetricKind) -> &'static str {
    if kind == MetricKind::Counter { "_total" } else { "" }
}

/// All names that a family's lines use, including its own.
pub(crate) fn sample_names(name: &str, kind: MetricKind) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        MetricKind::Gauge => &[""],
        MetricKind::Counter => &["", "_total"],
        MetricKind::Histogram => &["", "_bucket", "_sum", "_count"],
    };
    suffixes.iter().map(|suffix| format!("{name}{suffix}")).collect()
}

/// The name without the suffix of its kind.
pub(crate) fn family_name(name: &str, unit: Option<&str>, kind: MetricKind) -> String {
    let name = allowed(name, |c| c == ':');
    let mut name =
        if kind == MetricKind::Counter { name.trim_end_matches("_total").to_owned() } else { name };
    if let Some(unit) = unit
        && name != unit
        && !name.ends_with(&format!("_{unit}"))
    {
        name = format!("{name}_{unit}");
    }
    name
}

/// The unit in words, or `None`. OTLP uses UCUM's abbreviations. Annotations in braces name what is counted and are no units.
pub(crate) fn unit_words(unit: &str, kind: MetricKind) -> Option<String> {
    let mut bare = String::new();
    let mut depth = 0_usize;
    for c in unit.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    let (of, per) = bare.split_once('/').unwrap_or((&bare, ""));
    let per = match per.trim() {
        "" => String::new(),
        "s" => "per_second".to_owned(),
        "m" | "min" => "per_minute".to_owned(),
        "h" => "per_hour".to_owned(),
        "d" => "per_day".to_owned(),
        other => format!("per_{}", allowed(other, |_| false)),
    };
    let of = match of.trim() {
        "1" if kind == MetricKind::Gauge && per.is_empty() => "ratio".to_owned(),
        "" | "1" => String::new(),
        "%" => "percent".to_owned(),
        other => match UNITS.iter().find(|(short, _)| *short == other) {
            Some((_, long)) => (*long).to_owned(),
            None => allowed(other, |_| false),
        },
    };
    let words: Vec<&str> = [of.as_str(), per.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join("_"))
}

const UNITS: [(&str, &str); 18] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("kBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("m", "meters"),
    ("Hz", "hertz"),
    ("Cel", "celsius"),
    ("W", "watts"),
];

/// Replaces each run of forbidden characters and underscores by one `_`, and puts a `_` before a leading digit.
pub(crate) fn allowed(name: &str, also: impl Fn(char) -> bool) -> String {
    let mut kept = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if c.is_ascii_alphanumeric() || also(c) { c } else { '_' };
        if c != '_' || !kept.ends_with('_') {
            kept.push(c);
        }
    }
    let starts_wrong = kept.chars().next().is_none_or(|c| c.is_ascii_digit());
    if starts_wrong { format!("_{kept}") } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, unit: &str, kind: MetricKind, expected: &str) {
        let unit = unit_words(unit, kind);
        assert_eq!(format!("{}{}", family_name(name, unit.as_deref(), kind), suffix(kind)), expected);
    }

    #[test]
    fn names_follow_the_specification() {
        use MetricKind::{Counter, Gauge, Histogram};
        check("http.server.request.duration", "s", Histogram, "http_server_request_duration_seconds");
        check("http.server.active_requests", "{request}", Gauge, "http_server_active_requests");
        check("shop.customer.visits", "{visit}", Counter, "shop_customer_visits_total");
        check("shop.cache.hit_ratio", "1", Gauge, "shop_cache_hit_ratio");
        check("shop.hits", "1", Counter, "shop_hits_total");
        check("process.memory.usage", "By", Gauge, "process_memory_usage_bytes");
        check("network.io", "By", Counter, "network_io_bytes_total");
        check("requests_total", "", Counter, "requests_total");
        check("fan.speed", "{turn}/min", Gauge, "fan_speed_per_minute");
        check("disk.rate", "By/s", Gauge, "disk_rate_bytes_per_second");
        check("duration_seconds", "s", Gauge, "duration_seconds");
        check("load", "%", Gauge, "load_percent");
        check("5xx..count", "", Gauge, "_5xx_count");
        check("größe", "", Gauge, "gr_e");
        check("", "", Gauge, "_");
    }
}
