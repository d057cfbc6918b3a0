//! Names of a run's files. Teaches that a file's name must carry whatever distinguishes two runs, or the second overwrites the first.

use std::path::Path;

use chassis::LatentFault;

/// A name that carries every option whose value is not the default.
#[derive(Debug)]
pub(crate) struct RunName(String);

impl RunName {
    /// Starts a name with the parts of every run: its kind or scenario, and its seed.
    pub(crate) fn new(kind: &str, seed: u64) -> Self {
        Self(format!("{kind}-{seed}"))
    }

    /// Adds a word if the option's value is not the default.
    pub(crate) fn with(self, name: &str, value: &impl ToString, ordinary: &impl ToString) -> Self {
        let (value, ordinary) = (value.to_string(), ordinary.to_string());
        if value == ordinary {
            return self;
        }
        // A time of day has a colon, which some file systems refuse.
        let word = if name.is_empty() { value } else { format!("{name}-{value}") };
        Self(format!("{}-{}", self.0, word.replace(':', "")))
    }

    pub(crate) fn repaired(self, repaired: &[LatentFault]) -> Self {
        let named = LatentFault::ALL.into_iter().filter(|fault| repaired.contains(fault));
        let names: Vec<&str> = named.map(LatentFault::name).collect();
        self.with("repaired", &names.join("-"), &"")
    }

    /// The name, for a run whose result is the same each time.
    pub(crate) fn into_name(self) -> String {
        self.0
    }

    /// The name, or the first numbered variant whose record the folder does not yet hold: a live run cannot be repeated, so its files must
    /// not be overwritten.
    pub(crate) fn free_in(&self, folder: &Path) -> String {
        let numbered = (2_u32..).map(|number| format!("{}-{number}", self.0));
        let names = std::iter::once(self.0.clone()).chain(numbered);
        let mut free = names.skip_while(|name| folder.join(format!("{name}.json")).exists());
        free.next().expect("numbers go on")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_what_is_not_ordinary_and_nothing_else() {
        let stem = RunName::new("special-character", 7).with("", &"dark", &"dark").with("views", &5.0, &5.0);
        assert_eq!(stem.repaired(&[]).into_name(), "special-character-7");
        let stem =
            RunName::new("special-character", 7).with("", &"logs", &"dark").with("until", &"08:30", &"13:00");
        let repaired = [LatentFault::PoorErrorHandling, LatentFault::InvalidRendering];
        assert_eq!(
            stem.repaired(&repaired).into_name(),
            "special-character-7-logs-until-0830-repaired-invalid-rendering-poor-error-handling"
        );
    }
}
