//! A survey tried out in virtual time: what happens on the line as JSON lines, what is ordered as JSON lines.
//!
//! ```text
//! {"at_ms": 9000, "prompt_ended": true}      {"at_ms": 11000, "digit": "4"}      {"at_ms": 12000, "hangup": true}
//! ```
//!
//! A journal that is always quick answers each record at once. When the script is over, time runs on to the end.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::model::nearest::{nearest, suggestion};

use super::definition::{Definition, Then};
use super::interview::Interview;
use super::key::Key;
use super::order::{Heard, Input, Order, Press, Record};

/// The longest script.
const LINES_MAX: usize = 100_000;
/// The latest moment of a script: a day.
const AT_MS_MAX: u64 = 86_400_000;

/// What happens, and when.
pub type Step = (Duration, Input);

/// A line of a script that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Reads a script.
///
/// # Errors
/// The first line that is no step, or that lies before the one above it.
pub fn read_script(text: &str) -> Result<Vec<Step>, ScriptError> {
    let mut steps: Vec<Step> = Vec::new();
    for (place, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |message: String| ScriptError {
            line: place + 1,
            message,
        };
        if steps.len() == LINES_MAX {
            return Err(wrong(format!("at most {LINES_MAX} lines")));
        }
        let step = step(line).map_err(wrong)?;
        if let Some((before, _)) = steps.last().filter(|(before, _)| *before > step.0) {
            let (at, before) = (step.0.as_millis(), before.as_millis());
            return Err(wrong(format!(
                "at_ms {at} is before the line above, which is at {before}; time runs forward"
            )));
        }
        steps.push(step);
    }
    Ok(steps)
}

const KEYS: [&str; 10] = [
    "at_ms",
    "digit",
    "prompt_ended",
    "hangup",
    "failed",
    "unable",
    "voice_note",
    "resumed",
    "input_seq",
    "heard",
];

fn step(line: &str) -> Result<Step, String> {
    let example = "such as {\"at_ms\":1500,\"digit\":\"4\"}";
    let value: Value = serde_json::from_str(line).map_err(|error| {
        let column = error.column();
        format!("no JSON at column {column}; expected one object a line, {example}")
    })?;
    let Value::Object(said) = value else {
        return Err(format!("expected an object, {example}"));
    };
    if let Some(key) = said.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let near = suggestion(nearest(key, KEYS));
        let known = KEYS.join(", ");
        return Err(format!(
            "unknown key \"{key}\"; expected some of {known}{near}"
        ));
    }
    let at = said
        .get("at_ms")
        .ok_or_else(|| format!("\"at_ms\" is missing, {example}"))?;
    let at = at
        .as_u64()
        .filter(|at| *at <= AT_MS_MAX)
        .ok_or_else(|| format!("at_ms: expected milliseconds from 0 to {AT_MS_MAX}, got {at}"))?;
    Ok((Duration::from_millis(at), input(&said)?))
}

fn input(said: &Map<String, Value>) -> Result<Input, String> {
    let happened = [
        "digit",
        "prompt_ended",
        "hangup",
        "failed",
        "unable",
        "voice_note",
        "resumed",
    ];
    let named: Vec<&str> = happened
        .into_iter()
        .filter(|key| said.contains_key(*key))
        .collect();
    let [key] = named[..] else {
        let all = happened.join(", ");
        return Err(if named.is_empty() {
            format!("nothing happens; say one of {all}")
        } else {
            format!("{} happen at once; one a line", named.join(" and "))
        });
    };
    let value = &said[key];
    let told = |input: Input| {
        if *value == Value::Bool(true) {
            Ok(input)
        } else {
            Err(format!("{key}: expected true, got {value}"))
        }
    };
    match key {
        "digit" => press(value, said),
        "prompt_ended" => told(Input::PromptEnded { play: None }),
        "hangup" => told(Input::HangUp),
        "failed" => told(Input::Failed),
        "unable" => told(Input::Unable),
        "resumed" => told(Input::Resumed),
        _ => match value.as_str() {
            Some(recording) if !recording.is_empty() => Ok(Input::VoiceNote {
                recording: recording.to_owned(),
            }),
            _ => Err(format!(
                "voice_note: expected the recording's id in quotes, got {value}"
            )),
        },
    }
}

fn press(value: &Value, said: &Map<String, Value>) -> Result<Input, String> {
    let key = value.as_str().and_then(Key::parse).ok_or_else(|| {
        format!("digit: expected one key in quotes, \"0\" to \"9\", \"*\", \"#\" or \"A\" to \"D\", got {value}")
    })?;
    let input_seq = match said.get("input_seq") {
        None => None,
        Some(number) => Some(
            number
                .as_u64()
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("input_seq: expected a number from 1 on, got {number}"))?,
        ),
    };
    let heard = match said.get("heard").map(Value::as_str) {
        None => Heard::Unknown,
        Some(Some("rfc4733")) => Heard::Rfc4733,
        Some(Some("inband")) => Heard::Inband,
        Some(_) => return Err("heard: expected \"rfc4733\" or \"inband\"".to_owned()),
    };
    Ok(Input::Press(Press {
        key,
        input_seq,
        heard,
    }))
}

