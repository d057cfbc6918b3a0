//! Finds the specimens that a user asks for. Teaches that people name a character by its code point, by a name, or by pasting it.

use world::scenario::insert::{Insert, code_point, name_of, named};

use super::table::{Group, Specimen, specimens};

/// The specimens that `asked` names by a code point (`U+000B`), by bytes (`0x93 0x94`), by the character itself, by a part
/// of a specimen's name, or by the Unicode name of any other character. Empty if nothing matches.
pub fn find(asked: &str) -> Vec<Specimen> {
    let wanted = asked.trim().to_lowercase();
    if let Some(bytes) = coded(asked) {
        return vec![of_bytes(bytes, asked)];
    }
    let by_name: Vec<_> = specimens()
        .into_iter()
        .filter(|specimen| !wanted.is_empty() && specimen.name.to_lowercase().contains(&wanted))
        .collect();
    if !by_name.is_empty() {
        return by_name;
    }
    let other = named(asked).map(|character| of_bytes(character.to_string().into_bytes(), asked));
    other.into_iter().collect()
}

/// The bytes of a single character, or of a list of code points and bytes; `None` for any other text.
fn coded(asked: &str) -> Option<Vec<u8>> {
    let mut characters = asked.chars();
    if let (Some(character), None) = (characters.next(), characters.next()) {
        return Some(character.to_string().into_bytes());
    }
    let word = asked.trim();
    if let Some(character) = code_point(word) {
        return Some(character.to_string().into_bytes());
    }
    let is_coded = word.split(' ').all(|word| word.starts_with("U+") || word.starts_with("0x"));
    let insert = Insert::try_from(word.to_owned()).ok()?;
    is_coded.then(|| insert.bytes().to_vec())
}

/// The table's specimen with these bytes, or else a new one.
fn of_bytes(bytes: Vec<u8>, asked: &str) -> Specimen {
    if let Some(known) = specimens().into_iter().find(|specimen| specimen.bytes == bytes) {
        return known;
    }
    let single = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<char>().ok());
    let name = single.and_then(name_of).unwrap_or_else(|| asked.trim().to_owned());
    Specimen { name: name.to_lowercase().into(), group: Group::Asked, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_found_however_it_is_named() {
        let check = |asked: &str, expected: &[&str]| {
            let found: Vec<_> = find(asked).into_iter().map(|specimen| specimen.name).collect();
            assert_eq!(found, expected, "{asked:?}");
        };
        for asked in
            ["U+000B", "u+000b", "U+B", "0x0B", "\u{b}", "vertical tab", "Vertical Tab", "line tabulation"]
        {
            check(asked, &["vertical tab"]);
        }
        check("surrogate", &["high surrogate", "low surrogate", "escaped surrogate"]);
        check("\u{a0}", &["no-break space"]);
        check("NEXT LINE", &["next line"]);
        check("0xFF 0xFE", &["UTF-16 byte order"]);
        check("U+2603", &["snowman"]);
        check("snowman", &["snowman"]);
        check("\u{2603}", &["snowman"]);
        check("0x93", &["0x93"]);
        for none in ["", "  ", "no such thing", "U+D800", "U+110000", "0x100"] {
            check(none, &[]);
        }
    }
}
