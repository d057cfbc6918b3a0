//! The controls of every run, each with the doubt against which it stands. Teaches to print a control that fails as readily as one that
//! holds.

use incident::{Level, OperatingModel};

use report::compare::{Against, CompareReport, Metric, Restored, Runbook};

use super::{
    block::{Block, by_level, row_by_level},
    words::{
        Sign, bare_minutes, count_of, dollars, minutes, minutes_interval, model, names, share,
        signed_minutes, told, uncertain,
    },
};
use crate::{chart::Table, figures::list};

/// All that are there.
pub(super) fn blocks(document: &CompareReport) -> Vec<Block> {
    let oracle = |document: &_| Some(oracle(document));
    let each: [fn(&CompareReport) -> Option<Block>; 7] =
        [placebo, runbooks, over_best_runbook, oracle, healthy, outside, models];
    each.into_iter().filter_map(|block| block(document)).collect()
}

fn placebo(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.placebo;
    let (_, real) = document.paired(Metric::Explain);
    let first = document.levels.first()?.level;
    let finding = against_nothing(rows, "Extra checks showing the wrong incident");
    let mut table =
        Table::new(&["", "with the placebo", "95 % interval", "with the level itself", "95 % interval"]);
    for row in rows {
        let mut cells = vec![format!("{first} to {}", row.level)];
        cells.extend([signed_minutes(row.difference), minutes_interval(row.interval)]);
        let real = real.iter().find(|real| real.level == row.level);
        cells.extend(real.map_or_else(
            || ["-"; 2].map(String::from),
            |real| [signed_minutes(real.difference), minutes_interval(real.interval)],
        ));
        table.rows.push(cells);
    }
    let about = format!(
        "Difference in minutes to the right explanation against {first}; {}. A placebo has the same looks at the same cost, but they show \
         other incidents, in training too.",
        document.sample()
    );
    (!rows.is_empty()).then(|| {
        Block::new(finding, about, table)
            .against("more looks are taken for better telemetry, whatever they show")
    })
}

/// What should not help: whether it does. What is not shown is told with the largest estimate.
pub(super) fn against_nothing(rows: &[Against], what: &str) -> String {
    let of = |sign: Sign| rows.iter().filter(move |row| Sign::of(row.interval) == sign);
    let amounts = |sign: Sign| {
        let each = of(sign).map(|row| format!("{} (by {})", row.level, minutes(row.difference.abs())));
        list(&each.collect::<Vec<_>>())
    };
    let later = match of(Sign::More).count() {
        0 => String::new(),
        _ => format!("; they make it later at {}", amounts(Sign::More)),
    };
    if of(Sign::Less).count() == 0 {
        let largest = of(Sign::Nothing).min_by(|one, other| one.difference.total_cmp(&other.difference));
        let estimate = largest.map(|row| {
            let estimate = uncertain(row.difference, row.interval, ["sooner", "later"], minutes);
            format!(" (most at {}: {estimate})", row.level)
        });
        return format!("{what} are not shown to help{}{later}", estimate.unwrap_or_default());
    }
    let gained = of(Sign::Less).map(|row| format!("{} at {}", minutes(row.difference.abs()), row.level));
    format!("{what} also gained {}; subtract that{later}", list(&gained.collect::<Vec<_>>()))
}

fn best(document: &CompareReport) -> Option<&Runbook> {
    let time = |runbook: &&Runbook| runbook.restored.time_to_restore_restricted_mean_s;
    document.controls.runbooks.iter().min_by(|one, other| time(one).total_cmp(&time(other)))
}

fn acted(name: &str, restored: &Restored) -> Vec<String> {
    vec![
        name.to_owned(),
        share(restored.restored_share),
        bare_minutes(restored.time_to_restore_restricted_mean_s),
        dollars(restored.loss_usd_mean),
    ]
}

