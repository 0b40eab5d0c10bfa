//! Keys as a terminal sends them.

use super::screen::Move;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    End,
    Go(Move),
}

/// What the beginnings of sequences mean; the longer ones first.
const KEYS: [(&[u8], Key); 24] = [
    (b"\x1b[1~", Key::Go(Move::First)),
    (b"\x1b[4~", Key::Go(Move::Last)),
    (b"\x1b[5~", Key::Go(Move::PageUp)),
    (b"\x1b[6~", Key::Go(Move::PageDown)),
    (b"\x1b[A", Key::Go(Move::LineUp)),
    (b"\x1b[B", Key::Go(Move::LineDown)),
    (b"\x1b[H", Key::Go(Move::First)),
    (b"\x1b[F", Key::Go(Move::Last)),
    // The same of a keypad in application mode.
    (b"\x1bOA", Key::Go(Move::LineUp)),
    (b"\x1bOB", Key::Go(Move::LineDown)),
    (b"\x1bOH", Key::Go(Move::First)),
    (b"\x1bOF", Key::Go(Move::Last)),
    (b"k", Key::Go(Move::LineUp)),
    (b"j", Key::Go(Move::LineDown)),
    (b"\n", Key::Go(Move::LineDown)),
    (b"\r", Key::Go(Move::LineDown)),
    (b" ", Key::Go(Move::PageDown)),
    (b"b", Key::Go(Move::PageUp)),
    (b"g", Key::Go(Move::First)),
    (b"G", Key::Go(Move::Last)),
    (b"q", Key::End),
    (b"Q", Key::End),
    // The key of q on a Russian keyboard.
    ("й".as_bytes(), Key::End),
    ("Й".as_bytes(), Key::End),
];

/// The keys that were pressed; what means nothing is passed over.
pub(super) fn keys(mut sent: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    while let Some((_, next)) = sent.split_first() {
        let known = KEYS.iter().find(|(sequence, _)| sent.starts_with(sequence));
        sent = match known {
            Some((sequence, key)) => {
                keys.push(*key);
                &sent[sequence.len()..]
            }
            // Of an unknown sequence the last letter must not be taken for a key.
            None if sent.starts_with(b"\x1b[") || sent.starts_with(b"\x1bO") => {
                let rest = &sent[2..];
                let end = rest.iter().position(|byte| (0x40..=0x7e).contains(byte));
                &rest[end.map_or(rest.len(), |end| end + 1)..]
            }
            None => next,
        };
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_their_sequences() {
        for (sent, expected) in [
            (&b"q"[..], &[Key::End][..]),
            (
                b"\x1b[B\x1b[6~",
                &[Key::Go(Move::LineDown), Key::Go(Move::PageDown)],
            ),
            ("й".as_bytes(), &[Key::End]),
            // F5, Ctrl with an arrow, Alt and a letter, nothing at all.
            (b"\x1b[15~\x1b[1;5Ax", &[]),
            (b"\x1b", &[]),
            (b"\x1b[", &[]),
            (b"", &[]),
        ] {
            assert_eq!(keys(sent), expected, "{sent:?}");
        }
    }
}
