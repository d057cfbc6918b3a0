//! What a target is given: honest messages, and what chance or coverage makes of them.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    time::Duration,
};

use bolero::{BorrowedInput, ByteSliceGenerator, DefaultEngine, TestTarget};

/// A target that is about to be played: `bolero::check!` names it.
pub(crate) type Target = TestTarget<ByteSliceGenerator, DefaultEngine, BorrowedInput>;

/// How long a target is played in an ordinary run of the tests: all of them together cost less than one test with a browser.
const MOMENT: Duration = Duration::from_millis(400);

/// The longest input: what is longer finds nothing more, and more slowly.
const INPUT_BYTES_MAX: usize = 8_192;

/// The most changes of one message: it should still be read as far as possible.
const CHANGES_MAX: usize = 4;

/// What parsers stumble over.
const ODD: [&[u8]; 24] = [
    b"null",
    b"-1",
    b"0",
    b"1e999",
    b"NaN",
    b"18446744073709551615",
    b"9007199254740993",
    b"-9223372036854775808",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"%00",
    b"%ff",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"\r\n",
    b",",
];

/// Plays a target: each input must pass `check`.
///
/// What libFuzzer makes are the messages themselves, and so is what lies in a corpus. Bytes by chance alone would never be read: they also say
/// how an honest message is changed.
pub(crate) fn fuzz(name: &str, target: Target, honest: &[Vec<u8>], check: impl FnMut(&[u8])) {
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (seeds, failure) = (kept.join("fuzz-seeds").join(name), kept.join(format!("fuzz-failure-{name}")));
    if cfg!(fuzzing) {
        // Where `cargo xtask fuzz` lets libFuzzer begin.
        fs::create_dir_all(&seeds).unwrap();
        for (number, message) in honest.iter().enumerate() {
            fs::write(seeds.join(format!("honest-{number}")), message).unwrap();
        }
    }
    let mut check = AssertUnwindSafe(check);
    let mut one = AssertUnwindSafe(move |message: &[u8]| {
        let check = &mut check;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (check.0)(message))) {
            fs::write(&failure, message).unwrap();
            eprintln!("the input that fails is kept in {}", failure.display());
            resume_unwind(panic);
        }
    });
    let honest = honest.to_vec();
    target.with_test_time(MOMENT).with_max_len(INPUT_BYTES_MAX).for_each(move |input: &[u8]| {
        let one = &mut one;
        (one.0)(input);
        if !cfg!(fuzzing) {
            (one.0)(&changed(&honest, input));
        }
    });
}

/// An honest message with the changes that `by` describes.
fn changed(honest: &[Vec<u8>], by: &[u8]) -> Vec<u8> {
    let mut by = Bytes(by);
    let mut message = by.one_of(honest).clone();
    for _ in 0..by.below(CHANGES_MAX + 1) {
        let place = by.below(message.len() + 1);
        let end = (place + by.below(16)).min(message.len());
        match by.below(7) {
            0 => message.splice(place..end, [by.byte()]).for_each(drop),
            1 => message.splice(place..place, by.one_of(&ODD).iter().copied()).for_each(drop),
            2 => message.splice(place..end, []).for_each(drop),
            3 => message.splice(place..place, message[place..end].to_vec()).for_each(drop),
            4 => message.truncate(place),
            5 => {
                let other = by.one_of(honest);
                message.truncate(place);
                message.extend(&other[place.min(other.len())..]);
            }
            // A whole value, as they stand in JSON, TOML and addresses.
            _ => {
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte);
                let length = message[place..].iter().take_while(|byte| is_word(byte)).count();
                message.splice(place..place + length, by.one_of(&ODD).iter().copied()).for_each(drop);
            }
        }
    }
    message
}

/// Bytes that are used up as choices; zeros follow them.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()])) % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
