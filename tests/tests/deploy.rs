//! Deployment files: manifests, workflows, a scenario in a browser, a bill of materials. There is no cluster to apply a manifest to and no
//! forge to run a workflow. So these tests check that references resolve, and let each field's own tools read the rest.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use glyphfall_tests::process::{cargo, output, peer_program, root};
use serde::Deserialize;
use serde_json::Value as Json;
use serde_yaml_ng::{Deserializer, Value as Yaml};

const SERVICES: [&str; 4] = ["cache", "content-store", "harness", "web-front"];

fn documents(path: &str) -> Vec<Yaml> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    let documents = Deserializer::from_str(&text).map(|document| Yaml::deserialize(document).unwrap());
    documents
        .map(|mut document| {
            document.apply_merge().unwrap();
            document
        })
        .collect()
}

fn list(value: &Yaml) -> impl Iterator<Item = &Yaml> {
    value.as_sequence().into_iter().flatten()
}

fn text(value: &Yaml) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value:?} is no text"))
}

/// Documents of a kind by their names.
fn of_kind<'a>(documents: &'a [Yaml], kind: &str) -> BTreeMap<&'a str, &'a Yaml> {
    let wanted = documents.iter().filter(|document| document["kind"] == kind);
    wanted.map(|document| (text(&document["metadata"]["name"]), document)).collect()
}

#[test]
fn kubernetes_manifests_agree_with_each_other() {
    let all = documents("deploy/kubernetes/shop.yml");
    let api = BTreeMap::from([
        ("Deployment", "apps/v1"),
        ("NetworkPolicy", "networking.k8s.io/v1"),
        ("PersistentVolumeClaim", "v1"),
        ("Service", "v1"),
    ]);
    for document in &all {
        assert_eq!(text(&document["apiVersion"]), api[text(&document["kind"])]);
        assert!(
            document["metadata"].get("namespace").is_none(),
            "a team's namespace is chosen when it is applied"
        );
    }
    let (services, deployments) = (of_kind(&all, "Service"), of_kind(&all, "Deployment"));
    assert_eq!(services.keys().copied().collect::<Vec<_>>(), SERVICES);
    assert_eq!(deployments.keys().copied().collect::<Vec<_>>(), SERVICES);
    let claims = of_kind(&all, "PersistentVolumeClaim");
    let ports_of = |service: &str| -> BTreeSet<u64> {
        list(&services[service]["spec"]["ports"]).map(|port| port["port"].as_u64().unwrap()).collect()
    };
    for (name, deployment) in &deployments {
        let spec = &deployment["spec"];
        let labels = &spec["template"]["metadata"]["labels"];
        assert_eq!(&spec["selector"]["matchLabels"], labels, "{name}");
        assert_eq!(&services[name]["spec"]["selector"], labels, "{name}");
        let pod = &spec["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        let container = &pod["containers"][0];
        let security = &container["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(security["capabilities"]["drop"][0], "ALL", "{name}");
        assert!(container["resources"]["limits"].get("memory").is_some(), "{name}");
        let open = list(&container["ports"])
            .map(|port| (text(&port["name"]), port["containerPort"].as_u64().unwrap()));
        let open: BTreeMap<_, _> = open.collect();
        assert_eq!(open.values().copied().collect::<BTreeSet<_>>(), ports_of(name), "{name}");
        for probe in ["livenessProbe", "readinessProbe"].iter().filter_map(|probe| container.get(probe)) {
            assert!(open.contains_key(text(&probe["httpGet"]["port"])), "{name}");
        }
        for mount in list(&container["volumeMounts"]) {
            let volume = list(&pod["volumes"]).find(|volume| volume["name"] == mount["name"]).unwrap();
            assert!(claims.contains_key(text(&volume["persistentVolumeClaim"]["claimName"])), "{name}");
        }
        for variable in list(&container["env"]) {
            assert_leads_somewhere(text(&variable["value"]), &ports_of);
        }
    }
    let is_asked =
        |name: &str| deployments[name]["spec"]["template"]["spec"]["containers"][0].get("readinessProbe");
    assert!(is_asked("cache").is_none(), "readiness of the cache is the exercise");
    assert!(is_asked("web-front").is_some());
}

#[test]
fn the_swarm_stack_agrees_with_itself() {
    let stack = documents("deploy/swarm/stack.yml").remove(0);
    let services = stack["services"].as_mapping().unwrap();
    let names: BTreeSet<_> = services.keys().map(text).collect();
    assert_eq!(names, SERVICES.into());
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name:?}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name:?}");
        assert!(service.get("ports").is_none(), "a Swarm publishes on every interface");
        assert!(!service["deploy"]["resources"]["limits"]["memory"].is_null(), "{name:?}");
        for secret in list(&service["secrets"]) {
            assert!(stack["secrets"].get(&secret["source"]).is_some(), "{name:?}");
        }
        for volume in list(&service["volumes"]) {
            assert!(stack["volumes"].get(text(volume).split(':').next().unwrap()).is_some(), "{name:?}");
        }
    }
    assert!(services["cache"].get("healthcheck").is_none(), "the latent fault");
}

