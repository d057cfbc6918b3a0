//! Deliberately broken shops. Each mutant is one edit of the sources that breaks one invariant. `cargo xtask soak --mutants` applies all
//! mutants to one copy, where an environment variable activates one of them, and counts the seeds until the soak test detects it. (Mutant
//! schemata, R. Untch et al., 1993: one build for all.)

use anyhow::{Result, bail};

/// One edit of the sources.
pub(crate) struct Mutant {
    /// Shown to people, and used to select mutants.
    pub(crate) name: &'static str,
    /// The broken invariant, in words.
    pub(crate) breaks: &'static str,
    /// The edited file, from the workspace's root.
    pub(crate) file: &'static str,
    /// The text to replace, which occurs exactly once.
    is: &'static str,
    /// The replacement. [`ALIVE`] stands for the condition that this mutant is active.
    becomes: &'static str,
}

/// Placeholder in a replacement: whether the mutant is active.
const ALIVE: &str = "ALIVE";

/// The environment variable that names the active mutant.
pub(crate) const VARIABLE: &str = "GLYPHFALL_MUTANT";

/// All mutants.
pub(crate) const MUTANTS: [Mutant; 13] = [
    Mutant {
        name: "acknowledged-early",
        breaks: "a publish is acknowledged before the disk has it",
        file: "services/content-store/src/redb_file.rs",
        is: "let transaction = database.begin_write()?;",
        becomes: "let mut transaction = database.begin_write()?;
            if ALIVE {
                let _ = transaction.set_durability(redb::Durability::None);
            }",
    },
    Mutant {
        name: "numbers-twice",
        breaks: "a deleted asset that comes back counts its versions from one",
        file: "services/content-store/src/redb_storage.rs",
        is: "assets.insert(id.as_str(), (last.0, false))?;",
        becomes: "if ALIVE { assets.remove(id.as_str())?; } else { assets.insert(id.as_str(), (last.0, false))?; }",
    },
    Mutant {
        name: "sent-twice",
        breaks: "a publish whose answer does not come is sent once more",
        file: "harness/world/src/editor.rs",
        is: "let answer = self.store.send(request, Wait::AtMost(PUBLISH_TIMEOUT)).await?;",
        becomes: "let again = request.clone();
        let answer = match self.store.send(request, Wait::AtMost(PUBLISH_TIMEOUT)).await {
            Ok(answer) => answer,
            Err(error) if !ALIVE => return Err(error.into()),
            Err(_) => self.store.send(again, Wait::AtMost(PUBLISH_TIMEOUT)).await?,
        };",
    },
    Mutant {
        name: "never-stale",
        breaks: "a fragment stays fresh for hours when the notice of a change is lost",
        file: "services/cache/src/fragments.rs",
        is: "let longest = self.longest_life();",
        becomes: "let longest = if ALIVE { self.time_to_live.mul_f64(1_000.0) } else { self.longest_life() };
        let factor = if ALIVE { 1_000.0 } else { factor };",
    },
    Mutant {
        name: "failed-for-ever",
        breaks: "the failure of a fill is remembered for ever",
        file: "services/cache/src/fills.rs",
        is: "shared_fills.retain(|_, fill| !matches!(fill, SharedFill::Failed { until, .. } if *until <= now));",
        becomes: "shared_fills.retain(|_, fill| ALIVE || !matches!(fill, SharedFill::Failed { until, .. } if *until <= now));",
    },
    Mutant {
        name: "deleted-for-ever",
        breaks: "the repaired cache believes a deletion after the asset has come back",
        file: "services/cache/src/fills.rs",
        is: "        if self.shared.is_faulty() {\n            // FAULT\u{3a} a deletion",
        becomes: "        if ALIVE && self.fragments().is_deleted(id, Instant::now()) {
            return Err(FetchError::Missing { id: id.clone() });
        }
        if self.shared.is_faulty() {\n            // FAULT\u{3a} a deletion",
    },
    Mutant {
        name: "permit-leak",
        breaks: "a fill that fails keeps its permit",
        file: "services/cache/src/fills.rs",
        is: "                return Err(error);\n            } else {",
        becomes: "                if ALIVE { std::mem::forget(_permit); }\n                return Err(error);\n            } else {",
    },
    Mutant {
        name: "never-gives-up",
        breaks: "the repaired cache tries again what will fail again",
        file: "services/cache/src/fills.rs",
        is: "} else if error.is_permanent() || attempt >= ATTEMPTS_MAX {",
        becomes: "} else if ALIVE && attempt >= 1_000 || !ALIVE && (error.is_permanent() || attempt >= ATTEMPTS_MAX) {",
    },
    Mutant {
        name: "shared-chance",
        breaks: "all worlds of a process draw their pauses from one generator",
        file: "services/cache/src/fills.rs",
        is: "        let mut backoff = self.backoff.lock();",
        becomes: "        static SHARED: std::sync::OnceLock<Mutex<ChaCha8Rng>> = std::sync::OnceLock::new();
        let shared = SHARED.get_or_init(|| Mutex::new(self.backoff.lock().clone()));
        let mut backoff = if ALIVE { shared.lock() } else { self.backoff.lock() };",
    },
    Mutant {
        name: "text-as-markup",
        breaks: "the repaired front writes texts as they are",
        file: "services/web-front/src/encoding.rs",
        is: "Html.write_escaped_str(&mut escaped, &shown).expect(\"writing to a string cannot fail\");",
        becomes: "if ALIVE {
        escaped.push_str(&shown);
    } else {
        Html.write_escaped_str(&mut escaped, &shown).expect(\"writing to a string cannot fail\");
    }",
    },
    Mutant {
        name: "level-takes-time",
        breaks: "a page takes a millisecond longer where telemetry leaves",
        file: "services/web-front/src/fragments.rs",
        is: "    let fragment = upstream.fragment(asset);",
        becomes: "    if ALIVE && switches.level() > chassis::Level::Dark {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let fragment = upstream.fragment(asset);",
    },
    Mutant {
        name: "forgotten-release",
        breaks: "a reset leaves the front with the settings of its last release",
        file: "services/web-front/src/lib.rs",
        is: "        self.roll_back();\n        Ok(())",
        becomes: "        if !ALIVE { self.roll_back(); }\n        Ok(())",
    },
    Mutant {
        name: "forgotten-workers",
        breaks: "a reset leaves the workers that somebody added",
        file: "harness/world/src/reset.rs",
        is: "            workers.restore();",
        becomes: "            if !ALIVE { workers.restore(); }",
    },
];

impl Mutant {
    /// Inserts the mutant into a file's text.
    pub(crate) fn enter(&self, whole: &str) -> Result<String> {
        let Self { name, file, is, becomes, .. } = self;
        let count = whole.matches(is).count();
        if count != 1 {
            bail!("mutant {name} no longer fits {file}: its text is there {count} times");
        }
        let alive = format!("std::env::var(\"{VARIABLE}\").is_ok_and(|alive| alive == \"{name}\")");
        Ok(whole.replace(is, &becomes.replace(ALIVE, &format!("({alive})"))))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;
    use crate::cargo::root;

    #[test]
    fn every_mutant_fits_the_sources() {
        for mutant in &MUTANTS {
            let whole = fs::read_to_string(root().join(mutant.file)).unwrap();
            assert_ne!(mutant.enter(&whole).unwrap(), whole, "{}", mutant.name);
        }
        let names: BTreeSet<_> = MUTANTS.iter().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), MUTANTS.len());
    }
}
