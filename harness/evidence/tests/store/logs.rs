//! Log records and changes: queries, retention and eviction.

use std::time::Duration;

use crate::support::{self, World, at, event, log, logs, pairs, time};
use evidence::{Limits, LogQuery, Refusal, Severity, Usage};

fn bodies(world: &World, query: &LogQuery) -> Vec<String> {
    world.evidence.logs(query).logs.into_iter().map(|entry| entry.body).collect()
}

#[test]
fn logs_are_found_by_text_attributes_service_severity_and_time() {
    let world = World::default();
    world.go_to(100.0);
    let mut unparseable = log(2.0, 17, "could not read the answer");
    unparseable.attributes = pairs(&[("shop.asset.id", "promo-banner"), ("error.type", "json")]);
    unparseable.trace_id = vec![7; 16];
    world.evidence.take_logs(&logs("cache", vec![log(1.0, 9, "started"), unparseable]));
    world.evidence.take_logs(&logs("web-front", vec![log(3.0, 13, "slow answer")]));

    let any = LogQuery::default;
    let attribute = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    for (query, expected) in [
        (any(), vec!["started", "could not read the answer", "slow answer"]),
        (LogQuery { text: Some("ANSWER".into()), ..any() }, vec!["could not read the answer", "slow answer"]),
        (LogQuery { text: Some("promo".into()), ..any() }, vec!["could not read the answer"]),
        (
            LogQuery { attributes: attribute("error.type", "json"), ..any() },
            vec!["could not read the answer"],
        ),
        (LogQuery { attributes: attribute("error.type", "jso"), ..any() }, vec![]),
        (LogQuery { service: Some("web-front".into()), ..any() }, vec!["slow answer"]),
        (
            LogQuery { severity_min: Some("warn".parse().unwrap()), ..any() },
            vec!["could not read the answer", "slow answer"],
        ),
        (
            LogQuery { trace_id: Some("07".repeat(16).parse().unwrap()), ..any() },
            vec!["could not read the answer"],
        ),
        (LogQuery { from: Some(time(2.0)), to: Some(time(3.0)), ..any() }, vec!["could not read the answer"]),
        (LogQuery { limit: 2, ..any() }, vec!["could not read the answer", "slow answer"]),
        (LogQuery { limit: 0, ..any() }, vec![]),
    ] {
        assert_eq!(bodies(&world, &query), expected, "{query:?}");
    }
    assert_eq!(world.evidence.logs(&any()).logs[1].severity, Severity(17));
}

