//! `glyphfall grade`: scores a program's answers to many cases at once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use diagnosis::explanation::RIGHT_FROM;
use room::free_answer::{FreeAnswer, Grade, graded};
use serde_json::{Value, json};

use super::{CASES, KEYS, QUESTION, seal::Key};
use crate::{args::Format, output::plain, screen, standard_input::read_file, stop::Done, work::shown};

#[derive(Clone, Debug, Args)]
pub(crate) struct GradeArgs {
    /// The answers, one JSON object a line, or - for standard input
    #[arg(value_name = "ANSWERS.jsonl")]
    answers: PathBuf,
    /// Folder of the cases, whose seals are checked
    #[arg(long, value_name = "DIR", default_value = CASES)]
    cases: PathBuf,
    /// Folder of the keys with the right answers; a case that has a key and no answer counts as unanswered
    #[arg(long, value_name = "DIR", default_value = KEYS)]
    keys: PathBuf,
    /// How results are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &GradeArgs) -> anyhow::Result<Done> {
    let keys = keys(&args.keys)?;
    let Some(answers) = read_file(&args.answers)? else { return Ok(Done::BrokenOff) };
    let answers = answers_of(&String::from_utf8_lossy(&answers))?;
    let unknown: Vec<&str> =
        answers.keys().map(String::as_str).filter(|case| !keys.contains_key(*case)).collect();
    if !unknown.is_empty() {
        bail!(
            "there is no key in {} for {}: take these answers out, or name with --keys the folder that export-case wrote their keys to",
            shown(&args.keys),
            plain(&unknown.join(", "))
        );
    }
    let mut grades = Vec::new();
    for (case, key) in &keys {
        check_seal(key, &args.cases.join(case).join(QUESTION))?;
        let given = answers.get(case).cloned().unwrap_or_default();
        grades.push((key, graded(&given, &key.answer.answer, key.answer.level)));
    }
    let right = grades.iter().filter(|(_, grade)| is_right(grade)).count();
    let mean = grades.iter().map(|(_, grade)| grade.score).sum::<f64>() / grades.len() as f64;
    match args.format {
        Format::Json => {
            let rows: Vec<Value> = grades.iter().map(|(key, grade)| row(key, grade)).collect();
            let summary = json!({ "cases": rows, "right": right, "of": grades.len(), "mean_score": mean });
            screen::line(&summary.to_string());
        }
        Format::Text => {
            for (key, grade) in &grades {
                tell(key, grade);
            }
            screen::line(&format!("\n{right} of {} explained right; {mean:.3} of the points.", grades.len()));
        }
    }
    Ok(Done::Well)
}

fn is_right(grade: &Grade) -> bool {
    grade.score >= RIGHT_FROM
}

fn row(key: &Key, grade: &Grade) -> Value {
    json!({
        "case": key.case, "scenario": key.answer.scenario, "seed": key.answer.seed, "level": key.answer.level,
        "score": grade.score, "right": is_right(grade), "parts": grade.parts, "read_as": grade.read_as,
    })
}

fn tell(key: &Key, grade: &Grade) {
    let parts: Vec<String> =
        grade.parts.iter().map(|part| format!("{} {:.1} of {:.1}", part.part, part.got, part.of)).collect();
    let verdict = if is_right(grade) { "right" } else { "not right" };
    let (scenario, level) = (plain(&key.answer.scenario), key.answer.level);
    screen::line(&format!("{}  {:.3} {verdict}  {scenario}, {level}", plain(&key.case), grade.score));
    screen::paragraph(&format!("  {}", parts.join(", ")));
}

fn keys(folder: &Path) -> anyhow::Result<BTreeMap<String, Key>> {
    let cannot = || format!("cannot read the folder {}; 'glyphfall export-case' writes it", shown(folder));
    let mut keys = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let key = Key::read(&path)?;
            keys.insert(key.case.clone(), key);
        }
    }
    ensure!(
        !keys.is_empty(),
        "{} holds no key of a case: name with --keys the folder that 'glyphfall export-case' wrote to",
        shown(folder)
    );
    Ok(keys)
}

/// Answers by case. A second answer to the same case is an error: nobody may pick the better one.
fn answers_of(text: &str) -> anyhow::Result<BTreeMap<String, FreeAnswer>> {
    let mut answers = BTreeMap::new();
    for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let answer: FreeAnswer = serde_json::from_str(line).with_context(|| {
            format!(
                "line {} is not an answer: each answer is one line of JSON, with its case under \"case\"",
                place + 1
            )
        })?;
        ensure!(
            !answer.case.is_empty(),
            "line {} does not say which case it answers: name it under \"case\", as question.json does",
            place + 1
        );
        let case = answer.case.clone();
        ensure!(
            answers.insert(case.clone(), answer).is_none(),
            "line {} answers {} again: keep only one answer, because nobody may choose the better one",
            place + 1,
            plain(&case)
        );
    }
    Ok(answers)
}

/// Checks that the key's answer matches the seal in the case.
fn check_seal(key: &Key, question: &Path) -> anyhow::Result<()> {
    let text = fs::read(question)
        .with_context(|| format!("cannot read {}; name the cases with --cases", shown(question)))?;
    let text: Value = serde_json::from_slice(&text).with_context(|| {
        format!(
            "{} is not a question: name with --cases the folder that 'glyphfall export-case' wrote the cases to",
            shown(question)
        )
    })?;
    let is_sealed = text["seal"]["value"].as_str() == Some(&key.seal());
    ensure!(
        is_sealed,
        "the key of {} does not fit its seal: the key, the answer or the case was changed after the export; use all three as exported, or \
         export the case again",
        plain(&key.case)
    );
    Ok(())
}
