//! Words that stand beside a number: of how many calls, visits or transfers something is true. They agree with any number,
//! as the words of a single call do not.

/// How calls and transfers end, counted.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("served", "обслужено"),
    ("self-served", "решено в меню"),
    ("left before a queue", "ушло до очереди"),
    ("abandoned", "не дождалось"),
    ("dismissed", "отправлено ни с чем"),
    ("callback promised", "обещано перезвонить"),
    ("message left", "оставлено сообщений"),
    ("refused", "отказано"),
    ("diverted", "переадресовано"),
    ("direct", "напрямую специалисту"),
    ("unknown", "неизвестно"),
    ("open", "идёт сейчас"),
    ("answered", "отвечено"),
    ("returned", "вернулось"),
    ("pending", "ещё не ясно"),
    ("no_answer", "без ответа"),
    ("busy", "занято"),
    ("caller_gone", "ушло звонящих"),
];
