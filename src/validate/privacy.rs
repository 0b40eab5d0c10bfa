//! Callers become pseudonyms: the clear number goes no further than here.

use hmac::{Hmac, KeyInit, Mac};
use phonenumber::Mode;
use phonenumber::country::Id;
use sha2::Sha256;

use crate::model::{Pseudonym, SourceId};

/// Length of the key: as much as HMAC-SHA-256 can use.
pub const KEY_BYTES: usize = 32;

/// The key under which callers are known.
#[derive(Clone)]
pub struct Privacy {
    key_id: u32,
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privacy")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Privacy {
    /// Uses this key.
    pub fn new(key_id: u32, key: &[u8; KEY_BYTES]) -> Self {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self { key_id, mac }
    }

    /// The pseudonym of a telephone number: one person, however the number is written.
    pub fn of_number(&self, number: &str, country: Option<Id>) -> Pseudonym {
        self.of("tel:", &e164(number, country))
    }

    /// The pseudonym of an importer's own id, which means something within its source only.
    pub fn of_opaque(&self, source: &SourceId, id: &str) -> Pseudonym {
        self.of("id:", &format!("{source}\0{id}"))
    }

    /// The key of the draw of calls that are asked for their opinion: nobody on the floor has it.
    pub fn drawing_key(&self) -> [u8; KEY_BYTES] {
        let mut mac = self.mac.clone();
        mac.update(b"draw:");
        mac.finalize().into_bytes().into()
    }

    fn of(&self, kind: &str, text: &str) -> Pseudonym {
        let mut mac = self.mac.clone();
        mac.update(kind.as_bytes());
        mac.update(text.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut hash = [0; 16];
        hash.copy_from_slice(&full[..16]);
        Pseudonym {
            key: self.key_id,
            hash,
        }
    }
}

/// The country of an ISO 3166 code such as `RU`.
pub fn country_of(code: &str) -> Option<Id> {
    code.parse().ok()
}

/// A Russian mobile number as E.164: the one shape that nearly every caller here has, known without asking the library,
/// which takes some 16 µs. `None` = ask the library.
fn russian_mobile(number: &str, country: Option<Id>) -> Option<String> {
    let plus = number.starts_with('+');
    let rest = number.strip_prefix('+').unwrap_or(number);
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')');
    if !rest.bytes().all(plain) || !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let national = match (digits.len(), plus, country) {
        (11, true, _) => digits.strip_prefix('7'),
        (11, false, Some(Id::RU)) => digits.strip_prefix(['7', '8']),
        (10, false, Some(Id::RU)) => Some(&*digits),
        _ => None,
    };
    let national = national.filter(|national| national.starts_with('9'))?;
    Some(format!("+7{national}"))
}

/// The number as E.164; one that is none (an extension, a short code) as its digits.
fn e164(number: &str, country: Option<Id>) -> String {
    russian_mobile(number, country).unwrap_or_else(|| by_library(number, country))
}

fn by_library(number: &str, country: Option<Id>) -> String {
    match phonenumber::parse(country, number) {
        Ok(parsed) if phonenumber::is_valid(&parsed) => {
            parsed.format().mode(Mode::E164).to_string()
        }
        Ok(_) | Err(_) => number.chars().filter(char::is_ascii_digit).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn privacy() -> Privacy {
        Privacy::new(1, &[7; KEY_BYTES])
    }

    #[test]
    fn one_person_however_the_number_is_written() {
        let russia = country_of("RU");
        let one = privacy().of_number("+7 912 345-67-89", russia);
        for written in [
            "8 912 345 67 89",
            "8(912)345-67-89",
            "79123456789",
            "9123456789",
        ] {
            assert_eq!(privacy().of_number(written, russia), one, "{written}");
        }
        assert_ne!(privacy().of_number("+7 912 345-67-88", russia), one);
    }

    #[test]
    fn the_short_way_is_the_library_s_way() {
        let mut taken = 0;
        for national in [
            "9123456789",
            "9000000000",
            "9999999999",
            "9661234567",
            "8412345678",
            "912345678",
        ] {
            let (area, rest) = national.split_at(3);
            for written in [
                national.to_owned(),
                format!("8{national}"),
                format!("7{national}"),
                format!("+7{national}"),
                format!("+7 ({area}) {rest}"),
                format!("8 {area} {rest}"),
                format!("8-{area}-{rest}"),
                format!("+8{national}"),
                format!("({area}) {rest}"),
                format!("8{national}x1"),
                format!("0{national}"),
            ] {
                for country in [country_of("RU"), country_of("DE"), None] {
                    if let Some(short) = russian_mobile(&written, country) {
                        assert_eq!(
                            short,
                            by_library(&written, country),
                            "{written} {country:?}"
                        );
                        taken += 1;
                    }
                }
            }
        }
        assert!(taken >= 40, "{taken}");
    }

    #[test]
    fn short_numbers_are_people_too() {
        let russia = country_of("RU");
        assert_eq!(
            privacy().of_number("102", russia),
            privacy().of_number("102", russia)
        );
        assert_ne!(
            privacy().of_number("102", russia),
            privacy().of_number("103", russia)
        );
    }

    #[test]
    fn an_id_is_no_number_and_belongs_to_its_source() {
        let bank = SourceId::new("bank");
        let other = SourceId::new("other");
        let one = privacy().of_opaque(&bank, "9664491");
        assert_ne!(one, privacy().of_opaque(&other, "9664491"));
        assert_ne!(one, privacy().of_number("9664491", None));
    }

    #[test]
    fn another_key_makes_other_pseudonyms() {
        let other = Privacy::new(1, &[8; KEY_BYTES]);
        assert_ne!(
            privacy().of_number("102", None),
            other.of_number("102", None)
        );
    }

    #[test]
    fn the_key_is_never_printed() {
        assert_eq!(format!("{:?}", privacy()), "Privacy { key_id: 1, .. }");
    }
}
