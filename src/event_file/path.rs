//! The path of the field in which a JSON text is wrong.

/// One open brace or bracket on the way to a place in a JSON text.
enum Level {
    /// The last key read, and whether the next string is a key.
    Object { key: String, key_next: bool },
    /// The number of elements before this one.
    Array { index: usize },
}

/// The path of the field that the first `column` bytes of a JSON text end in, such as `call.arrived.line`.
///
/// serde says where it stopped but not inside of what; this reads the same bytes once more, for that alone. The text may
/// be broken in any way.
pub(super) fn path_at(text: &str, column: usize) -> String {
    let mut levels: Vec<Level> = Vec::new();
    let mut in_string: Option<Vec<u8>> = None;
    let mut escaped = false;
    let read = &text.as_bytes()[..column.min(text.len())];
    // A value that is read but not liked is told at the byte after it, which may close or open what it is not in.
    let read = match read {
        [before @ .., b'{' | b'}' | b'[' | b']' | b','] => before,
        all => all,
    };
    for &byte in read {
        if let Some(string) = &mut in_string {
            match byte {
                b'"' if !escaped => {
                    let key = String::from_utf8_lossy(string).into_owned();
                    in_string = None;
                    take_key(&mut levels, key);
                }
                _ => string.push(byte),
            }
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => in_string = Some(Vec::new()),
            b'{' => levels.push(Level::Object {
                key: String::new(),
                key_next: true,
            }),
            b'[' => levels.push(Level::Array { index: 0 }),
            b'}' | b']' => {
                levels.pop();
            }
            b',' => match levels.last_mut() {
                Some(Level::Object { key_next, .. }) => *key_next = true,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            b':' => {
                if let Some(Level::Object { key_next, .. }) = levels.last_mut() {
                    *key_next = false;
                }
            }
            _ => {}
        }
    }
    path_of(&levels)
}

fn take_key(levels: &mut [Level], string: String) {
    if let Some(Level::Object { key, key_next }) = levels.last_mut()
        && *key_next
    {
        *key = string;
    }
}

fn path_of(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object { key, .. } if key.is_empty() => {}
            Level::Object { key, .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Level::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path_at;

    #[test]
    fn a_path_names_what_the_place_lies_in() {
        let text = r#"{"a":1,"b":{"c":[1,{"d\"e":"x,}"}],"f":null}}"#;
        let path_in = |part: &str| path_at(text, text.find(part).unwrap() + 1);
        let cases = [
            ("1,", "a"),
            ("1,{", "b.c[0]"),
            (r#""x"#, r#"b.c[1].d\"e"#),
            (r#""}],"#, r#"b.c[1].d\"e"#),
            ("null", "b.f"),
        ];
        for (part, path) in cases {
            assert_eq!(path_in(part), path, "{part}");
        }
        assert_eq!(path_at(text, 0), "");
        assert_eq!(path_at(text, text.len() + 9), "b");
    }
}