/// Checks the manifests built by `kubectl` against Kubernetes' schemas, by field and type. Checks their deployments also as `kubectl` reads
/// them without a server.
#[test]
fn kubectl_makes_manifests_that_kubernetes_knows() {
    // Use no cluster, even if the user has one configured.
    let kubectl = || {
        let mut kubectl = Command::new("kubectl");
        kubectl.env("KUBECONFIG", "/dev/null").current_dir(root());
        kubectl
    };
    let (code, made, error) = output(kubectl().args(["kustomize", "deploy/kubernetes"]));
    assert_eq!(code, 0, "{error}");
    assert!(made.matches("kind: ").count() >= 10 && made.contains(&published()), "{made}");
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("all.yml");
    let valid = |text: &str| {
        fs::write(&all, text).unwrap();
        output(Command::new(peer_program("kubernetes-validate")).args(["--strict", "--quiet"]).arg(&all))
    };
    let (code, said, error) = valid(&made);
    assert_eq!(code, 0, "{said}{error}");
    assert_ne!(
        valid(&made.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem")).0,
        0,
        "a slip is found"
    );

    let parts: Vec<&str> = made.split("\n---\n").filter(|part| part.contains("kind: Deployment")).collect();
    let deployments = folder.path().join("deployments.yml");
    fs::write(&deployments, parts.join("\n---\n")).unwrap();
    let mut dry = kubectl();
    dry.args(["set", "resources", "--local", "--dry-run=client", "--limits=memory=1Mi", "-o", "name", "-f"]);
    let (code, said, error) = output(dry.arg(deployments));
    assert_eq!(code, 0, "{error}");
    assert_eq!(said.lines().filter(|line| line.starts_with("deployment")).count(), SERVICES.len(), "{said}");
}

/// One linter checks the workflow syntax and the shell code in the steps; the other checks for security problems.
#[test]
fn workflows_are_free_of_what_two_linters_know() {
    let path = format!("{}:/usr/bin:/bin", root().join("target/peers/bin").display());
    let shellcheck = format!("-shellcheck={}", peer_program("shellcheck").display());
    let mut actionlint = Command::new(peer_program("actionlint"));
    let (code, said, error) = output(actionlint.arg(shellcheck).env("PATH", path).current_dir(root()));
    assert_eq!(code, 0, "{said}{error}");
    let mut zizmor = Command::new(peer_program("zizmor"));
    zizmor
        .args(["--offline", "--no-progress", "--persona=pedantic", ".github/workflows"])
        .current_dir(root());
    let (code, said, error) = output(&mut zizmor);
    assert_eq!(code, 0, "{said}{error}");
    let mut scripts = Command::new(peer_program("shellcheck"));
    scripts.args(["deploy/killercoda/install.sh", ".ci/run", "xtask/src/try-archive.sh"]);
    let (code, said, error) = output(scripts.current_dir(root()));
    assert_eq!(code, 0, "{said}{error}");
}

#[test]
fn the_bill_of_materials_is_what_cyclonedx_asks_for() {
    let mut sbom = cargo();
    // These variables would make xtask rebuild itself.
    sbom.env_remove("CARGO_BUILD_TARGET").env_remove("RUSTFLAGS");
    let (code, _, error) = output(sbom.args(["xtask", "sbom"]));
    assert_eq!(code, 0, "{error}");
    let mut check = Command::new(peer_program("python"));
    let (code, _, error) =
        output(check.args(["tests/peers/bill.py", "target/sbom.cdx.json"]).current_dir(root()));
    assert_eq!(code, 0, "{error}");
}

/// Checks the version in files that are read without a Cargo.toml.
#[test]
fn whoever_names_a_release_names_this_version() {
    for path in [".env", "docker-compose.yml", "deploy/swarm/stack.yml"] {
        assert!(read(path).contains(&published()), "{path} does not name {}", published());
    }
    let install = read("deploy/killercoda/install.sh");
    assert!(install.contains(&format!("\nversion={}\n", env!("CARGO_PKG_VERSION"))), "{install}");
}

/// Checks the texts and the shell syntax of the scenario. The tests of the documents run its commands.
#[test]
fn the_scenario_in_a_browser_leads_to_texts_that_exist() {
    let index: Json = serde_json::from_str(&read("deploy/killercoda/index.json")).unwrap();
    let details = &index["details"];
    let steps = details["steps"].as_array().unwrap();
    let texts = [&details["intro"], &details["finish"]].into_iter().chain(steps).map(|step| &step["text"]);
    let named: BTreeSet<&str> =
        texts.chain([&details["intro"]["background"]]).map(|name| name.as_str().unwrap()).collect();
    let there = fs::read_dir(root().join("deploy/killercoda")).unwrap();
    let there: BTreeSet<String> =
        there.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    let others: BTreeSet<&str> =
        there.iter().map(String::as_str).filter(|name| *name != "index.json").collect();
    assert_eq!(named, others);
    for name in others.iter().filter(|name| Path::new(name).extension() == Some("md".as_ref())) {
        let text = read(&format!("deploy/killercoda/{name}"));
        for command in text.split("```\n").skip(1).step_by(2) {
            let shell = command.split("```{{exec}}").next().unwrap();
            let (code, _, error) = output(Command::new("bash").args(["-n", "-c", shell]));
            assert_eq!(code, 0, "{name}: {shell}: {error}");
        }
    }
}

#[test]
fn the_development_container_opens_what_the_program_listens_at() {
    let container: Json = serde_json::from_str(&read(".devcontainer/devcontainer.json")).unwrap();
    let ports: BTreeSet<u64> =
        container["forwardPorts"].as_array().unwrap().iter().map(|port| port.as_u64().unwrap()).collect();
    let named: BTreeSet<u64> =
        container["portsAttributes"].as_object().unwrap().keys().map(|port| port.parse().unwrap()).collect();
    assert_eq!(ports, named);
    assert!(container["postCreateCommand"].as_str().unwrap().ends_with("cargo xtask tools"));
}

/// The name of the published image.
fn published() -> String {
    format!("ghcr.io/glyphfall/glyphfall:{}", env!("CARGO_PKG_VERSION"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Checks that an address names a service and one of its ports.
fn assert_leads_somewhere(value: &str, ports_of: &impl Fn(&str) -> BTreeSet<u64>) {
    let Some((host, port)) = value.trim_start_matches("http://").split_once(':') else { return };
    if host != "0.0.0.0" {
        assert!(SERVICES.contains(&host) && ports_of(host).contains(&port.parse().unwrap()), "{value}");
    }
}
