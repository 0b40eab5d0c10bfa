//! Texts as spreadsheets of Russian settings write them: UTF-8, or the bytes of code page 1251.

/// The letters of the bytes from 128 on; 152 stands for none.
const CP1251: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{fffd}™љ›њќћџ\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя";

/// A file's text: UTF-8 where it is that, with or without a mark of the byte order, else code page 1251.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let upper: Vec<char> = CP1251.chars().collect();
    let letter = |byte: &u8| match byte.checked_sub(128) {
        None => char::from(*byte),
        Some(place) => upper.get(usize::from(place)).copied().unwrap_or('\u{fffd}'),
    };
    bytes.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_are_read() {
        assert_eq!(CP1251.chars().count(), 128);
        let words = "\u{feff}Анкета № 7 – ёлка";
        assert_eq!(text_of(words.as_bytes()), "Анкета № 7 – ёлка");
        let bytes = b"\xc0\xed\xea\xe5\xf2\xe0 \xb9 7 \x96 \xb8\xeb\xea\xe0";
        assert_eq!(text_of(bytes), "Анкета № 7 – ёлка");
    }
}
