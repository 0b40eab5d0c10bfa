//! One message of the manager interface (AMI): `Key: value` lines, ended by an empty one.
//!
//! Nothing but people's names is escaped, and nothing is promised: letter case of keys differs between events, keys repeat, a value may hold
//! `: `, quotes and bytes that are no UTF-8. So a line is split at its first colon only, and values stay bytes until
//! somebody wants a text of them.

use std::borrow::Cow;

/// The longest text taken out of a message, in characters: above every cap of `validate`, far below a flood.
const TEXT_CHARS_MAX: usize = 512;

/// Where a header lies in its message's text: the ends of its key, and the value's two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) key: (u32, u32),
    pub(super) value: (u32, u32),
}

/// One message, as it stands in the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub(super) text: &'a [u8],
    pub(super) spans: &'a [Span],
}

impl<'a> Message<'a> {
    /// The event's name; `None` for an answer to an action and for what is no message.
    pub fn event(&self) -> Option<&'a [u8]> {
        self.get("Event").filter(|name| !name.is_empty())
    }

    /// The first value of a key, in whatever case it is written; empty values are there, too.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        let same = |span: &&Span| {
            let length = (span.key.1 - span.key.0) as usize;
            length == key.len() && self.slice(span.key).eq_ignore_ascii_case(key.as_bytes())
        };
        self.spans
            .iter()
            .find(same)
            .map(|span| self.slice(span.value))
    }

    /// Every value of a key that repeats, in order.
    pub fn get_all(&self, key: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(key.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Every header, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let message = *self;
        message
            .spans
            .iter()
            .map(move |span| (message.slice(span.key), message.slice(span.value)))
    }

    /// A value as text; `None` when the key is missing, empty or says that nothing is known.
    ///
    /// Unknown is the text `<unknown>` in events and `unknown` in `QueueEntry`; a trunk without a number says
    /// `anonymous`, which is somebody else's word and stays.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let value = self.get(key)?;
        let nothing: [&[u8]; 3] = [b"", b"<unknown>", b"unknown"];
        (!nothing.contains(&value)).then(|| text(value))
    }

    /// The name of a caller: the switch writes it as C would (`O\'Neil`), and no other value.
    pub fn name(&self, key: &str) -> Option<String> {
        let name = self.text(key)?;
        let mut plain = String::with_capacity(name.len());
        let mut letters = name.chars();
        while let Some(letter) = letters.next() {
            let is_escape = letter == '\\';
            let escaped = letters.as_str().chars().next().filter(|_| is_escape);
            match escaped {
                Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v') => plain.push(' '),
                Some(mark @ ('\\' | '\'' | '"' | '?')) => plain.push(mark),
                Some(_) | None => {
                    plain.push(letter);
                    continue;
                }
            }
            letters.next();
        }
        Some(plain)
    }

    /// A value as a whole number.
    pub fn number(&self, key: &str) -> Option<i64> {
        std::str::from_utf8(self.get(key)?).ok()?.parse().ok()
    }

    fn slice(&self, (from, to): (u32, u32)) -> &'a [u8] {
        self.text
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }
}

/// Bytes as text: UTF-8 where it is that, else Latin-1, which an analogue trunk puts in a caller's name. Control
/// characters become spaces, so that a name can be an id.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let whole: Cow<'_, str> = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let is_plain = whole.len() <= TEXT_CHARS_MAX && !whole.contains(char::is_control);
    if is_plain {
        return whole;
    }
    let plain = |letter: char| {
        if letter.is_control() { ' ' } else { letter }
    };
    whole.chars().take(TEXT_CHARS_MAX).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::super::codec::Decoder;
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_before_the_switch_wrote_it() {
        let cases = [
            (r#"Stepan \"Step\" O\'Neil"#, r#"Stepan "Step" O'Neil"#),
            (r"a\\b\?", r"a\b?"),
            (r"one\ttwo", "one two"),
            (r"Оксана \x \", r"Оксана \x \"),
        ];
        for (written, name) in cases {
            let bytes = format!("Event: Newchannel\r\nCallerIDName: {written}\r\n\r\n");
            let mut read = None;
            Decoder::default().feed(bytes.as_bytes(), |_, message| {
                read = message.name("CallerIDName");
            });
            assert_eq!(read.as_deref(), Some(name));
        }
    }

    #[test]
    fn bytes_become_text_whatever_they_are() {
        assert_eq!(text("обід".as_bytes()), "обід");
        assert_eq!(text(b"M\xfcller"), "Müller");
        assert_eq!(text(b"a\x07b\tc"), "a b c");
        assert_eq!(text(&[b'x'; 9_000]).len(), TEXT_CHARS_MAX);
    }
}
