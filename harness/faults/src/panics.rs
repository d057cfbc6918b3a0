//! Panics of a world's tasks. A runtime catches them and goes on, and so would a shop; here each is a finding. A world in virtual time runs
//! on one thread, so that a panic is that of the world which this thread plays.

use std::{cell::RefCell, panic, sync::Once};

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// From now on panics of this thread are findings; those of others are told as ever.
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

/// Those since this was last asked.
pub fn take() -> Vec<String> {
    PANICS.with_borrow_mut(|panics| panics.as_mut().map(std::mem::take).unwrap_or_default())
}
