//! What the shipped programs are made of, as a bill of materials in CycloneDX: each crate with its version, its licence, the checksum that it
//! was fetched with, and what it uses in turn.
//!
//! Two calls give the same bytes: it bears no time and no serial number, so that what is in a release can be compared with what was built.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, NodeDep, Package, PackageId, TargetKind};
use serde::Deserialize;
use serde_json::{Value, json};
use spdx::Expression;

use crate::cargo::{Cargo, root};

/// Where it lies, from the folder that cargo builds in.
const FILE: &str = "sbom.cdx.json";

/// The product, of which the programs are parts.
const PRODUCT: &str = "glyphfall";

/// Writes the bill of materials, and says where.
///
/// # Errors
/// When the dependencies cannot be read, or the file cannot be written.
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

/// The licences of others that a program is made of, as they ask for: each text once, with the crates that bear it.
///
/// # Errors
/// When a crate's files cannot be read.
pub(crate) fn notices(target: &str) -> Result<String> {
    let metadata = dependencies(target)?;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in reached(&metadata, target)?.reached.into_iter().map(|id| &metadata[id]) {
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

/// What is shipped: our programs, what each crate uses, and what all of them are made of.
struct Shipped<'a> {
    programs: BTreeSet<&'a PackageId>,
    uses: BTreeMap<&'a PackageId, BTreeSet<&'a PackageId>>,
    reached: BTreeSet<&'a PackageId>,
}

fn reached<'a>(metadata: &'a Metadata, target: &str) -> Result<Shipped<'a>> {
    let uses = uses(metadata)?;
    let shipped = metadata.workspace_packages().into_iter().filter(|package| is_shipped(package));
    let programs: BTreeSet<&PackageId> = shipped.map(|package| &package.id).collect();
    let mut reached = programs.clone();
    let mut open: Vec<&PackageId> = programs.iter().copied().collect();
    while let Some(next) = open.pop() {
        open.extend(uses[next].iter().copied().filter(|used| reached.insert(used)));
    }
    let built = built(&programs, metadata, target)?;
    reached.retain(|id| built.contains(&reference(&metadata[*id])));
    Ok(Shipped { programs, uses, reached })
}

fn bill(metadata: &Metadata, target: &str) -> Result<Value> {
    let Shipped { programs, uses, reached } = reached(metadata, target)?;
    let checksums = checksums()?;
    let crates: Result<Vec<Value>> = reached.iter().map(|id| component(&metadata[*id], &checksums)).collect();
    let edges = |(user, used): (String, &BTreeSet<&PackageId>)| {
        let used: Vec<_> = used.intersection(&reached).map(|id| reference(&metadata[*id])).collect();
        json!({ "ref": user, "dependsOn": used })
    };
    let product = [(PRODUCT.to_owned(), &programs)].into_iter();
    let of_crates = reached.iter().map(|id| (reference(&metadata[*id]), &uses[*id]));
    let version = &metadata[*programs.first().context("no member is shipped")?].version;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": { "type": "application", "bom-ref": PRODUCT, "name": PRODUCT, "version": version },
        },
        "components": crates?,
        "dependencies": product.chain(of_crates).map(edges).collect::<Vec<_>>(),
    }))
}

/// What these programs are built of. The metadata alone would name more: in it a crate has every feature that any member asks for, tests
/// included.
fn built(programs: &BTreeSet<&PackageId>, metadata: &Metadata, target: &str) -> Result<BTreeSet<String>> {
    let tree = Cargo::new("tree --locked --edges normal --prefix none --no-dedupe --format {p} --target");
    let tree = programs.iter().fold(tree.argument(target), |tree, id| {
        tree.argument("--package").argument(metadata[*id].name.as_str())
    });
    let said = String::from_utf8(tree.output()?).context("cargo names crates in plain text")?;
    let named = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        Some(format!("{name}@{}", rest.split(' ').next()?))
    };
    Ok(said.lines().filter_map(named).collect())
}

/// A member with a program that people run.
fn is_shipped(package: &Package) -> bool {
    package.name.as_str() != env!("CARGO_PKG_NAME")
        && package.targets.iter().any(|target| target.is_kind(TargetKind::Bin))
}

/// What each crate uses when it runs, or is written by: neither tests nor build scripts end in a program.
fn uses(metadata: &Metadata) -> Result<BTreeMap<&PackageId, BTreeSet<&PackageId>>> {
    let nodes = &metadata.resolve.as_ref().context("cargo metadata gave no graph")?.nodes;
    let mut uses = BTreeMap::new();
    for node in nodes {
        let is_normal =
            |used: &&NodeDep| used.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
        uses.insert(&node.id, node.deps.iter().filter(is_normal).map(|used| &used.pkg).collect());
    }
    Ok(uses)
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Result<Value> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let licence = package.license.as_ref().with_context(|| format!("{name} {version} states no licence"))?;
    // `MIT/Apache-2.0` of older crates is no expression.
    let licence = Expression::canonicalize(licence)?.unwrap_or_else(|| licence.clone());
    let is_program = is_shipped(package) && package.source.is_none();
    let mut component = json!({
        "type": if is_program { "application" } else { "library" },
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "licenses": [{ "expression": licence }],
    });
    // What is ours has no address in a registry.
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

/// The checksums of `Cargo.lock`, by name and version.
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