/// Conducts an interview by a script; every order as a JSON line with its time, and the end: disposition and answers.
pub fn play_script(definition: &Definition, language: &str, steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    let say = |at: Timestamp, order: &Order| lines.push(order_json(at, order).to_string());
    let interview = conduct(definition, language, steps, say);
    lines.push(end_json(definition, &interview).to_string());
    lines
}

/// Conducts an interview by a script, tells each order with its time, and returns the interview as it ended.
pub(super) fn conduct(
    definition: &Definition,
    language: &str,
    steps: &[Step],
    mut tell: impl FnMut(Timestamp, &Order),
) -> Interview {
    let mut orders = Vec::new();
    let begin = Timestamp::from_micros(0);
    let mut interview = Interview::begin(definition, language, begin, &mut orders);
    let mut perform = |interview: &mut Interview, at: Timestamp, orders: &mut Vec<Order>| {
        // What is ordered after a record waits for the disk, which is quick here.
        let mut done = 0;
        while let Some(order) = orders.get(done) {
            tell(at, order);
            done += 1;
            if let Order::Record { seq, .. } = *order {
                interview.handle_input(definition, &Input::Recorded { seq }, at, orders);
            }
        }
        orders.clear();
    };
    perform(&mut interview, begin, &mut orders);
    for (at, input) in steps {
        let at = begin.plus(*at);
        while let Some(due) = interview.poll_deadline(definition).filter(|due| *due < at) {
            interview.handle_deadline(definition, due, &mut orders);
            perform(&mut interview, due, &mut orders);
        }
        interview.handle_input(definition, input, at, &mut orders);
        perform(&mut interview, at, &mut orders);
    }
    while let Some(due) = interview.poll_deadline(definition) {
        interview.handle_deadline(definition, due, &mut orders);
        perform(&mut interview, due, &mut orders);
    }
    interview
}

/// How it ended, and what was answered.
fn end_json(definition: &Definition, interview: &Interview) -> Value {
    let answers = interview.answers().map(|(question, answer)| {
        let code = definition.questions[question].code.as_str().to_owned();
        (code, Value::from(answer))
    });
    let answers: Map<String, Value> = answers.collect();
    let disposition = interview
        .outcome()
        .map(|outcome| outcome.disposition.as_str());
    json!({ "disposition": disposition, "answers": answers })
}

fn order_json(at: Timestamp, order: &Order) -> Value {
    let mut said = match order {
        Order::Play {
            play,
            prompts,
            language,
            barge_in,
        } => json!({
            "order": "play", "play": play, "prompts": prompts, "language": language, "barge_in": barge_in,
        }),
        Order::Collect {
            question,
            digits_max,
            term,
            first_digit_timeout,
            inter_digit_timeout,
        } => json!({
            "order": "collect",
            "question": question.as_ref().map(|question| question.as_str()),
            "digits_max": digits_max,
            "term": term.map(Key::as_char),
            "first_digit_timeout_ms": millis(*first_digit_timeout),
            "inter_digit_timeout_ms": millis(*inter_digit_timeout),
        }),
        Order::Listen {
            question,
            seconds_max,
            term,
        } => json!({
            "order": "listen",
            "question": question.as_str(),
            "max_ms": millis(*seconds_max),
            "term": term.as_char(),
        }),
        Order::Record { seq, record } => {
            let mut said = record_json(record);
            said["seq"] = json!(seq);
            said
        }
        Order::End {
            disposition,
            no_dtmf,
            next,
        } => {
            let next = match next {
                Then::HangUp => "hang_up",
                Then::Specialist => "specialist",
            };
            json!({ "order": "end", "disposition": disposition.as_str(), "no_dtmf": no_dtmf, "next": next })
        }
    };
    said["at_ms"] = json!(at.as_micros() / 1_000);
    said
}

fn record_json(record: &Record) -> Value {
    match record {
        Record::Consent {
            text_id,
            version,
            prompts,
            key,
        } => json!({
            "order": "record", "record": "consent", "text": text_id, "version": version, "prompts": prompts,
            "key": key.map(Key::as_char),
        }),
        Record::Answer { question, answer } => json!({
            "order": "record", "record": "answer", "question": question.as_str(), "answer": answer.as_str(),
        }),
        Record::Skip { question } => json!({
            "order": "record", "record": "skip", "question": question.as_str(),
        }),
        Record::NoteConsent {
            question,
            text_id,
            version,
            key,
        } => json!({
            "order": "record", "record": "note_consent", "question": question.as_str(), "text": text_id,
            "version": version, "key": key.as_char(),
        }),
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