#[test]
fn a_follower_sees_every_record_once() {
    let world = World::default();
    world.go_to(100.0);
    let (mut after, mut seen) = (0, Vec::new());
    for round in 0..10 {
        let records = (0..7).map(|n| log(f64::from(n), 9 + 8 * (n % 2), &format!("{round}-{n}"))).collect();
        world.evidence.take_logs(&logs("cache", records));
        loop {
            let page = world.evidence.logs(&LogQuery { after: Some(after), limit: 3, ..LogQuery::default() });
            seen.extend(page.logs.into_iter().map(|entry| entry.body));
            after = page.next;
            if !page.truncated {
                break;
            }
        }
    }
    let expected: Vec<String> =
        (0..10).flat_map(|round| (0..7).map(move |n| format!("{round}-{n}"))).collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_trigger_outlives_the_storm() {
    let world = World::small(2 * 1024 * 1024);
    world.go_to(10.0);
    let version = [("shop.asset.id", "promo-banner"), ("shop.asset.version", "2")];
    world.evidence.take_logs(&logs("content-store", vec![event(1.0, "shop.asset.published", &version)]));
    world.evidence.take_logs(&logs("cache", vec![log(2.0, 17, "could not read the answer of the store")]));
    for batch in 0..400 {
        let second = 3.0 + f64::from(batch) / 10.0;
        world.go_to(second);
        let storm = |n| match n % 3 {
            0 => log(second, 17, "could not read the answer of the store"),
            1 => log(second, 17, &format!("no permit for request {batch}-{n}")),
            _ => event(second, "shop.fill.started", &[("shop.asset.id", &format!("asset-{n}"))]),
        };
        world.evidence.take_logs(&logs("cache", (0..500).map(storm).collect()));
    }

    let usage = world.evidence.usage();
    assert_eq!(usage.logs.received, 200_002);
    assert!(usage.logs.evicted.by_bytes > 100_000, "{usage:?}");
    assert!(usage.bytes <= usage.bytes_max, "{usage:?}");
    balanced(&usage);

    let changes = world.evidence.changes(time(0.0), time(2.0)).changes;
    assert_eq!(changes.len(), 1);
    let seen = (changes[0].what.as_str(), changes[0].which.as_str(), changes[0].version.as_deref());
    assert_eq!(seen, ("shop.asset.published", "promo-banner", Some("2")));
    let first = LogQuery { to: Some(time(3.0)), severity_min: Some(Severity(17)), ..LogQuery::default() };
    assert_eq!(bodies(&world, &first), ["could not read the answer of the store"]);
}

#[test]
fn what_was_changed_is_said_with_what_is_known() {
    let world = World::new(Limits {
        change_events: vec!["shop.asset.".into(), "service.".into()],
        ..Limits::default()
    });
    world.go_to(10.0);
    let old_style = support::pairs(&[("event.name", "service.released"), ("service.version", "1.5.0")]);
    let records = vec![
        event(3.0, "service.started", &[]),
        event(1.0, "shop.asset.published", &[("shop.asset.id", "footer"), ("shop.asset.version", "7")]),
        event(2.0, "shop.fill.started", &[("shop.asset.id", "footer")]),
        opentelemetry_proto::tonic::logs::v1::LogRecord { attributes: old_style, ..log(4.0, 9, "released") },
    ];
    world.evidence.take_logs(&logs("cache", records));
    let changes = world.evidence.changes(time(0.0), time(10.0)).changes;
    let said: Vec<_> =
        changes.iter().map(|c| (c.what.as_str(), c.which.as_str(), c.version.as_deref())).collect();
    assert_eq!(
        said,
        [
            ("shop.asset.published", "footer", Some("7")),
            ("service.started", "cache", Some("1.4.2")),
            ("service.released", "cache", Some("1.5.0")),
        ]
    );
}

#[test]
fn old_records_leave_and_older_ones_do_not_come_in() {
    let world = World::new(Limits { age_max: Duration::from_secs(60), ..Limits::default() });
    world.go_to(100.0);
    let ahead = log(161.0, 9, "from the future");
    let no_time =
        opentelemetry_proto::tonic::logs::v1::LogRecord { time_unix_nano: 0, ..log(0.0, 9, "no time") };
    let records = vec![log(39.0, 9, "too old"), log(50.0, 9, "old"), ahead, no_time, log(160.0, 9, "ahead")];
    let taken = world.evidence.take_logs(&logs("cache", records));
    let reason = "1 too old, the first at resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano: \
                  expected a time no older than evidence is kept";
    assert_eq!((taken.refused, taken.reasons.as_str()), (1, reason));
    let times: Vec<u64> =
        world.evidence.logs(&LogQuery::default()).logs.iter().map(|e| e.time.nanos()).collect();
    assert_eq!(times, [at(50.0), at(100.0), at(100.0), at(160.0)]);
    let usage = world.evidence.usage().logs;
    assert_eq!((usage.clamped, usage.refused.get(&Refusal::TooOld)), (1, Some(&1)));

    world.go_to(200.0);
    world.evidence.take_logs(&logs("cache", vec![log(200.0, 9, "new")]));
    assert_eq!(bodies(&world, &LogQuery::default()), ["ahead", "new"]);
    assert_eq!(world.evidence.usage().logs.evicted.by_age, 3);
    balanced(&world.evidence.usage());
}

#[test]
fn long_texts_and_many_attributes_are_cut_and_counted() {
    let world = World::default();
    let mut record = log(0.0, 9, &"ä".repeat(10_000));
    record.attributes = (0..200).map(|n| support::pair(&n.to_string(), support::int(n))).collect();
    world.evidence.take_logs(&logs("cache", vec![record]));
    let entry = &world.evidence.logs(&LogQuery::default()).logs[0];
    assert_eq!((entry.body.len(), entry.attributes.len()), (8 * 1024, 128));
    assert_eq!(world.evidence.usage().logs.cut, 2);
}

/// Every received record is held, evicted or refused.
fn balanced(usage: &Usage) {
    let logs = &usage.logs;
    let gone =
        logs.evicted.by_age + logs.evicted.by_bytes + logs.refused.values().sum::<u64>() + logs.duplicates;
    assert_eq!(logs.received, logs.held + gone, "{logs:?}");
}
