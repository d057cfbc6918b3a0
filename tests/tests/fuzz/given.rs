//! The input of a target: valid messages, and mutations of them by chance or by coverage.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    time::Duration,
};

use bolero::{BorrowedInput, ByteSliceGenerator, DefaultEngine, TestTarget};
use chassis::rng;
use rand::{Rng, RngExt};
use tokio::time::Instant;

/// A target, named by `bolero::check!`, before its run.
pub(crate) type Target = TestTarget<ByteSliceGenerator, DefaultEngine, BorrowedInput>;

/// How long a target runs in an ordinary test run: all of them together take less time than one test with a browser.
const MOMENT: Duration = Duration::from_millis(400);

/// The longest input. Longer inputs find nothing more, and are slower.
const INPUT_BYTES_MAX: usize = 8_192;

/// The most mutations of one message: parsers should still read as much of it as possible.
const CHANGES_MAX: usize = 4;

/// Values that parsers often handle wrongly.
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

/// Runs a target: each input must pass `check`.
///
/// An ordinary run takes the corpus, each valid message, and mutations from a fixed seed: so it tests code changes, and does not fail by
/// chance. `cargo xtask fuzz` lets bolero choose a new seed for each run.
///
/// Inputs from libFuzzer and from a corpus are messages as they are. Random bytes alone would hardly ever parse, so they also choose the
/// mutations of a valid message.
pub(crate) fn fuzz(name: &str, target: Target, honest: &[Vec<u8>], check: impl FnMut(&[u8])) {
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (seeds, failure) = (kept.join("fuzz-seeds").join(name), kept.join(format!("fuzz-failure-{name}")));
    if cfg!(fuzzing) {
        // libFuzzer starts from these files in `cargo xtask fuzz`.
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
    if !cfg!(fuzzing) {
        for message in &honest {
            (one.0)(message);
        }
        let mut chance = rng(0, "fuzz", name);
        let began = Instant::now();
        while began.elapsed() < MOMENT {
            let mut input = vec![0; chance.random_range(0..INPUT_BYTES_MAX)];
            chance.fill_bytes(&mut input);
            (one.0)(&input);
            (one.0)(&changed(&honest, &input));
        }
    }
    target.with_iterations(0).with_max_len(INPUT_BYTES_MAX).for_each(move |input: &[u8]| {
        let one = &mut one;
        (one.0)(input);
        if !cfg!(fuzzing) {
            (one.0)(&changed(&honest, input));
        }
    });
}

/// A valid message with the mutations that `by` encodes.
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
            // Replace a whole value of JSON, TOML or a URL.
            _ => {
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte);
                let length = message[place..].iter().take_while(|byte| is_word(byte)).count();
                message.splice(place..place + length, by.one_of(&ODD).iter().copied()).for_each(drop);
            }
        }
    }
    message
}

/// Bytes that are consumed as choices, followed by zeros.
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
