//! Finds the shortest plan that still fails. Teaches that the way to understand a failure is to remove what it does not need.

use crate::{Failure, Plan, check};

/// Removes steps, many at once and then one by one, as long as the same invariant still fails.
pub fn shrink(plan: &Plan, failure: Failure) -> (Plan, Failure) {
    let (mut plan, mut failure) = (plan.clone(), failure);
    let mut at_once = plan.steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut is_shorter = false;
        while from < plan.steps.len() {
            let mut shorter = plan.clone();
            shorter.steps.drain(from..(from + at_once).min(plan.steps.len()));
            match check(&shorter) {
                Err(other) if other.invariant == failure.invariant => {
                    (plan, failure, is_shorter) = (shorter, other, true);
                }
                _ => from += at_once,
            }
        }
        // Repeat with single steps: removing one step can make another unnecessary.
        if at_once == 1 && !is_shorter {
            return (plan, failure);
        }
        at_once = (at_once / 2).max(1);
    }
}
