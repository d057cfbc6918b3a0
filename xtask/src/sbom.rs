//! What the shipped programs are made of, as a bill of materials in CycloneDX: each crate with its version, its licence, the checksum that it
//! was fetched with, and what it uses in turn.
//!
//! Two calls give the same bytes: it bears no time and no serial number, so that what is in a release can be compared with what was built.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, NodeDep, Package, PackageId, TargetKind};
use cyclonedx_bom::{
    models::{
        component::{Classification, Component, Components},
        dependency::{Dependencies, Dependency},
        hash::{Hash, HashAlgorithm, HashValue, Hashes},
        license::{LicenseChoice, Licenses},
        metadata::Metadata as About,
    },
    prelude::{Bom, Purl, SpdxExpression, SpecVersion, Validate},
};
use serde::Deserialize;

use crate::{
    cargo::{Cargo, root},
    dist::TARGET,
};

/// Where it lies, from the folder that cargo builds in.
const FILE: &str = "sbom.cdx.json";

/// The product, of which the programs are parts.
const PRODUCT: &str = "glyphfall";

/// Writes the bill of materials, and says where.
///
/// # Errors
/// When the dependencies cannot be read, or the file cannot be written.
pub(crate) fn write() -> Result<PathBuf> {
    let metadata = dependencies()?;
    let bill = bill(&metadata)?;
    let file = metadata.target_directory.join(FILE).into_std_path_buf();
    fs::create_dir_all(&metadata.target_directory)?;
    let mut opened = File::create(&file).with_context(|| format!("{} cannot be written", file.display()))?;
    let count = bill.components.as_ref().map_or(0, |components| components.0.len());
    bill.output_as_json_v1_5(&mut opened)?;
    eprintln!("{} names {count} crates", file.display());
    Ok(file)
}

fn dependencies() -> Result<Metadata> {
    let options = ["--locked", "--filter-platform", TARGET].map(String::from).to_vec();
    let metadata = MetadataCommand::new().current_dir(root()).other_options(options).exec();
    metadata.context("the dependencies cannot be read")
}

fn bill(metadata: &Metadata) -> Result<Bom> {
    let uses = uses(metadata)?;
    let shipped = metadata.workspace_packages().into_iter().filter(|package| is_shipped(package));
    let programs: BTreeSet<&PackageId> = shipped.map(|package| &package.id).collect();
    let mut reached = programs.clone();
    let mut open: Vec<&PackageId> = programs.iter().copied().collect();
    while let Some(next) = open.pop() {
        open.extend(uses[next].iter().copied().filter(|used| reached.insert(used)));
    }
    let built = built(&programs, metadata)?;
    reached.retain(|id| built.contains(&reference(&metadata[*id])));
    let checksums = checksums()?;
    let crates: Result<Vec<_>> = reached.iter().map(|id| component(&metadata[*id], &checksums)).collect();
    let edges = |(user, used): (String, &BTreeSet<&PackageId>)| Dependency {
        dependency_ref: user,
        dependencies: used.intersection(&reached).map(|id| reference(&metadata[*id])).collect(),
    };
    let product = [(PRODUCT.to_owned(), &programs)].into_iter();
    let of_crates = reached.iter().map(|id| (reference(&metadata[*id]), &uses[*id]));
    let version = &metadata[*programs.first().context("no member is shipped")?].version;
    let product_itself =
        Component::new(Classification::Application, PRODUCT, &version.to_string(), Some(PRODUCT.to_owned()));
    let bill = Bom {
        serial_number: None,
        metadata: Some(About { component: Some(product_itself), ..About::default() }),
        components: Some(Components(crates?)),
        dependencies: Some(Dependencies(product.chain(of_crates).map(edges).collect())),
        spec_version: SpecVersion::V1_5,
        ..Bom::default()
    };
    let checked = bill.validate_version(SpecVersion::V1_5);
    ensure!(checked.passed(), "the bill of materials is not what CycloneDX 1.5 asks for: {checked:?}");
    Ok(bill)
}

/// What these programs are built of. The metadata alone would name more: in it a crate has every feature that any member asks for, tests
/// included.
fn built(programs: &BTreeSet<&PackageId>, metadata: &Metadata) -> Result<BTreeSet<String>> {
    let tree = Cargo::new("tree --locked --edges normal --prefix none --no-dedupe --format {p} --target");
    let tree = programs.iter().fold(tree.argument(TARGET), |tree, id| {
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

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Result<Component> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let licence = package.license.as_ref().with_context(|| format!("{name} {version} states no licence"))?;
    let licence = SpdxExpression::parse_lax(licence.clone())?;
    let kind = if is_shipped(package) && package.source.is_none() {
        Classification::Application
    } else {
        Classification::Library
    };
    let checksum = checksums.get(&(name.clone(), version.clone()));
    let hash = |sum: &String| Hash { alg: HashAlgorithm::SHA_256, content: HashValue(sum.clone()) };
    // What is ours has no address in a registry.
    let purl = package.source.is_some().then(|| Purl::new("cargo", &name, &version)).transpose()?;
    Ok(Component {
        licenses: Some(Licenses(vec![LicenseChoice::Expression(licence)])),
        hashes: checksum.map(|sum| Hashes(vec![hash(sum)])),
        purl,
        ..Component::new(kind, &name, &version, Some(reference(package)))
    })
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

    #[test]
    fn the_bill_names_what_is_shipped_and_nothing_that_is_not() {
        let metadata = dependencies().unwrap();
        let bill = bill(&metadata).unwrap();
        let components = &bill.components.as_ref().unwrap().0;
        let names: BTreeSet<String> = components.iter().map(|one| one.name.to_string()).collect();
        for name in ["tokio", "hyper", "redb", "tokio-postgres", "glyphfall-cli", "glyphfall-words"] {
            assert!(names.contains(name), "{name} is missing");
        }
        for name in ["insta", "proptest", "fantoccini", "glyphfall-tests", "xtask", "cyclonedx-bom"] {
            assert!(!names.contains(name), "{name} is not shipped");
        }
        let foreign = components.iter().filter(|one| one.purl.is_some());
        assert!(foreign.clone().count() > 100 && foreign.clone().all(|one| one.hashes.is_some()));
        let known: BTreeSet<&str> = components.iter().filter_map(|one| one.bom_ref.as_deref()).collect();
        assert_eq!(known.len(), components.len(), "each is named once");
        let edges = &bill.dependencies.as_ref().unwrap().0;
        let used = edges.iter().flat_map(|edge| &edge.dependencies);
        assert!(used.clone().count() > 300 && used.clone().all(|used| known.contains(used.as_str())));
        let write = |bill: Bom| {
            let mut text = Vec::new();
            bill.output_as_json_v1_5(&mut text).unwrap();
            text
        };
        assert_eq!(write(bill), write(super::bill(&metadata).unwrap()), "two calls differ");
    }
}