/// The levels as who acted.
fn levels(document: &CompareReport) -> impl Iterator<Item = (Level, Restored)> {
    document.levels.iter().map(|row| {
        let restored = Restored {
            restored_share: row.restored_share,
            time_to_restore_restricted_mean_s: row.time_to_restore_restricted_mean_s,
            loss_usd_mean: row.loss_usd_mean,
        };
        (row.level, restored)
    })
}

fn runbooks(document: &CompareReport) -> Option<Block> {
    let best = best(document)?;
    let mut table = Table::new(&["who acts", "restored", "mean minutes to restore", "trade lost, mean"]);
    for runbook in &document.controls.runbooks {
        table.rows.push(acted(&format!("blind: {}", runbook.says), &runbook.restored));
    }
    table.rows.extend(levels(document).map(|(level, restored)| acted(level.name(), &restored)));
    table.rows.push(acted("told the truth when called", &document.controls.oracle));
    let finding = format!(
        "Without one look, \u{201c}{}\u{201d} restores {} of the incidents",
        best.says,
        share(best.restored.restored_share)
    );
    let about = format!(
        "From who looks at nothing to who knows all; in between the {}. Never is placed at the story's end.",
        document.sample()
    );
    Some(Block::new(finding, about, table).against("what restores the shop needs no looking at all"))
}

fn over_best_runbook(document: &CompareReport) -> Option<Block> {
    let (best, rows) = (best(document)?, &document.controls.over_best_runbook);
    let words: Vec<_> = rows.iter().map(|row| (row.level, row.difference, row.interval)).collect();
    let finding = format!(
        "Against the better blind runbook, availability is back {}",
        told(&words, ["sooner", "later"], minutes)
    );
    let mut table = Table::new(&["level", "difference", "95 % interval"]);
    for row in rows {
        let cells =
            vec![row.level.to_string(), signed_minutes(row.difference), minutes_interval(row.interval)];
        table.rows.push(cells);
    }
    let about = format!(
        "Difference in minutes to restore, level less \u{201c}{}\u{201d}, within incidents; {}.",
        best.says,
        document.sample()
    );
    (!rows.is_empty())
        .then(|| Block::new(finding, about, table).against("luck with restarts is taken for diagnosis"))
}

fn oracle(document: &CompareReport) -> Block {
    let oracle = &document.controls.oracle;
    let least = oracle.time_to_restore_restricted_mean_s;
    let over = |seconds: f64| signed_minutes(seconds - least);
    let each: Vec<String> = levels(document)
        .map(|(level, restored)| format!("{level} {}", over(restored.time_to_restore_restricted_mean_s)))
        .collect();
    let finding = format!(
        "Who is told the truth when called restores {} in {} on average; over that: {}\u{a0}min",
        share(oracle.restored_share),
        minutes(least),
        list(&each)
    );
    let mut table = by_level(document, "minutes to restore, mean");
    let mean = |wanted: Level| {
        levels(document)
            .find(|(level, _)| *level == wanted)
            .map(|(_, at)| at.time_to_restore_restricted_mean_s)
    };
    table.rows.push(row_by_level(document, "with looking", |level| mean(level).map(bare_minutes)));
    table.rows.push(row_by_level(document, "over the truth", |level| mean(level).map(over)));
    let about = format!(
        "What is left when knowing takes no time is being called, and the remedies; {}. No intervals.",
        document.sample()
    );
    Block::new(finding, about, table)
        .against("the time goes into remedies, so that no telemetry could win it back")
}

fn healthy(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.healthy;
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| row.false_explanations_share > 0.0)
        .map(|row| format!("{} at {}", count_of(row.false_explanations_share, row.incidents), row.level))
        .collect();
    let finding = if wrong.is_empty() {
        "A shop in which nothing is wrong is given no cause at any level".to_owned()
    } else {
        format!("A shop in which nothing is wrong is given a cause all the same: in {}", list(&wrong))
    };
    let mut table = Table::new(&["level", "given a cause", "remedies used, mean"]);
    for row in rows {
        let count = count_of(row.false_explanations_share, row.incidents);
        table.rows.push(vec![row.level.to_string(), count, format!("{:.1}", row.remedies_mean)]);
    }
    let about = format!(
        "False alarms, {} at each level; {}. Any cause that is named, and any remedy that is used, is wrong.",
        rows.first()?.incidents,
        document.responder
    );
    Some(Block::new(finding, about, table).against("a responder finds causes wherever it is sent"))
}

