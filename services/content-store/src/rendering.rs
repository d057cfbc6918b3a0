//! The JSON envelope that carries a version to the cache. Teaches that a format has one writer: its serializer.

use bytes::Bytes;
use chassis::{Envelope, LatentFault, Switches};
use mime::Mime;

use crate::{
    asset::{AssetVersion, rfc3339},
    characters::{SpecialCharacter, unrenderable},
};

/// Whether `body` may be published.
///
/// # Errors
///
/// The first character, or byte, that cannot be carried into every place where the shop shows text.
pub fn check(body: &[u8], switches: &Switches) -> Result<(), SpecialCharacter> {
    if switches.present(LatentFault::InvalidRendering) {
        // FAULT: whatever an editor sends is taken. The lesson: the border is the only place where the author is still
        // there to be told; behind it, a bad character becomes somebody else's outage.
        return Ok(());
    }
    unrenderable(body).next().map_or(Ok(()), Err)
}

/// Whether a content type declares what the shop can show: UTF-8 by any of its names, or ASCII, which is a part of it. Nothing
/// behind the border asks for the charset again, so that a text in another one would be shown with the wrong characters.
///
/// # Errors
///
/// The charset that is declared instead.
pub fn check_charset(content_type: &str, body: &[u8]) -> Result<(), String> {
    let Ok(media_type) = content_type.parse::<Mime>() else { return Ok(()) };
    let charsets = media_type.params().filter(|(name, _)| *name == mime::CHARSET);
    for (_, charset) in charsets {
        let charset = charset.as_str();
        let is_utf8 = ["utf-8", "utf8"].iter().any(|name| charset.eq_ignore_ascii_case(name));
        let is_ascii = ["us-ascii", "ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name));
        if !(is_utf8 || is_ascii && body.is_ascii()) {
            return Err(charset.to_owned());
        }
    }
    Ok(())
}

/// The envelope of a version: `{id, version, content_type, body, published_at}`.
pub fn envelope(asset: &AssetVersion, switches: &Switches) -> Bytes {
    if switches.present(LatentFault::InvalidRendering) { by_hand(asset) } else { by_serializer(asset) }
}

/// FAULT: JSON put together by hand. It knows the characters that its author thought of; RFC 8259 also wants every other
/// control character escaped, and UTF-8 throughout. The lesson: the answer is 200, the log shows success, and only the
/// reader, in another service, finds out that it is not JSON.
fn by_hand(asset: &AssetVersion) -> Bytes {
    let AssetVersion { id, version, content_type, body, published_at } = asset;
    let mut json = format!(r#"{{"id":"{id}","version":{version},"content_type":""#).into_bytes();
    escape(content_type.as_bytes(), &mut json);
    json.extend_from_slice(br#"","body":""#);
    escape(body, &mut json);
    json.extend_from_slice(format!(r#"","published_at":"{}"}}"#, rfc3339(*published_at)).as_bytes());
    json.into()
}

fn escape(text: &[u8], json: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'"' => json.extend_from_slice(br#"\""#),
            b'\\' => json.extend_from_slice(br"\\"),
            b'\n' => json.extend_from_slice(br"\n"),
            b'\r' => json.extend_from_slice(br"\r"),
            b'\t' => json.extend_from_slice(br"\t"),
            _ => json.push(byte),
        }
    }
}

/// The repaired twin: a serializer that cannot write anything but JSON. Versions published before the repair may hold
/// anything; what is not UTF-8 in them becomes U+FFFD.
fn by_serializer(asset: &AssetVersion) -> Bytes {
    let envelope = Envelope {
        id: asset.id.clone(),
        version: asset.version,
        content_type: asset.content_type.clone(),
        body: String::from_utf8_lossy(&asset.body).into_owned(),
        published_at: rfc3339(asset.published_at),
    };
    serde_json::to_vec(&envelope).expect("an envelope holds nothing that JSON cannot").into()
}

#[cfg(test)]
mod tests {
    use chassis::Version;
    use std::time::{Duration, SystemTime};

    use chassis::Level;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn version_with(body: &[u8]) -> AssetVersion {
        AssetVersion {
            id: "promo-banner".parse().unwrap(),
            version: Version(7),
            content_type: "text/plain; charset=\"utf-8\"".to_owned(),
            body: Bytes::copy_from_slice(body),
            published_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_772_438_400_250),
        }
    }

    fn faulty() -> Switches {
        Switches::new([LatentFault::InvalidRendering], Level::Dark)
    }

    fn repaired() -> Switches {
        Switches::new([], Level::Dark)
    }

    fn parse(envelope: &[u8]) -> Option<Value> {
        serde_json::from_slice(envelope).ok()
    }

    #[test]
    fn both_twins_write_the_same_envelope_for_harmless_text() {
        let asset = version_with("\"Two\" for one\\\n\tté".as_bytes());
        let expected = json!({
            "id": "promo-banner", "version": 7, "content_type": "text/plain; charset=\"utf-8\"",
            "body": "\"Two\" for one\\\n\tté", "published_at": "2026-03-02T08:00:00.25Z",
        });
        assert_eq!(parse(&envelope(&asset, &faulty())), Some(expected.clone()));
        assert_eq!(parse(&envelope(&asset, &repaired())), Some(expected));
    }

    #[test]
    fn the_faulty_twin_breaks_on_what_its_author_did_not_think_of() {
        let check = |body: &[u8], parses: bool| {
            let broken = envelope(&version_with(body), &faulty());
            assert_eq!(parse(&broken).is_some(), parses, "{body:?}");
        };
        check(b"two\x0blines", false);
        check(b"two\0lines", false);
        check(b"\x93quoted\x94 in Windows-1252", false);
        // Not forbidden in JSON, though it should never have been published: other places break on it.
        check("non\u{ffff}character".as_bytes(), true);
        check(b"two\r\n\tlines \"quoted\" \\", true);
    }

    #[test]
    fn a_switch_acts_at_the_next_decision() {
        let switches = faulty();
        let asset = version_with(b"two\x0blines");
        assert!(check(&asset.body, &switches).is_ok());
        switches.set(LatentFault::InvalidRendering, false);
        let offender = check(&asset.body, &switches).unwrap_err();
        assert_eq!((offender.offset, offender.name.as_str()), (3, "LINE TABULATION"));
        assert_eq!(parse(&envelope(&asset, &switches)).unwrap()["body"], "two\u{b}lines");
    }

    proptest! {
        #[test]
        fn the_repaired_twin_always_writes_json(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let json = parse(&envelope(&version_with(&body), &repaired())).expect("it is JSON");
            prop_assert_eq!(json["body"].as_str().unwrap(), String::from_utf8_lossy(&body));
        }

        #[test]
        fn the_repaired_twin_brings_text_back_unchanged(body in any::<String>()) {
            let json = parse(&envelope(&version_with(body.as_bytes()), &repaired())).expect("it is JSON");
            prop_assert_eq!(json["body"].as_str(), Some(body.as_str()));
        }

        #[test]
        fn the_faulty_twin_writes_json_exactly_while_no_control_character_is_left_raw(body in any::<String>()) {
            let harmless = !body.chars().any(|c| c < ' ' && !"\t\n\r".contains(c));
            prop_assert_eq!(parse(&envelope(&version_with(body.as_bytes()), &faulty())).is_some(), harmless);
        }
    }
}
