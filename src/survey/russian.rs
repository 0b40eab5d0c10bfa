//! What Russian texts for the ear have to mind: forms that speak to men alone, signs that are words, stresses.

use super::definition::Said;
use super::finding::Findings;
use super::speech::STRESS;

/// Nouns that end like a verb of the past.
const NOUNS: [&str; 26] = [
    "балл",
    "бал",
    "вокзал",
    "зал",
    "идеал",
    "интервал",
    "канал",
    "капитал",
    "квартал",
    "журнал",
    "материал",
    "персонал",
    "портал",
    "потенциал",
    "отдел",
    "раздел",
    "предел",
    "сигнал",
    "стол",
    "тыл",
    "угол",
    "узел",
    "файл",
    "филиал",
    "терминал",
    "профиль",
];

/// Forms of the past, and short forms, that fit a man alone and do not end in л.
const SHORT: [(&str, &str); 9] = [
    ("смог", "удалось ли вам"),
    ("помог", "помогли"),
    ("мог", "могли"),
    ("доволен", "довольны"),
    ("согласен", "согласны"),
    ("готов", "готовы"),
    ("уверен", "уверены"),
    ("рад", "рады"),
    ("должен", "нужно"),
];

/// Signs that are words when they are heard.
const SIGNS: [(char, &str); 3] = [('*', "звёздочка"), ('#', "решётка"), ('0', "ноль")];

/// Words without their dots, which are then stressed wrongly.
const DOTS: [(&str, &str); 8] = [
    ("звездочк", "звёздочка"),
    ("решетк", "решётка"),
    ("все еще", "всё ещё"),
    ("еще", "ещё"),
    ("пятерк", "пятёрка"),
    ("четверк", "четвёрка"),
    ("прием", "приём"),
    ("решен ", "решён"),
];

/// Words that mean two things by their stress, or that espeak-ng stresses wrongly, with the stress that is meant.
const STRESSES: [(&str, &str); 4] = [
    ("замок", "за\u{301}мок or замо\u{301}к"),
    ("большая", "бо\u{301}льшая or больша\u{301}я"),
    ("большую", "бо\u{301}льшую or большу\u{301}ю"),
    ("стоит", "сто\u{301}ит or стои\u{301}т"),
];

/// Looks at one Russian text; signs and stresses matter only where it is heard.
pub(super) fn check(said: &Said, is_heard: bool, found: &mut Findings) {
    for word in words(&said.text) {
        if let Some(better) = masculine(&word) {
            let message = format!("\"{word}\" speaks to men alone; {better}");
            found.warning(said.at, message);
        }
    }
    if said.text.contains("(а)") || said.text.contains("(ась)") {
        let message = "\"(а)\" cannot be said; use the plural, which is polite and fits everybody";
        found.warning(said.at, message);
    }
    if !is_heard {
        return;
    }
    for (sign, word) in SIGNS {
        let alone = said
            .text
            .split(|c: char| c.is_whitespace() || ",.;:!?—«»".contains(c));
        let mut alone = alone.filter(|part| part.chars().eq([sign]));
        if alone.next().is_some() {
            let message = format!("\"{sign}\" is read by no voice as it should be; write «{word}»");
            found.warning(said.at, message);
        }
    }
    let text = said.text.to_lowercase() + " ";
    for (plain, dotted) in DOTS {
        let begins = text
            .match_indices(plain)
            .any(|(at, _)| !text[..at].ends_with(char::is_alphabetic));
        if begins {
            let message = format!(
                "\"{}\" is stressed wrongly without its dots; write «{dotted}»",
                plain.trim()
            );
            found.warning(said.at, message);
        }
    }
    for word in words(&said.text) {
        let meant = STRESSES.iter().find(|(plain, _)| word == *plain);
        if let Some((_, meant)) = meant {
            let message = format!(
                "\"{word}\" may be stressed wrongly; mark the stress, {meant}, or use another word"
            );
            found.warning(said.at, message);
        }
    }
}

/// Words with their stress marks, in small letters.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphabetic() && c != STRESS)
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// What to write instead of a form that fits men alone.
fn masculine(word: &str) -> Option<String> {
    let plain: String = word.chars().filter(|c| *c != STRESS).collect();
    if let Some((_, better)) = SHORT.iter().find(|(short, _)| *short == plain) {
        return Some(format!("write «{better}»"));
    }
    if NOUNS.contains(&plain.as_str()) {
        return None;
    }
    if let Some(stem) = plain.strip_suffix("лся") {
        return Some(format!(
            "write «{stem}лись», which is polite and fits everybody"
        ));
    }
    let stem = plain.strip_suffix('л')?;
    let is_past =
        stem.chars().count() >= 2 && stem.ends_with(['а', 'я', 'и', 'е', 'ы', 'у', 'о', 'ё']);
    is_past.then(|| format!("write «{plain}и», which is polite and fits everybody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_for_men_are_told_from_nouns() {
        for (word, is_found) in [
            ("дозвонился", true),
            ("поняли", false),
            ("понял", true),
            ("получил", true),
            ("шёл", true),
            ("отдел", false),
            ("балл", false),
            ("специалист", false),
            ("смог", true),
            ("довольны", false),
            ("был", true),
            ("сел", true),
        ] {
            assert_eq!(masculine(word).is_some(), is_found, "{word}");
        }
    }
}
