//! Tokens, as they are given and as they are made. Teaches that a secret which cannot be sent, or can be guessed, should be refused
//! where somebody reads the message: at the start.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
};

/// The fewest characters of a token at a door that others can reach. 16 digits of base 16 are 64 bits: at a thousand guesses a
/// second, half of them take 290 million years.
pub const CHARACTERS_MIN: usize = 16;

/// The fewest different characters in it: `aaaaaaaaaaaaaaaa` is long, and the first that is tried.
pub const DIFFERENT_MIN: usize = 6;

/// A token that can be sent as it is, in `Authorization: Bearer` (RFC 6750, section 2.1).
///
/// # Errors
///
/// When it cannot; the message says why and does not repeat it.
pub fn usable(token: &str) -> Result<String, String> {
    let is_sent = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    if token.is_empty() {
        return Err("a token has at least one character".to_owned());
    }
    if token.chars().all(is_sent) {
        return Ok(token.to_owned());
    }
    let blank = if token.trim() == token { "" } else { "; this one has a blank at its beginning or end" };
    Err(format!("a token is made of letters, digits and -._~+/= only, or no client can send it{blank}"))
}

/// A token that cannot be guessed either.
pub fn strong(token: &str) -> Result<String, String> {
    let token = usable(token)?;
    let different: BTreeSet<char> = token.chars().collect();
    if token.len() < CHARACTERS_MIN || different.len() < DIFFERENT_MIN {
        return Err(format!(
            "others can reach what this token guards: give at least {CHARACTERS_MIN} characters, {DIFFERENT_MIN} of them \
             different, such as 'openssl rand -hex 16' makes"
        ));
    }
    Ok(token)
}

/// A new token of 128 random bits from the system.
///
/// # Errors
///
/// When the system has no source of chance.
pub fn make() -> io::Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}

/// Random bytes from the system.
///
/// # Errors
///
/// When it has no source of them.
pub(crate) fn random<const COUNT: usize>() -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_sent_and_not_be_guessed() {
        for (token, is_usable, is_strong) in [
            ("abc ", false, false),
            (" abc", false, false),
            ("", false, false),
            ("a\u{e9}", false, false),
            ("a\nb", false, false),
            ("1", true, false),
            ("aaaaaaaaaaaaaaaaaaaa", true, false),
            ("0123456789abcde", true, false),
            ("0123456789abcdef", true, true),
            ("c2VjcmV0LXNlY3JldA==", true, true),
        ] {
            assert_eq!(usable(token).is_ok(), is_usable, "{token:?}");
            assert_eq!(strong(token).is_ok(), is_strong, "{token:?}");
            assert!(usable(token).err().is_none_or(|why| token.trim().is_empty() || !why.contains(token)));
        }
        assert!(strong(&make().unwrap()).is_ok());
    }
}
