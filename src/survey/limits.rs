//! Every limit of a survey, in one place, with its reason.

use std::time::Duration;

/// A definition is read whole; a long one has some 20 KiB.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// The full questionnaire has 19 items.
pub const QUESTIONS_MAX: usize = 60;
/// As many as a questionnaire can use in five languages.
pub const PROMPTS_MAX: usize = 400;
/// Languages of one definition.
pub const LANGUAGES_MAX: usize = 8;
/// On paper; the keypad has nine.
pub const ANSWERS_MAX: usize = 20;
/// Longer than anybody listens to: some three minutes.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Ids, codes and names.
pub const NAME_CHARS_MAX: usize = 64;

/// The phone leaves the ear, the screen is unlocked, the keypad is found: no less than this after the prompt's end.
pub const FIRST_DIGIT_LEAST: Duration = Duration::from_secs(10);
/// Longer a caller would take for a dead line.
pub const FIRST_DIGIT_MOST: Duration = Duration::from_secs(60);
/// Between the digits of one number. The field uses 3–5 s; a slow hand needs 8.
pub const INTER_DIGIT_LEAST: Duration = Duration::from_secs(3);
/// The same from above.
pub const INTER_DIGIT_MOST: Duration = Duration::from_secs(30);
/// Who was asked five times has answered: by silence.
pub const ATTEMPTS_MAX: u64 = 5;
/// Digits of a number: a year, a postcode, not a telephone number.
pub const DIGITS_MAX: u64 = 6;
/// A spoken comment.
pub const NOTE_MAX: Duration = Duration::from_secs(180);

/// A whole session, however it goes: even with pauses of a relay operator.
pub const SESSION_MOST: Duration = Duration::from_secs(1_800);
/// Unless the definition says otherwise.
pub const SESSION_DEFAULT: Duration = Duration::from_secs(600);
/// Prompts that are ordered in one session, the goodbye left out.
pub const PLAYS_MOST: u64 = 500;
/// Unless the definition says otherwise.
pub const PLAYS_DEFAULT: u32 = 60;

/// The same key again within this is the same press: contacts bounce for some 20 ms, an old hand trembles longer.
pub const BOUNCE: Duration = Duration::from_millis(250);
/// A key heard by RFC 4733 and again in the voice is one press: detectors of tones are slower than events.
pub const TOLD_TWICE: Duration = Duration::from_millis(500);
/// A second end of a prompt this soon after the first speaks of the same one: nothing is said in a quarter of a second.
pub const ENDED_TWICE: Duration = Duration::from_millis(250);
/// Two stars within this are the way out of a survey that needs 0 as an answer.
pub const STAR_STAR: Duration = Duration::from_secs(3);
/// After a silence the next one may be longer by half: not everybody is quick.
pub const PATIENCE_PERCENT: u32 = 150;
/// How long the caller waits for the journal; then the survey lets the caller go.
pub const RECORD_MAX: Duration = Duration::from_secs(5);
/// A prompt whose end is not reported is over after half as long again as it should take, and this.
pub const PROMPT_SLACK: Duration = Duration::from_secs(5);
/// Keys kept while an answer is being written; a hurried hand is four ahead at the most.
pub const AHEAD_MAX: usize = 8;

/// Words a minute that a prompt may hold: slow reading, for callers who are unsure. Newsreaders have 150.
pub const WORDS_A_MINUTE: u64 = 110;
/// Longer than this nobody remembers how a prompt began.
pub const PROMPT_SECONDS_MAX: u64 = 30;
/// Questions on the keypad before people hang up.
pub const KEYPAD_QUESTIONS_MAX: usize = 3;
/// Seconds of prompts on the keypad before people hang up.
pub const KEYPAD_SECONDS_MAX: u64 = 90;

/// Forms of one request: a day's paper of a large service, and some hundred KiB.
pub const FORMS_MAX: usize = 1_000;
/// The id of a form.
pub const FORM_ID_BYTES: usize = 128;
/// How often a cause may be named in a month: more is a slip of the pen.
pub const COUNT_MAX: u32 = 1_000_000;