fn outside(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.outside;
    let said: Vec<String> = rows
        .iter()
        .map(|row| format!("{} at {}", count_of(row.said_not_ours_share, row.incidents), row.level))
        .collect();
    let finding = format!(
        "An outage outside the shop is explained by nobody from within; it is said to be not ours in {}",
        list(&said)
    );
    let mut table = Table::new(&["level", "said to be not ours", "given a cause in the shop"]);
    for row in rows {
        let count = |of: f64| count_of(of, row.incidents);
        let counts = [row.said_not_ours_share, row.false_explanations_share].map(count);
        table.rows.push([vec![row.level.to_string()], counts.into()].concat());
    }
    let about = format!(
        "Outages of which no cause lies in the shop, {} at each level; {}. In the others it is given up, or a cause is given.",
        rows.first()?.incidents,
        document.responder
    );
    Some(Block::new(finding, about, table).against("every outage is blamed on what one can see"))
}

fn models(document: &CompareReport) -> Option<Block> {
    let rows = &document.controls.models;
    let mut kinds: Vec<OperatingModel> = rows.iter().map(|row| row.model).collect();
    kinds.dedup();
    let (ours, others) = kinds.split_first()?;
    let find =
        |kind: OperatingModel, level: Level| rows.iter().find(|row| (row.model, row.level) == (kind, level));
    let time = |kind, level| Some(find(kind, level)?.restored.time_to_restore_restricted_mean_s);
    let clauses: Vec<String> = others
        .iter()
        .map(|other| {
            let by = |level| Some(time(*other, level)? - time(*ours, level)?);
            let of = |is: fn(f64) -> bool| {
                let levels: Vec<Level> = document
                    .levels
                    .iter()
                    .map(|row| row.level)
                    .filter(|level| by(*level).is_some_and(is))
                    .collect();
                names(levels.into_iter())
            };
            let (later, sooner) = (of(|by| by >= 60.0), of(|by| by <= -60.0));
            match (later.as_str(), sooner.as_str()) {
                ("none", "none") => {
                    format!("{} restores no later than {} at any level", model(*other), model(*ours))
                }
                (later, "none") => {
                    format!("{} restores later than {} at {later}", model(*other), model(*ours))
                }
                ("none", sooner) => {
                    format!("{} restores sooner than {} at {sooner}", model(*other), model(*ours))
                }
                (later, sooner) => {
                    format!(
                        "{} restores later than {} at {later}, sooner at {sooner}",
                        model(*other),
                        model(*ours)
                    )
                }
            }
        })
        .collect();
    let mut table = by_level(document, "");
    for kind in &kinds {
        let name = model(*kind);
        let mut add = |what: &str, of: fn(&report::compare::Model) -> String| {
            let cells =
                row_by_level(document, &format!("{name}: {what}"), |level| find(*kind, level).map(of));
            table.rows.push(cells);
        };
        add("explained right", |row| share(row.explained_right_share));
        add("minutes to explain", |row| bare_minutes(row.time_to_explain_restricted_mean_s));
        add("minutes to restore", |row| bare_minutes(row.restored.time_to_restore_restricted_mean_s));
        add("trade lost", |row| dollars(row.restored.loss_usd_mean));
    }
    let about = format!(
        "Means on the same incidents, without intervals; {}. What a handover takes is assumed.",
        document.sample()
    );
    (!clauses.is_empty()).then(|| {
        Block::new(clauses.join("; "), about, table)
            .against("the finding belongs to one operating model, in which everybody may look at everything")
    })
}
