//! Files broken in every way that is known, and what each is told: where, what is wrong, what would be right.

use super::{EVERYTHING, TWO_QUESTIONS, lint, shown};
use crate::survey::Severity;
use crate::survey::finding::place;

/// A file in which one thing was changed: what it is told, at the place of `at` in the changed file.
struct Broken {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
    message: &'static str,
}

const fn two(
    from: &'static str,
    to: &'static str,
    at: &'static str,
    message: &'static str,
) -> Broken {
    Broken {
        file: TWO_QUESTIONS,
        from,
        to,
        at,
        message,
    }
}

const fn every(
    from: &'static str,
    to: &'static str,
    at: &'static str,
    message: &'static str,
) -> Broken {
    Broken {
        file: EVERYTHING,
        from,
        to,
        at,
        message,
    }
}

#[track_caller]
fn check(severity: Severity, cases: &[Broken]) {
    for case in cases {
        assert!(
            case.file.contains(case.from),
            "nothing to break: {}",
            case.from
        );
        let broken = case.file.replacen(case.from, case.to, 1);
        let at = broken
            .find(case.at)
            .unwrap_or_else(|| panic!("no such place: {}", case.at));
        let (line, column) = place(broken.as_bytes(), at);
        let (definition, findings) = lint(broken.as_bytes());
        let is_found = findings.iter().any(|finding| {
            finding.severity == severity
                && (finding.line, finding.column) == (line, column)
                && finding.message == case.message
        });
        let wanted = format!("{line}:{column}: {}", case.message);
        assert!(is_found, "\nwanted {wanted}\n got   {}", shown(&findings));
        assert_eq!(
            definition.is_none(),
            severity == Severity::Error,
            "{wanted}"
        );
    }
}

#[test]
fn a_file_that_is_no_survey_is_told_so() {
    let told = |bytes: &[u8]| shown(&lint(bytes).1);
    let empty = "1:1: the file is empty; a survey begins with survey = \"name\" and version = 1";
    assert_eq!(told(b""), empty);
    assert_eq!(told("\u{feff} \n\t\n".as_bytes()), empty);
    assert_eq!(
        told(b"survey = \"a\"\n\xff\xfe"),
        "2:1: this is no UTF-8 text; a survey is a TOML file in UTF-8"
    );
    assert_eq!(
        told(b"\x7fELF\0\0"),
        "1:5: this is no text; a survey is a TOML file in UTF-8"
    );
    assert!(told(&vec![b' '; 2 << 20]).starts_with("1:1: the file is larger than 1024 KiB"));
    assert!(
        told(b"survey = \n").starts_with("1:10: no valid TOML: "),
        "{}",
        told(b"survey = \n")
    );
    // A file of comments alone says nothing.
    assert!(told(b"# only words\n").contains("1:1: \"survey\" is missing in the top of the file"));
}

#[test]
fn the_frame_is_checked() {
    check(
        Severity::Error,
        &[
            two(
                "version = 1 ",
                "verion = 1 ",
                "verion = 1 ",
                "unknown key \"verion\" in the top of the file, did you mean \"version\"?",
            ),
            two(
                "version = 1 ",
                "version = 0 ",
                "0 ",
                "version: expected a whole number from 1 to 4294967295, got 0",
            ),
            two(
                "version = 1 ",
                "version = \"1\" ",
                "\"1\" ",
                "version: expected a whole number from 1 to 4294967295, got \"1\"",
            ),
            two(
                "survey = \"two-questions\"",
                "survey = \"two questions\"",
                "\"two questions\"",
                "survey: \"two questions\" is no name: at most 64 Latin letters, digits, \"-\" and \"_\"",
            ),
            two(
                "survey = \"two-questions\"",
                "",
                "# Two",
                "\"survey\" is missing in the top of the file: the name of the survey, survey = \"name\"",
            ),
            two(
                "[\"ru\", \"en\"]",
                "[\"ru\", \"ru\"]",
                "\"ru\"]",
                "languages: \"ru\" is named twice",
            ),
            two(
                "[\"ru\", \"en\"]",
                "[]",
                "languages",
                "languages: none is named; the languages of its texts, languages = [\"ru\", \"en\"]; the first is the default",
            ),
            two(
                "\"3years\"",
                "\"long\"",
                "\"long\"",
                "retention: expected a span such as \"3years\", got \"long\"",
            ),
            two(
                "headline = \"satisfaction\"",
                "headline = \"satisfacton\"",
                "\"satisfacton\"",
                "headline: there is no question \"satisfacton\", did you mean \"satisfaction\"?",
            ),
            two(
                "leave_to = \"specialist\"",
                "leave_to = \"specialists\"",
                "\"specialists\"",
                "leave_to: expected one of \"goodbye\", \"specialist\", got \"specialists\", did you mean \"specialist\"?",
            ),
            two(
                "goodbye = \"goodbye\"",
                "goodbye = \"godbye\"",
                "\"godbye\"",
                "goodbye: there is no prompt \"godbye\", did you mean \"goodbye\"?",
            ),
            two(
                "[consent]\n",
                "[consent]\nkey = \"0\"\n",
                "\"0\"\ntext",
                "key: expected a key from \"1\" to \"9\", got \"0\"",
            ),
            two(
                "first_digit_timeout = \"10s\"",
                "first_digit_timeout = \"5s\"",
                "\"5s\"",
                "first_digit_timeout: expected 10s to 1m, got 5s",
            ),
            two(
                "attempts = 3",
                "attempts = 9",
                "9\n",
                "attempts: expected a whole number from 1 to 5, got 9",
            ),
            two(
                "barge_in = true",
                "barge_in = \"yes\"",
                "\"yes\"  ",
                "barge_in: expected true or false, got \"yes\"",
            ),
        ],
    );
}

