//! TypeScript types of the API's requests and answers, generated from its `OpenAPI` descriptions.

use std::collections::BTreeMap;

use serde_json::Value;

/// All schemas of the descriptions as types, in the namespace `Api`.
pub(crate) fn declarations(descriptions: &[Value]) -> String {
    let schemas =
        descriptions.iter().filter_map(|description| description["components"]["schemas"].as_object());
    let types: BTreeMap<&String, String> =
        schemas.flatten().map(|(name, schema)| (name, type_of(schema))).collect();
    assert!(types.contains_key(&"TeamView".to_owned()) && types.contains_key(&"DeskView".to_owned()));
    let lines: Vec<String> = types.iter().map(|(name, of)| format!("type {name} = {of};")).collect();
    format!("declare namespace Api {{\n{}\n}}\n", lines.join("\n"))
}

fn type_of(schema: &Value) -> String {
    let each = |list: &Value, with: fn(&Value) -> String, between: &str| {
        list.as_array().map(|all| all.iter().map(with).collect::<Vec<_>>().join(between))
    };
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap().to_owned();
    }
    let union =
        each(&schema["oneOf"], type_of, " | ").or_else(|| each(&schema["enum"], Value::to_string, " | "));
    if let Some(union) = union.or_else(|| each(&schema["allOf"], type_of, " & ")) {
        return union;
    }
    if let Some(kinds) = schema["type"].as_array() {
        let of = |kind: &Value| {
            let mut one = schema.clone();
            one["type"] = kind.clone();
            type_of(&one)
        };
        return kinds.iter().map(of).collect::<Vec<_>>().join(" | ");
    }
    match (schema["type"].as_str(), schema["properties"].as_object()) {
        (Some("integer" | "number"), _) => "number".to_owned(),
        (Some(plain @ ("string" | "boolean" | "null")), _) => plain.to_owned(),
        (Some("array"), _) => format!("({})[]", type_of(&schema["items"])),
        (Some("object"), Some(properties)) => {
            let required = |name: &String| {
                schema["required"].as_array().is_some_and(|all| all.iter().any(|each| each == name))
            };
            let field = |(name, of): (&String, &Value)| {
                format!("{name:?}{}: {};", if required(name) { "" } else { "?" }, type_of(of))
            };
            format!("{{ {} }}", properties.iter().map(field).collect::<Vec<_>>().join(" "))
        }
        _ => "any".to_owned(),
    }
}
