//! The shop on other orchestrators: what their manifests must agree on, and what they promise. No cluster is there to apply them
//! to; whether a name leads to a service, a port or a volume can be read.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use glyphfall_tests::process::root;
use serde::Deserialize;
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

/// An address names a service and one of its ports.
fn assert_leads_somewhere(value: &str, ports_of: &impl Fn(&str) -> BTreeSet<u64>) {
    let Some((host, port)) = value.trim_start_matches("http://").split_once(':') else { return };
    if host != "0.0.0.0" {
        assert!(SERVICES.contains(&host) && ports_of(host).contains(&port.parse().unwrap()), "{value}");
    }
}