#[test]
fn prompts_are_checked() {
    check(
        Severity::Error,
        &[
            two(
                "prompt = \"solved\"",
                "prompt = \"solvd\"",
                "\"solvd\"",
                "prompt: there is no prompt \"solvd\", did you mean \"solved\"?",
            ),
            two(
                "prompt = \"solved\"",
                "prompt = \"resolution\"",
                "\"resolution\"",
                "prompt: there is no prompt \"resolution\"; write it as [prompt.resolution]",
            ),
        ],
    );
    // A language left out, one too many, a recording twice.
    let without = TWO_QUESTIONS.replace("en = \"Now something else.\"\n", "");
    assert!(shown(&lint(without.as_bytes()).1).contains(
        "prompt \"another-topic\" has no text in \"en\"; write en = \"…\" under [prompt.another-topic]"
    ));
    check(
        Severity::Error,
        &[
            two(
                "en = \"Now something else.\"",
                "en = \"Now something else.\"\nde = \"Nun.\"",
                "de = \"Nun",
                "unknown key \"de\" in [prompt.another-topic]",
            ),
            two(
                "en = \"Now something else.\"",
                "en = \"\"",
                "\"\"",
                "en: the text is empty",
            ),
            two(
                "[prompt.another-topic]\n",
                "[prompt.another-topic]\naudio = \"two-questions/solved\"\n",
                "solved]\nru",
                "audio \"two-questions/solved\" is that of prompt \"another-topic\" as well; each prompt has its own",
            ),
            two(
                "[prompt.another-topic]\n",
                "[prompt.another-topic]\naudio = \"../x\"\n",
                "\"../x\"",
                "audio: a recording's id is a path of names, such as \"survey/invitation\"",
            ),
        ],
    );
    check(
        Severity::Warning,
        &[two(
            "[prompt.goodbye]",
            "[prompt.unused]\nru = \"Да.\"\nen = \"Yes.\"\n[prompt.goodbye]",
            "unused]",
            "prompt \"unused\" is said nowhere; use it or take it out",
        )],
    );
}

