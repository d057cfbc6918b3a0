//! Findings in SARIF 2.1.0, the format for linter results that code hosts and editors read.

use serde_json::{Value, json};

use crate::{Finding, advice::Kind};

/// A SARIF log of all findings, each with its file's address relative to the linter's working folder.
pub fn report<'a>(version: &str, findings: impl IntoIterator<Item = (String, &'a Finding)>) -> Value {
    let rule = |kind: Kind| json!({ "id": kind, "shortDescription": { "text": kind.rule() } });
    let result = |(uri, finding): (String, &Finding)| {
        let Finding { line, column, kind, .. } = finding;
        json!({
            "ruleId": kind,
            "level": "error",
            "message": { "text": format!("{} {}", finding.named(), finding.advice()) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": { "startLine": line, "startColumn": column, "endColumn": column + 1 },
            }}],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "columnKind": "unicodeCodePoints",
            "tool": { "driver": {
                "name": "glyphfall lint", "version": version,
                "rules": Kind::ALL.map(rule),
            }},
            "results": findings.into_iter().map(result).collect::<Vec<_>>(),
        }],
    })
}
