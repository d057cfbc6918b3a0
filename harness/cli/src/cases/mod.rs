//! `glyphfall export-case` and `glyphfall grade`: an incident's evidence in files, for programs that diagnose without a running world.
//! Teaches that a benchmark is fair if its answers were fixed before anybody answered, and if anybody can check them afterwards.
//!
//! - [`export`]: plays an incident, and writes the telemetry that was delivered, with a question.
//! - [`seal`]: the sealed answer. The case holds its keyed hash; the key lies in another folder, with the answer.
//! - [`grade`]: opens the seals and scores answers, in bulk.

mod seal;
pub(crate) mod export;
pub(crate) mod grade;

const QUESTION: &str = "question.json";

/// Folders for cases and, separately, for their keys.
const CASES: &str = "glyphfall-out/cases";
const KEYS: &str = "glyphfall-out/case-keys";