#[test]
fn questions_and_ways_are_checked() {
    check(
        Severity::Error,
        &[
            two(
                "kind = \"scale\"",
                "kind = \"scales\"",
                "\"scales\"",
                "kind: expected one of \"choice\", \"scale\", \"yes_no\", \"number\", \"nps_0_10\", \"voice_note\", got \"scales\", did you mean \"scale\"?",
            ),
            two(
                "code = \"solved\"",
                "code = \"satisfaction\"",
                "\"satisfaction\"\nkind = \"yes_no\"",
                "code: \"satisfaction\" is the code of another question; give each its own",
            ),
            two(
                "key = \"4\"",
                "key = \"5\"",
                "{ key = \"5\", code = \"4\"",
                "key 5 is used twice: it is \"5\" already; give each answer its own key",
            ),
            two(
                "code = \"4\"",
                "code = \"5\"",
                "{ key = \"4\", code = \"5\"",
                "answer code \"5\" is used twice; give each answer its own",
            ),
            two(
                "key = \"1\", code = \"1\"",
                "key = \"0\", code = \"1\"",
                "\"0\", code",
                "no way out: 0 leaves the survey; choose another key, or say leave = \"**\" at the top",
            ),
            two(
                "key = \"1\", code = \"1\"",
                "key = \"*\", code = \"1\"",
                "\"*\", code",
                "key: * repeats the question and is never an answer; choose a digit",
            ),
            two(
                "key = \"1\", code = \"1\"",
                "key = \"12\", code = \"1\"",
                "\"12\", code",
                "key: \"12\" is no key of a telephone; a digit from \"1\" to \"9\"",
            ),
            two(
                "key = \"1\", code = \"1\"",
                "code = \"1\"",
                "{ code = \"1\"",
                "\"key\" is missing in answers: the key that gives this answer, such as key = \"1\"",
            ),
            two(
                "positive = [\"5\", \"4\"]",
                "positive = [\"5\", \"6\"]",
                "\"6\"]",
                "positive: there is no answer \"6\"",
            ),
            two(
                "kind = \"yes_no\"\n",
                "kind = \"yes_no\"\nnext = \"satisfaction\"\n",
                "{ key = \"1\", code = \"yes\"",
                "next: from \"solved\" back to \"satisfaction\" is a loop; lead on to a later question or to \"end\"",
            ),
            two(
                "prompt = \"satisfaction\"\n",
                "prompt = \"satisfaction\"\nnext = \"end\"\n",
                "\"solved\"\nkind",
                "question \"solved\" is unreachable: no way leads to it; name it in a next, or take it out",
            ),
            two(
                "prompt = \"satisfaction\"\n",
                "prompt = \"satisfaction\"\nnext = \"solve\"\n",
                "\"solve\"\n",
                "next: there is no question \"solve\"; a code, or \"end\", did you mean \"solved\"?",
            ),
            two(
                "kind = \"yes_no\"",
                "kind = \"nps_0_10\"",
                "kind = \"nps_0_10\"",
                "no way out: a number needs 0 as a digit; say leave = \"**\" at the top, so that ** leaves",
            ),
        ],
    );
    check(
        Severity::Error,
        &[
            every(
                "To leave at any time, press star twice.",
                "",
                "\"Five questions",
                "no way out: before the first question nothing says in \"en\" how to stop; name the key or say that one may hang up",
            ),
            every(
                "least = 14",
                "least = 900",
                "least = 900",
                "least: 900 is more than most, which is 120",
            ),
            every(
                "digits = 3\n",
                "",
                "[[question]]\ncode = \"age\"",
                "\"digits\" is missing in [[question]]: how many digits the number has at the most",
            ),
            every(
                "kind = \"nps_0_10\"",
                "kind = \"nps_0_10\"\nanswers = [{ key = \"1\", code = \"a\" }]",
                "answers = [{ key = \"1\", code = \"a\"",
                "answers: this kind of question has no list of answers; take it out",
            ),
            every(
                "outside = [\"unsure\"]",
                "outside = [\"good\"]",
                "{ key = \"3\", code = \"good\"",
                "answer \"good\" is positive and outside the scale; it can be one of the two",
            ),
            every(
                "appeal = \"appeal\"\n",
                "",
                "[[question]]\ncode = \"comment\"",
                "\"appeal\" is missing in [[question]]: the prompt that says that it is recorded, that it is no official appeal, and how to make one",
            ),
            every(
                "How old are you?",
                "Do you have a disability?",
                "\"Do you",
                "question \"age\" asks about health or disability by key; leave it out, or ask it where consent in writing can be given",
            ),
            every(
                "noinput = [\"silence\"]\n",
                "",
                "[[question]]\ncode = \"topic\"",
                "\"noinput\" is missing in [[question]]: the prompt said after a silence; here or in [defaults]",
            ),
        ],
    );
}

#[test]
fn a_key_said_twice_in_a_table_is_told_in_plain_words() {
    let broken = TWO_QUESTIONS.replacen("attempts = 3", "attempts = 3\nattempts = 2", 1);
    let (_, findings) = lint(broken.as_bytes());
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].message,
        "attempts is said twice in this table; keep one of the two"
    );
}

