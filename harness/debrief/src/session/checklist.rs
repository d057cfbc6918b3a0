//! What to ask one's own system about each link of the chain. Teaches that a lesson which is not asked of the next system stays a story.

use incident::ContributingFactor::{
    self, InadequateTelemetry, InvalidRendering, MissingHealthCheck, PoorErrorHandling,
};

/// A link of the chain, and what to ask about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) factor: ContributingFactor,
    pub(super) title: &'static str,
    pub(super) asks: [&'static str; 4],
}

/// In the order of the chain. Each question can be answered with yes, no, or *nobody knows*; and yes is the good answer.
pub(super) const CHECKLIST: [Link; 4] = [
    Link {
        factor: InvalidRendering,
        title: "Invalid character rendering",
        asks: [
            "If an editor saves a control character, an unpaired surrogate or bytes that are not UTF-8, is the save refused, with the place and the reason?",
            "Is every JSON, HTML, script and XML that you send written by a serializer or an escaping template, and none put together from strings?",
            "Does one bad text cost at most its own part of a page?",
            "Have you published such a text on purpose in a test environment this year?",
        ],
    },
    Link {
        factor: PoorErrorHandling,
        title: "Poor error handling",
        asks: [
            "Does your code tell an error that may pass from one that never will, and try only the first again?",
            "Has every call to another service a time limit, and every repetition a pause that grows and an end?",
            "Is every pool, queue and worker bounded, and does whoever finds no place get an error instead of waiting?",
            "Can no single key, customer or asset take all permits of a shared resource?",
        ],
    },
    Link {
        factor: MissingHealthCheck,
        title: "Missing cache health check",
        asks: [
            "Does each health check, those of caches too, say whether the service can do its work, and not only that its process runs?",
            "Would it turn red if all of its workers were stuck?",
            "Does somebody ask it every few seconds, and go around what is not ready?",
            "Do you know what happens if the check itself is wrong: is a last instance kept in use?",
        ],
    },
    Link {
        factor: InadequateTelemetry,
        title: "Inadequate telemetry",
        asks: [
            "Does an error line name the thing it is about (asset, order, version) and its cause, in fields that can be searched?",
            "Do you alert on what customers fail to do, rather than on processors and memory?",
            "From one failed page, can you reach the request that failed below it within a minute?",
            "Do changes of content and configuration stand in the same place as releases, with who and when?",
        ],
    },
];
