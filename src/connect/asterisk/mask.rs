//! Numbers and names of callers in a recording, as pseudonyms.
//!
//! A number of `NUMBER_DIGITS_MIN` digits or more becomes another of the same length, wherever it stands: in a caller's
//! number, in a channel's name, in what the dialplan was told. The same number is the same pseudonym within one
//! recording; the key is drawn at its start and never written, so nobody turns pseudonyms back by trying all numbers,
//! and two recordings cannot be laid side by side. A caller's name becomes `name-` and a word of it. What remains:
//! extensions (shorter numbers), names of agents and queues, keys pressed one by one, times and the PBX's own ids.

use std::hash::{BuildHasher as _, RandomState};

/// A shorter number is an extension.
pub(super) const NUMBER_DIGITS_MIN: usize = 6;

/// What 64 bits of a hash can stand for, in digits.
const PIECE_DIGITS: usize = 18;

/// Times in seconds since 1970 look like numbers.
const TIMES: [&[u8]; 6] = [
    b"timestamp",
    b"lastcall",
    b"lastpause",
    b"logintime",
    b"starttime",
    b"sessiontimestamp",
];

/// Turns numbers and names of one recording into pseudonyms.
#[derive(Debug)]
pub(super) struct Mask {
    key: RandomState,
}

impl Mask {
    /// With a key of its own.
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
        }
    }

    /// Appends a header's value as it may be known.
    pub(super) fn write(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        let key = key.to_ascii_lowercase();
        let nothing: [&[u8]; 3] = [b"", b"<unknown>", b"unknown"];
        if nothing.contains(&value) || TIMES.contains(&key.as_slice()) || is_id(&key) {
            out.extend_from_slice(value);
        } else if key.ends_with(b"calleridname") || key.ends_with(b"connectedlinename") {
            let word = self.key.hash_one(value) % 0x0100_0000;
            out.extend_from_slice(format!("name-{word:06x}").as_bytes());
        } else {
            self.numbers(value, out);
        }
    }

    /// Appends a text with every number in it masked.
    fn numbers(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut from = 0;
        while let Some(start) = text[from..].iter().position(u8::is_ascii_digit) {
            let start = from + start;
            let length = text[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let end = start + length.count();
            out.extend_from_slice(&text[from..start]);
            let number = &text[start..end];
            if is_number(&text[..start], number, &text[end..]) {
                self.number(number, out);
            } else {
                out.extend_from_slice(number);
            }
            from = end;
        }
        out.extend_from_slice(&text[from..]);
    }

    fn number(&self, number: &[u8], out: &mut Vec<u8>) {
        for (place, piece) in number.chunks(PIECE_DIGITS).enumerate() {
            let hash = self.key.hash_one((place, number)) % 10_u64.pow(piece.len() as u32);
            out.extend_from_slice(format!("{hash:0width$}", width = piece.len()).as_bytes());
        }
    }
}

/// The PBX's own ids; a channel's name is none, for a `Local` channel bears the number dialled.
fn is_id(key: &[u8]) -> bool {
    key.ends_with(b"uniqueid") || key.ends_with(b"linkedid") || key == b"actionid"
}

/// Whether digits between two texts are a telephone number.
fn is_number(before: &[u8], digits: &[u8], after: &[u8]) -> bool {
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    // `1795432193.136` is an id or a time, `PJSIP/trunk-00000078` a channel.
    let is_split = after.first() == Some(&b'.') && after.get(1).is_some_and(u8::is_ascii_digit);
    let is_fraction = before.last() == Some(&b'.');
    let is_serial = before.last() == Some(&b'-') && digits.len() == 8;
    digits.len() >= NUMBER_DIGITS_MIN
        && !touches(before.last())
        && !touches(after.first())
        && !is_split
        && !is_fraction
        && !is_serial
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(mask: &Mask, key: &str, value: &str) -> String {
        let mut out = Vec::new();
        mask.write(key.as_bytes(), value.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_number_is_the_same_pseudonym_wherever_it_stands() {
        let mask = Mask::new();
        let number = masked(&mask, "CallerIDNum", "0671001234");
        assert_eq!(number.len(), 10);
        assert_ne!(number, "0671001234");
        for (key, value) in [
            ("ConnectedLineNum", "0671001234"),
            ("Channel", "Local/0671001234@from-trunk-0000001f;2"),
            ("AppData", "PJSIP/trunk/sip:0671001234@10.0.0.1,30"),
            ("Value", "+0671001234"),
        ] {
            let expected = value.replace("0671001234", &number);
            assert_eq!(masked(&mask, key, value), expected, "{key}");
        }
        assert_ne!(masked(&Mask::new(), "CallerIDNum", "0671001234"), number);
        assert_ne!(masked(&mask, "CallerIDNum", "0671001235"), number);
        let long = masked(&mask, "CallerIDNum", &"7".repeat(40));
        assert_eq!(long.len(), 40);
    }

    #[test]
    fn what_the_switch_needs_stays() {
        let mask = Mask::new();
        for (key, value) in [
            ("Uniqueid", "1795432193.136"),
            ("DestLinkedid", "1795432193"),
            ("BridgeUniqueid", "3f2a0000-1234-123456789012"),
            ("AppData", "1795432193.136,s,1"),
            ("Timestamp", "1795432193.827203"),
            ("LoginTime", "1795430930"),
            ("Channel", "PJSIP/trunk-00000078"),
            ("Channel", "PJSIP/102-0000001f"),
            ("Exten", "1500"),
            ("MemberName", "Olena Koval"),
            ("CallerIDNum", "<unknown>"),
            ("CallerIDName", ""),
        ] {
            assert_eq!(masked(&mask, key, value), value, "{key}");
        }
    }

    #[test]
    fn a_caller_s_name_is_gone_and_known_again() {
        let mask = Mask::new();
        let name = masked(&mask, "CallerIDName", "Иван Петров");
        assert!(name.starts_with("name-") && name.len() == 11, "{name}");
        assert_eq!(masked(&mask, "DestConnectedLineName", "Иван Петров"), name);
    }
}
