//! `glyphfall export-case` and `glyphfall grade`: an incident's evidence in files, for programs that diagnose without a world. Teaches that
//! a benchmark is fair if its answers were fixed before anybody answered, and if they can be checked afterwards.
//!
//! - [`export`]: plays an incident, and writes what telemetry delivered, with a question.
//! - [`seal`]: the answer, sealed: its hash under a key lies in the case, the key with the answer apart.
//! - [`grade`]: opens the seals and scores answers, in bulk.

mod seal;
pub(crate) mod export;
pub(crate) mod grade;

/// The question's file in the folder of a case.
const QUESTION: &str = "question.json";

/// Where cases are written, and apart from them their keys.
const CASES: &str = "glyphfall-out/cases";
const KEYS: &str = "glyphfall-out/case-keys";
