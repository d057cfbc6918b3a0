//! The closed lists of words that code, JSON and the command line share.
//!
//! Each list is written once: the macro makes of it the enum, its name in JSON, what is accepted on a command line, and
//! the sentence shown to people, which is the doc comment itself. So they cannot drift apart.

use crate::nearest::did_you_mean;

/// A word that is not in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is none of {}{}", choices.join(", "), did_you_mean(word, choices.iter().copied()))]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What would have been accepted.
    pub choices: Vec<&'static str>,
}

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
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

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
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|known| known.name() == word).ok_or_else(|| $crate::words::UnknownWord {
                    word: word.to_owned(),
                    choices: Self::ALL.iter().map(|known| known.name()).collect(),
                })
            }
        }
    };
}
pub(crate) use words;

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

words! {
    /// Who restores service, and what they may see and do.
    OperatingModel {
        /// Operations and support teams restore, and escalate to the delivery team through ticket queues.
        OpsRunIt = "ops-run-it",
        /// The product team that built it is on call, sees all telemetry and may use every remedy.
        YouBuildIt = "you-build-it",
    }
}

words! {
    /// What the shop's time was. A loss in live time is never compared with one in virtual time.
    ClockKind {
        /// The shop ran on the wall clock.
        Live = "live",
        /// The shop ran in virtual time.
        Virtual = "virtual",
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
    use super::*;

    #[test]
    fn a_word_is_the_same_on_the_command_line_in_json_and_on_screen() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(*level));
            assert_eq!(level.to_string(), level.name());
            assert_eq!(serde_json::to_value(level).unwrap(), level.name());
            assert_eq!(serde_json::from_value::<Level>(level.name().into()).unwrap(), *level);
        }
        assert_eq!(format!("{:>7}|", Level::Dark), "   dark|");
    }

    #[test]
    fn levels_are_ordered_from_poor_to_rich() {
        assert!(Level::ALL.is_sorted());
        assert!(Level::Dark < Level::Logs && Level::Traces < Level::Changes);
    }

    #[test]
    fn an_unknown_word_is_told_with_the_choices() {
        let error = "you-run-it".parse::<OperatingModel>().unwrap_err();
        assert_eq!(error.to_string(), "`you-run-it` is none of ops-run-it, you-build-it");
        assert!("Dark".parse::<Level>().is_err(), "words are lower case");
    }

    #[test]
    fn the_description_is_the_doc_comment() {
        assert_eq!(Route::Checkout.description(), "The checkout.");
    }
}
