//! The shortest plan that still fails. Teaches that a failure is understood by what it does not need.

use crate::{Failure, Plan, check};

/// Leaves out steps, many at once and then one by one, as long as the same invariant still does not hold.
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
        // Once more through single steps: what one needed may not be needed without it.
        if at_once == 1 && !is_shorter {
            return (plan, failure);
        }
        at_once = (at_once / 2).max(1);
    }
}
