//! Findings in SARIF 2.1.0, the format in which code hosts and editors take what a linter says.

use serde_json::{Value, json};

use crate::{Finding, advice::Kind};

/// All findings, each with the address of its file relative to where the linter ran.
pub fn report<'a>(version: &str, findings: impl IntoIterator<Item = (String, &'a Finding)>) -> Value {
    let rule = |kind: Kind| json!({ "id": kind.id(), "shortDescription": { "text": kind.rule() } });
    let result = |(uri, finding): (String, &Finding)| {
        let Finding { place, kind, .. } = finding;
        json!({
            "ruleId": kind.id(),
            "level": "error",
            "message": { "text": format!("{} {}", finding.named(), finding.advice()) },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": uri },
                "region": { "startLine": place.line, "startColumn": place.column, "endColumn": place.column + 1 },
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
