//! Collects panics of a world's tasks. A runtime catches such a panic and goes on, and so would a shop; here each panic is a
//! failure. A world in virtual time runs on one thread, so a panic on this thread belongs to the world that it plays.

use std::{cell::RefCell, panic, sync::Once};

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Collects the panics of this thread from now on. Other threads report theirs as before.
pub fn listen() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told_as_ever = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_heard = PANICS.with_borrow_mut(|panics| {
                let Some(panics) = panics else { return false };
                panics.push(info.to_string().replace('\n', " "));
                true
            });
            if !is_heard {
                told_as_ever(info);
            }
        }));
    });
    PANICS.with_borrow_mut(|panics| *panics = Some(Vec::new()));
}

/// Takes the panics since the last call.
pub fn take() -> Vec<String> {
    PANICS.with_borrow_mut(|panics| panics.as_mut().map(std::mem::take).unwrap_or_default())
}
