//! The bill of materials of the shipped programs in CycloneDX: each crate with its version, licence, download checksum and dependencies.
//!
//! The output is reproducible: it has no time and no serial number, so a release can be compared with a local build.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};
use serde::Deserialize;
use serde_json::{Value, json};
use spdx::Expression;

use crate::cargo::{Cargo, root};

/// The file, within cargo's target folder.
const FILE: &str = "sbom.cdx.json";

/// The product that the programs belong to.
const PRODUCT: &str = "glyphfall";

/// Writes the bill of materials and returns its path.
pub(crate) fn write(target: &str) -> Result<PathBuf> {
    let metadata = dependencies(target)?;
    let bill = bill(&metadata, target)?;
    let file = metadata.target_directory.join(FILE).into_std_path_buf();
    fs::create_dir_all(&metadata.target_directory)?;
    let text = serde_json::to_string_pretty(&bill)? + "\n";
    fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
    let count = bill["components"].as_array().map_or(0, Vec::len);
    eprintln!("{} names {count} crates", file.display());
    Ok(file)
}

fn dependencies(target: &str) -> Result<Metadata> {
    let options = ["--locked", "--filter-platform", target].map(String::from).to_vec();
    let metadata = MetadataCommand::new().current_dir(root()).other_options(options).exec();
    metadata.context("the dependencies cannot be read")
}

/// Third-party licence texts, whose terms require that they are shipped: each text once, with the crates under it.
pub(crate) fn notices(target: &str) -> Result<String> {
    let metadata = dependencies(target)?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let uses = uses(&metadata, target)?;
    for package in metadata.packages.iter().filter(|package| uses.contains_key(&reference(package))) {
        let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
        for entry in fs::read_dir(folder)?.filter(|_| package.source.is_some()) {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().to_uppercase();
            let is_notice = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];
            if is_notice.iter().any(|start| name.starts_with(start)) && entry.path().is_file() {
                let text = fs::read(entry.path())?;
                let text = String::from_utf8_lossy(&text).replace("\r\n", "\n").trim_end().to_owned();
                texts.entry(text).or_default().insert(reference(package));
            }
        }
    }
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    let part = |(text, crates): &(String, BTreeSet<String>)| {
        let crates: Vec<_> = crates.iter().map(String::as_str).collect();
        format!("{}\n\n{text}\n\n{}\n\n", crates.join(", "), "-".repeat(80))
    };
    Ok(texts.iter().map(part).collect())
}

fn bill(metadata: &Metadata, target: &str) -> Result<Value> {
    let uses = uses(metadata, target)?;
    let checksums = checksums()?;
    let shipped = metadata.packages.iter().filter(|package| uses.contains_key(&reference(package)));
    let crates: Result<Vec<Value>> = shipped.map(|package| component(package, &checksums)).collect();
    let edges = |(user, used): (&String, &BTreeSet<String>)| json!({ "ref": user, "dependsOn": used });
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": { "type": "application", "bom-ref": PRODUCT, "name": PRODUCT, "version": env!("CARGO_PKG_VERSION") },
        },
        "components": crates?,
        "dependencies": uses.iter().map(edges).collect::<Vec<_>>(),
    }))
}

/// The normal dependencies of the product and of each of its crates, macros included. Tests and build scripts do not end up in a program.
/// `cargo metadata` alone would list too many: there a crate has every feature that any member requests, tests included.
fn uses(metadata: &Metadata, target: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let tree = Cargo::new("tree --locked --edges normal --prefix depth --no-dedupe --format {p} --target");
    let members = metadata.workspace_packages().into_iter().filter(|package| is_shipped(package));
    let tree = members.fold(tree.argument(target), |tree, package| {
        tree.argument("--package").argument(package.name.as_str())
    });
    let said = String::from_utf8(tree.output()?).context("cargo names crates in plain text")?;
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // The path from the product down to the previous line.
    let mut way = vec![PRODUCT.to_owned()];
    // A line such as `2tokio v1.52.3 (*)`, which starts with its depth.
    for line in said.lines().filter(|line| !line.is_empty()) {
        let digits = line.find(|letter: char| !letter.is_ascii_digit()).unwrap_or_default();
        let (depth, named) = line.split_at(digits);
        let (name, rest) = named.split_once(" v").with_context(|| format!("cargo names no crate: {line}"))?;
        let used = format!("{name}@{}", rest.split(' ').next().unwrap_or_default());
        way.truncate(depth.parse::<usize>()? + 1);
        uses.entry(way[way.len() - 1].clone()).or_default().insert(used.clone());
        uses.entry(used.clone()).or_default();
        way.push(used);
    }
    Ok(uses)
}

/// A member with a program that people run.
fn is_shipped(package: &Package) -> bool {
    package.name.as_str() != env!("CARGO_PKG_NAME")
        && package.targets.iter().any(|target| target.is_kind(TargetKind::Bin))
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Result<Value> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let licence = package.license.as_ref().with_context(|| format!("{name} {version} states no licence"))?;
    // Older crates write `MIT/Apache-2.0`, which is not a valid SPDX expression.
    let licence = Expression::canonicalize(licence)?.unwrap_or_else(|| licence.clone());
    let is_program = is_shipped(package) && package.source.is_none();
    let mut component = json!({
        "type": if is_program { "application" } else { "library" },
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "licenses": [{ "expression": licence }],
    });
    // The project's own crates have no registry address.
    if package.source.is_some() {
        component["purl"] = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")).into();
    }
    if let Some(sum) = checksums.get(&(name, version)) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    Ok(component)
}

fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

/// Checksums from `Cargo.lock`, by name and version.
fn checksums() -> Result<BTreeMap<(String, String), String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let text = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let lock: Lock = toml::from_str(&text).context("Cargo.lock is not what it should be")?;
    let sums = lock.package.into_iter().filter_map(|one| Some(((one.name, one.version), one.checksum?)));
    Ok(sums.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::TARGET;

    #[test]
    fn the_bill_names_what_is_shipped_and_nothing_that_is_not() {
        let metadata = dependencies(TARGET).unwrap();
        let bill = bill(&metadata, TARGET).unwrap();
        let components = bill["components"].as_array().unwrap();
        let names: BTreeSet<&str> = components.iter().map(|one| one["name"].as_str().unwrap()).collect();
        for name in ["tokio", "hyper", "redb", "tokio-postgres", "glyphfall-cli", "glyphfall-words"] {
            assert!(names.contains(name), "{name} is missing");
        }
        for name in ["insta", "proptest", "fantoccini", "glyphfall-tests", "xtask", "cargo_metadata"] {
            assert!(!names.contains(name), "{name} is not shipped");
        }
        let foreign = components.iter().filter(|one| one.get("purl").is_some());
        assert!(foreign.clone().count() > 100 && foreign.clone().all(|one| one.get("hashes").is_some()));
        let known: BTreeSet<&str> = components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(known.len(), components.len(), "each is named once");
        let edges = bill["dependencies"].as_array().unwrap();
        let used = edges.iter().flat_map(|edge| edge["dependsOn"].as_array().unwrap());
        assert!(
            used.clone().count() > 300 && used.clone().all(|used| known.contains(used.as_str().unwrap()))
        );
        assert_eq!(bill, super::bill(&metadata, TARGET).unwrap(), "two calls differ");
    }
}