#[test]
fn what_is_hard_on_the_ear_is_a_warning() {
    check(
        Severity::Warning,
        &[
            two(
                "Два коротких вопроса о нашем разговоре, меньше минуты.",
                "Здравствуйте.",
                "\"Здравствуйте",
                "the invitation does not say first how long it takes in \"ru\"; begin with the number of questions or minutes",
            ),
            two(
                "[prompt.goodbye]\n",
                "[prompt.goodbye]\nseconds = { ru = 3 }\n",
                "\"Спасибо, что",
                "prompt \"goodbye\" is read too fast in \"ru\": 160 words a minute; at most 110, read it slower",
            ),
            two(
                "Если да, нажмите один.",
                "Нажмите один, если да.",
                "\"Решили ли",
                "prompt \"solved\" says the option after its key \"один\" in \"ru\"; say the option first, then its key",
            ),
            two(
                "If yes, press one.",
                "Press one for yes.",
                "\"Did we",
                "prompt \"solved\" says the option after its key \"one\" in \"en\"; say the option first, then its key",
            ),
            two(
                "Отлично — пять.",
                "Пять — отлично.",
                "\"Оцените, как",
                "prompt \"satisfaction\" says the option after its key \"пять\" in \"ru\"; say the option first, then its key",
            ),
            two(
                "Excellent is five.",
                "5 means excellent.",
                "\"How well",
                "prompt \"satisfaction\" says the option after its key \"5\" in \"en\"; say the option first, then its key",
            ),
            two(
                "intro = \"another-topic\"",
                "#",
                "kind = \"yes_no\"",
                "\"solved\" is answered by yes or no right after the scale of \"satisfaction\"; announce the change of topic by intro = \"…\"",
            ),
            two(
                "positive = [\"5\", \"4\"] ",
                "",
                "\"satisfaction\"\nkind = \"scale\"",
                "\"satisfaction\" is the headline and no answer counts as satisfied; say positive = [\"…\"]",
            ),
            every(
                "{ key = \"3\", code = \"good\" }, { key = \"2\"",
                "{ key = \"2\", code = \"good\" }, { key = \"3\"",
                "{ key = \"3\"",
                "the scale of \"grade\" runs the other way: list its answers best first, with falling keys, 5 the best",
            ),
            every(
                "# Every",
                "# Each",
                "\"topic\"\nkind",
                "5 questions are many on the keypad; at most 3, or callers hang up",
            ),
            two(
                "Теперь о другом.",
                "Вы дозвонился?",
                "\"Вы дозвонился",
                "\"дозвонился\" speaks to men alone; write «дозвонились», which is polite and fits everybody",
            ),
            two(
                "Теперь о другом.",
                "Вы поняли(а)?",
                "\"Вы поняли(а)",
                "\"(а)\" cannot be said; use the plural, which is polite and fits everybody",
            ),
            two(
                "Теперь о другом.",
                "Нажмите * .",
                "\"Нажмите * ",
                "\"*\" is read by no voice as it should be; write «звёздочка»",
            ),
            two(
                "Теперь о другом.",
                "Нажмите 0.",
                "\"Нажмите 0",
                "\"0\" is read by no voice as it should be; write «ноль»",
            ),
            two(
                "Теперь о другом.",
                "Нажмите решетку.",
                "\"Нажмите реш",
                "\"решетк\" is stressed wrongly without its dots; write «решётка»",
            ),
            two(
                "Теперь о другом.",
                "Большая очередь.",
                "\"Большая",
                "\"большая\" may be stressed wrongly; mark the stress, бо\u{301}льшая or больша\u{301}я, or use another word",
            ),
        ],
    );
}

#[test]
fn nobody_hears_out_a_prompt_of_half_a_minute_and_more() {
    let long = "Скажите, пожалуйста, ".repeat(30);
    let long: &'static str = Box::leak(format!("\"{long}").into_boxed_str());
    let broken = two(
        "\"Решили ли",
        long,
        long,
        "prompt \"solved\" is too long for the ear in \"ru\": about 39 s; at most 30 s, say it shorter",
    );
    check(Severity::Error, &[broken]);
}

#[test]
fn ninety_seconds_are_enough() {
    let broken = EVERYTHING.replace("How old are you?", &"How old are you? ".repeat(40));
    let findings = shown(&lint(broken.as_bytes()).1);
    assert!(
        findings.contains("s of prompts in \"en\" are long on the keypad; at most 90 s"),
        "{findings}"
    );
    assert!(!shown(&lint(EVERYTHING.as_bytes()).1).contains("s of prompts in"));
}

#[test]
fn a_stress_that_is_marked_is_no_matter() {
    let marked = TWO_QUESTIONS.replace("Теперь о другом.", "Бо\u{301}льшая часть позади.");
    assert_eq!(shown(&lint(marked.as_bytes()).1), "");
}
