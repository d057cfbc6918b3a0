//! Licences and duplicates of everything that comes from outside, judged by the lists in `deny.toml`.
//!
//! cargo-deny does the same and more, but takes minutes to build, so these two checks are made from `cargo metadata`. Both
//! read the same file: there is one list of what is allowed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use cargo_metadata::{
    MetadataCommand,
    semver::{Version, VersionReq},
};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::cargo::root;

/// The parts of `deny.toml` that are read here.
#[derive(Deserialize)]
struct Policy {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

/// A version that may stand beside a newer one.
#[derive(Deserialize)]
struct Skip {
    /// `name:requirement`
    #[serde(rename = "crate")]
    specification: String,
    reason: String,
}

/// One version of one crate in the graph.
struct Crate {
    name: String,
    version: Version,
    licence: Option<String>,
    used_by: BTreeSet<String>,
}

/// Checks every crate that a build on the named platforms can reach, tests and build scripts included.
///
/// # Errors
/// When a licence is not allowed, a crate is there twice without a reason, or a list is out of date.
pub(crate) fn check() -> Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("deny.toml cannot be read")?;
    let policy: Policy = toml::from_str(&text).context("deny.toml is not what it should be")?;
    let crates = read_graph(&policy.graph.targets)?;

    let mut problems = licence_problems(&crates, &policy.licenses.allow)?;
    problems.extend(duplicate_problems(&crates, &policy.bans.skip)?);
    if !problems.is_empty() {
        bail!("deny.toml does not allow this:\n  {}", problems.join("\n  "));
    }
    eprintln!("{} crates, all licences allowed, no new duplicate", crates.len());
    Ok(())
}

fn read_graph(targets: &[String]) -> Result<Vec<Crate>> {
    let platforms = targets.iter().flat_map(|target| ["--filter-platform".to_owned(), target.clone()]);
    let options: Vec<_> = ["--locked".to_owned()].into_iter().chain(platforms).collect();
    let metadata = MetadataCommand::new().current_dir(root()).other_options(options).exec();
    let metadata = metadata.context("the dependencies cannot be read")?;

    let mut used_by: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for node in &metadata.resolve.as_ref().context("cargo metadata gave no graph")?.nodes {
        for dependency in &node.dependencies {
            used_by.entry(dependency).or_default().insert(metadata[&node.id].name.to_string());
        }
    }
    let crates = metadata.packages.iter().map(|package| Crate {
        name: package.name.to_string(),
        version: package.version.clone(),
        licence: package.license.clone(),
        used_by: used_by.remove(&package.id).unwrap_or_default(),
    });
    Ok(crates.collect())
}

fn licence_problems(crates: &[Crate], allowed: &[String]) -> Result<Vec<String>> {
    let parse =
        |name: &String| Licensee::parse(name).with_context(|| format!("{name} is not an SPDX licence"));
    let allowed: Vec<Licensee> = allowed.iter().map(parse).collect::<Result<_>>()?;
    let problem = |Crate { name, version, licence, .. }: &Crate| {
        let Some(licence) = licence else { return Some(format!("{name} {version} states no licence")) };
        // Lax, for the `MIT/Apache-2.0` of older crates.
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
            return Some(format!("{name} {version}: `{licence}` is not an SPDX expression"));
        };
        let is_allowed = expression.evaluate(|required| allowed.iter().any(|one| one.satisfies(required)));
        (!is_allowed).then(|| format!("{name} {version} is under {licence}"))
    };
    Ok(crates.iter().filter_map(problem).collect())
}

fn duplicate_problems(crates: &[Crate], skip: &[Skip]) -> Result<Vec<String>> {
    // Cargo never locks two compatible versions, so two versions are always incompatible ones.
    let mut versions: BTreeMap<&str, Vec<&Crate>> = BTreeMap::new();
    for one in crates {
        versions.entry(&one.name).or_default().push(one);
    }
    versions.retain(|_, found| found.len() > 1);

    let mut problems = Vec::new();
    for Skip { specification, reason } in skip {
        let (name, requirement) = specification
            .split_once(':')
            .with_context(|| format!("`{specification}` is not `name:version`"))?;
        let requirement = VersionReq::parse(requirement).with_context(|| format!("in `{specification}`"))?;
        let is_needed = versions.get_mut(name).is_some_and(|found| {
            let before = found.len();
            found.retain(|one| !requirement.matches(&one.version));
            found.len() < before
        });
        if !is_needed || reason.trim().is_empty() {
            problems.push(format!("skip of {specification}: no duplicate, or no reason given"));
        }
    }
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        let list = found.iter().map(|one| {
            let users: Vec<_> = one.used_by.iter().map(String::as_str).collect();
            format!("{} (used by {})", one.version, users.join(", "))
        });
        problems.push(format!("{name} is there as {}", list.collect::<Vec<_>>().join(" and ")));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str, version: &str) -> Crate {
        let version = version.parse().expect("a version");
        Crate { name: name.into(), version, licence: None, used_by: BTreeSet::from(["user".to_owned()]) }
    }

    #[test]
    fn licences_are_judged_as_expressions() {
        fn check(licence: Option<&str>, expected: &[&str]) {
            let one = Crate { licence: licence.map(String::from), ..version("thing", "1.0.0") };
            let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(String::from);
            assert_eq!(licence_problems(&[one], &allowed).unwrap(), expected, "{licence:?}");
        }
        check(Some("MIT"), &[]);
        check(Some("MIT/GPL-3.0"), &[]);
        check(Some("GPL-3.0-only OR MIT"), &[]);
        check(Some("(GPL-3.0-only OR MIT) AND Unicode-3.0"), &[]);
        check(Some("Apache-2.0 WITH LLVM-exception"), &[]);
        check(Some("Apache-2.0"), &["thing 1.0.0 is under Apache-2.0"]);
        check(Some("GPL-3.0-only AND MIT"), &["thing 1.0.0 is under GPL-3.0-only AND MIT"]);
        check(Some("mine"), &["thing 1.0.0: `mine` is not an SPDX expression"]);
        check(None, &["thing 1.0.0 states no licence"]);
    }

    #[test]
    fn a_duplicate_needs_an_entry_and_an_entry_a_duplicate() {
        fn check(skip: &[(&str, &str)], expected: &[&str]) {
            let crates = [version("a", "0.1.3"), version("a", "0.2.0"), version("b", "1.0.0")];
            let skip: Vec<_> = skip
                .iter()
                .map(|(one, reason)| Skip { specification: (*one).into(), reason: (*reason).into() })
                .collect();
            assert_eq!(duplicate_problems(&crates, &skip).unwrap(), expected);
        }
        let twice = "a is there as 0.1.3 (used by user) and 0.2.0 (used by user)";
        check(&[], &[twice]);
        check(&[("a:0.1", "b holds it")], &[]);
        check(&[("a:0.1", " ")], &["skip of a:0.1: no duplicate, or no reason given"]);
        check(&[("a:0.3", "gone")], &["skip of a:0.3: no duplicate, or no reason given", twice]);
        check(
            &[("a:0.1", "b holds it"), ("b:1", "alone")],
            &["skip of b:1: no duplicate, or no reason given"],
        );
        assert!(
            duplicate_problems(&[], &[Skip { specification: "a".into(), reason: "any".into() }]).is_err()
        );
    }
}
