//! The words of the shop, each written once: what a service is told, what a record keeps, what a person types, and what JSON
//! carries are the same word of the same type.
//!
//! [`words!`] makes of one list the enum, its name in JSON, what a command line accepts, and the sentence shown to people, which is
//! the doc comment itself. So they cannot drift apart, and a further word is one more variant: the compiler leads to every `match`
//! that has to decide about it.

mod nearest;

pub use clap;
pub use nearest::{did_you_mean, nearest};

/// A word that is not in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of {}{}", choices.join(", "), did_you_mean(word, choices.iter().copied()))]
pub struct UnknownWord {
    pub word: String,
    pub choices: Vec<&'static str>,
}

/// Declares an enum of words. The crate that uses it depends on `serde` and `schemars`.
#[macro_export]
macro_rules! words {
    ($(#[doc = $about:literal])+ $list:ident { $($(#[doc = $text:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $list {
            $($(#[doc = $text])+ #[serde(rename = $word)] $variant,)+
        }

        impl $list {
            /// All of them, in order.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// The word for it, in JSON and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// One sentence about it, for people.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($text),+).trim_ascii()),+ }
            }
        }

        impl std::fmt::Display for $list {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $list {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|known| known.name() == word).ok_or_else(|| $crate::UnknownWord {
                    word: word.to_owned(),
                    choices: Self::ALL.iter().map(|known| known.name()).collect(),
                })
            }
        }

        impl $crate::clap::ValueEnum for $list {
            fn value_variants<'a>() -> &'a [Self] {
                &Self::ALL
            }

            fn to_possible_value(&self) -> Option<$crate::clap::builder::PossibleValue> {
                let help = self.description().trim_end_matches('.');
                Some($crate::clap::builder::PossibleValue::new(self.name()).help(help))
            }
        }
    };
}

words! {
    /// How much telemetry leaves the shop. Each level adds to the one before, so levels compare with `<`.
    Level {
        /// The process runs, and free text logs without cause or identifiers.
        Dark = "dark",
        /// Structured logs with cause chain, asset and version, upstream and trace id.
        Logs = "logs",
        /// Rates, errors, durations, permits, hit ratio, freshness, readiness, and alerts made of them.
        Metrics = "metrics",
        /// Spans across all hops, and links from metrics to the traces behind them.
        Traces = "traces",
        /// Publishes, releases and restarts as events.
        Changes = "changes",
    }
}

impl Default for Level {
    /// The poorest: nothing leaves that was not asked for.
    fn default() -> Self {
        Self::Dark
    }
}

impl Level {
    /// The level at which everything leaves.
    pub const RICHEST: Self = Self::ALL[Self::ALL.len() - 1];
}

words! {
    /// A defect of the shop that does no harm until something triggers it, in the order of the story. Each can be repaired.
    LatentFault {
        /// Text is written into JSON, HTML, script and XML without the rules of that place.
        InvalidRendering = "invalid-rendering",
        /// Permanent errors are retried for ever, and their cause is lost on the way.
        PoorErrorHandling = "poor-error-handling",
        /// Health means that the process runs; nobody asks whether it can work.
        MissingHealthCheck = "missing-health-check",
        /// What leaves a service says that something is wrong, never what.
        InadequateTelemetry = "inadequate-telemetry",
    }
}

words! {
    /// A kind of page that a customer visits.
    Route {
        /// The home page, with the promotional banner.
        Home = "home",
        /// The page of one category, with the promotional banner.
        Category = "category",
        /// The page of one product.
        Product = "product",
        /// The checkout.
        Checkout = "checkout",
    }
}

words! {
    /// One of the three services that together are the shop.
    Service {
        /// Holds the versioned assets.
        ContentStore = "content-store",
        /// Keeps fragments close to the web front.
        Cache = "cache",
        /// Composes the pages that customers see.
        WebFront = "web-front",
    }
}

impl Service {
    /// Its name in a sentence: `web front`.
    pub fn words(self) -> String {
        self.name().replace('-', " ")
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn a_word_is_the_same_on_the_command_line_in_json_and_on_screen() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
            assert_eq!(level.to_possible_value().unwrap().get_name(), level.name());
            assert_eq!(level.to_string(), level.name());
            assert_eq!(serde_json::to_value(level).unwrap(), level.name());
            assert_eq!(serde_json::from_value::<Level>(level.name().into()).unwrap(), level);
        }
        assert_eq!(format!("{:>7}|", Level::Dark), "   dark|");
    }

    #[test]
    fn levels_are_ordered_from_poor_to_rich() {
        assert!(Level::ALL.is_sorted() && Level::ALL.iter().all(|level| *level <= Level::RICHEST));
        assert!(Level::Dark < Level::Logs && Level::Traces < Level::Changes);
    }

    #[test]
    fn an_unknown_word_is_told_with_the_choices() {
        let error = "cart".parse::<Route>().unwrap_err();
        assert_eq!(error.to_string(), "`cart` is none of home, category, product, checkout");
        assert!("Dark".parse::<Level>().is_err(), "words are lower case");
    }

    #[test]
    fn the_description_is_the_doc_comment() {
        assert_eq!(Route::Checkout.description(), "The checkout.");
    }
}
