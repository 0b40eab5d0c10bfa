//! The bytes of one commit.
//!
//! ```text
//! row    := "DZ" | version | uint count | entries | CRC-32C of all before, 4 bytes little-endian
//! entry  := tag | text source | uint epoch | mode | int sent_at µs | int received_at µs | rest
//! rest   := tag 1 batch:     uint count | events, as the event codec of version 1 writes them, from (0, sent_at)
//!           tag 2 heartbeat: nothing
//!           tag 3 finish:    1 complete or 0
//!           tag 4 rejected:  uint count | count × (int sequence ±Δ, text reason), from 0
//!           tag 5 survey:    as `survey` draws it                  since version 2, forms and cases since 3
//! ```
//!
//! A row is written as the first version that knew all of it wrote it. A row's entries stand for consecutive positions: one an event,
//! one a heartbeat, one a finish, one a rejected event, one a step of a survey. A golden file holds a row of each version
//! ever written; the reader reads them all.

use std::sync::Arc;

use crate::model::{
    CodecError, EpochIndex, Event, Mode, Reader, SourceId, SurveyEvent, Text, Timestamp, put_int,
    put_text, put_uint, read_event, write_event,
};

use super::survey;

const MAGIC: &[u8; 2] = b"DZ";
/// The version of a row without surveys.
const VERSION: u8 = 1;
/// The version of a row with some.
const VERSION_SURVEYS: u8 = 2;
/// The version of a row with forms or cases.
const VERSION_FORMS: u8 = 3;
const BATCH: u8 = 1;
const HEARTBEAT: u8 = 2;
const FINISH: u8 = 3;
const REJECTED: u8 = 4;
const SURVEY: u8 = 5;
const CRC_BYTES: usize = 4;

/// One thing a source sent, as journaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who sent it.
    pub source: SourceId,
    /// In which numbering.
    pub epoch: EpochIndex,
    /// Live or history.
    pub mode: Mode,
    /// The source's clock when it was sent.
    pub sent_at: Timestamp,
    /// Our clock when it came in.
    pub received_at: Timestamp,
    /// What it is.
    pub kind: EntryKind,
}

/// What a source sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Events, those that were taken.
    Batch(Vec<Event>),
    /// A sign of life.
    Heartbeat,
    /// The epoch has no further events.
    Finish {
        /// Whether it is a whole file.
        complete: bool,
    },
    /// Numbers that were rejected, each with its reason: remembered, so that counting them again after a crash gives
    /// the same.
    Rejected(Vec<(u64, Text)>),
    /// What a survey came to: ours, in no source's numbering. Both times are our clock's.
    Survey(SurveyEvent),
}

impl Entry {
    /// How many positions it takes.
    pub fn positions(&self) -> u64 {
        match &self.kind {
            EntryKind::Batch(events) => events.len() as u64,
            EntryKind::Rejected(events) => events.len() as u64,
            EntryKind::Heartbeat | EntryKind::Finish { .. } | EntryKind::Survey(_) => 1,
        }
    }
}

/// Why a row cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The checksum does not fit: the bytes are damaged.
    #[error("its checksum does not fit")]
    Checksum,
    /// A newer version wrote it.
    #[error("it has version {0}, which this dozvon does not know")]
    Version(u8),
    /// The checksum fits, but the bytes are no row.
    #[error("it is no journal row: {0}")]
    Malformed(#[from] CodecError),
    /// Bytes are left over.
    #[error("it is too long")]
    Overlong,
}

/// The bytes of a row.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + entries.iter().map(size_hint).sum::<usize>());
    out.extend_from_slice(MAGIC);
    let version = entries.iter().map(|entry| version_of(&entry.kind)).max();
    out.push(version.unwrap_or(VERSION));
    put_uint(&mut out, entries.len() as u64);
    for entry in entries {
        let tag = match &entry.kind {
            EntryKind::Batch(_) => BATCH,
            EntryKind::Heartbeat => HEARTBEAT,
            EntryKind::Finish { .. } => FINISH,
            EntryKind::Rejected(_) => REJECTED,
            EntryKind::Survey(_) => SURVEY,
        };
        out.push(tag);
        put_text(&mut out, entry.source.as_str());
        put_uint(&mut out, entry.epoch.0.into());
        out.push(entry.mode.code());
        put_int(&mut out, entry.sent_at.as_micros());
        put_int(&mut out, entry.received_at.as_micros());
        match &entry.kind {
            EntryKind::Batch(events) => {
                put_uint(&mut out, events.len() as u64);
                let mut before = (0, entry.sent_at);
                for event in events {
                    write_event(&mut out, event, &mut before);
                }
            }
            EntryKind::Heartbeat => {}
            EntryKind::Finish { complete } => out.push((*complete).into()),
            EntryKind::Rejected(events) => {
                put_uint(&mut out, events.len() as u64);
                let mut before = 0u64;
                for (sequence, reason) in events {
                    put_int(&mut out, sequence.wrapping_sub(before) as i64);
                    put_text(&mut out, reason);
                    before = *sequence;
                }
            }
            EntryKind::Survey(event) => survey::write(&mut out, event),
        }
    }
    let checksum = crc32c::crc32c(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    out
}

/// The version that such an entry came with.
const fn version_of(kind: &EntryKind) -> u8 {
    match kind {
        EntryKind::Batch(_)
        | EntryKind::Heartbeat
        | EntryKind::Finish { .. }
        | EntryKind::Rejected(_) => VERSION,
        EntryKind::Survey(SurveyEvent::Defined(_) | SurveyEvent::Session { .. }) => VERSION_SURVEYS,
        EntryKind::Survey(SurveyEvent::Form(_) | SurveyEvent::Case { .. }) => VERSION_FORMS,
    }
}

fn size_hint(entry: &Entry) -> usize {
    match &entry.kind {
        EntryKind::Batch(events) => 64 + events.len() * 48,
        EntryKind::Rejected(events) => 64 + events.len() * 32,
        EntryKind::Heartbeat | EntryKind::Finish { .. } => 64,
        EntryKind::Survey(_) => 512,
    }
}

/// The entries of a row.
///
/// # Errors
/// When the bytes are damaged, or of a version that is not known here.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, RecordError> {
    let body = bytes
        .len()
        .checked_sub(CRC_BYTES)
        .ok_or(RecordError::Checksum)?;
    let (body, checksum) = bytes.split_at(body);
    if crc32c::crc32c(body).to_le_bytes() != checksum {
        return Err(RecordError::Checksum);
    }
    let reader = &mut Reader::new(body);
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(RecordError::Checksum);
    }
    match reader.byte()? {
        VERSION | VERSION_SURVEYS | VERSION_FORMS => {}
        other => return Err(RecordError::Version(other)),
    }
    let count = reader.uint()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(decode_entry(reader)?);
    }
    if reader.is_empty() {
        Ok(entries)
    } else {
        Err(RecordError::Overlong)
    }
}

fn decode_entry(reader: &mut Reader<'_>) -> Result<Entry, CodecError> {
    let tag = reader.byte()?;
    let source = SourceId::new(Arc::<str>::from(reader.str()?));
    let epoch = EpochIndex(reader.uint32()?);
    let mode = reader.byte()?;
    let mode = Mode::from_code(mode).ok_or(CodecError::Code(mode))?;
    let sent_at = Timestamp::from_micros(reader.int()?);
    let received_at = Timestamp::from_micros(reader.int()?);
    let kind = match tag {
        BATCH => {
            let count = reader.uint()?;
            let mut events = Vec::new();
            let mut before = (0, sent_at);
            for _ in 0..count {
                events.push(read_event(reader, &mut before)?);
            }
            EntryKind::Batch(events)
        }
        HEARTBEAT => EntryKind::Heartbeat,
        FINISH => EntryKind::Finish {
            complete: reader.byte()? != 0,
        },
        REJECTED => {
            let count = reader.uint()?;
            let mut events = Vec::new();
            let mut before = 0u64;
            for _ in 0..count {
                before = before.wrapping_add(reader.int()? as u64);
                events.push((before, Text::from(reader.str()?)));
            }
            EntryKind::Rejected(events)
        }
        SURVEY => EntryKind::Survey(survey::read(reader)?),
        other => return Err(CodecError::Code(other)),
    };
    Ok(Entry {
        source,
        epoch,
        mode,
        sent_at,
        received_at,
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AgentId, AnswerChannel, AnswerCode, Body, CallEvent, CallId, CaseOpened, CaseStep, Cause,
        Disposition, EndedBy, Form, FormAnswer, FormContent, FormId, LineEvent, LineId,
        QuestionAsked, QuestionId, QueueId, SessionEnded, SessionEvent, SessionOpened,
        SurveyConsent, SurveyId, SurveyReason, SurveyText,
    };

    /// What version 1 wrote once and every later version must read.
    const GOLDEN_V1: &str = include_str!("../../tests/golden/journal-v1.hex");
    /// The same of version 2.
    const GOLDEN_V2: &str = include_str!("../../tests/golden/journal-v2.hex");
    /// The same of version 3.
    const GOLDEN_V3: &str = include_str!("../../tests/golden/journal-v3.hex");

    fn sample() -> Vec<Entry> {
        let at = |micros: i64| Timestamp::from_micros(1_700_000_000_000_000 + micros);
        let call = |sequence, micros, event| Event {
            sequence,
            occurred_at: at(micros),
            ahead: sequence == 3,
            body: Body::Call {
                call: CallId::new("c-1"),
                event,
            },
        };
        let queue = Some(QueueId::new("info"));
        let agent = AgentId::new("7");
        let line = LineEvent {
            line: LineId::new("8412"),
            busy: 2,
            total: 30,
        };
        let events = vec![
            call(
                1,
                0,
                CallEvent::QueueEntered {
                    queue: QueueId::new("info"),
                    position: 1,
                    priority: -1,
                },
            ),
            call(2, 9_000_000, CallEvent::AgentConnected { agent, queue }),
            call(
                3,
                8_000_000,
                CallEvent::Ended {
                    by: EndedBy::Caller,
                    cause: "bye".into(),
                },
            ),
            Event {
                sequence: 5,
                occurred_at: at(1),
                ahead: false,
                body: Body::Line(line),
            },
        ];
        let entry = |kind| Entry {
            source: SourceId::new("pbx"),
            epoch: EpochIndex(3),
            mode: Mode::Live,
            sent_at: at(10),
            received_at: at(20),
            kind,
        };
        vec![
            entry(EntryKind::Batch(events)),
            entry(EntryKind::Heartbeat),
            entry(EntryKind::Finish { complete: true }),
            entry(EntryKind::Rejected(vec![
                (4, "too_long".into()),
                (9, "kind_missing".into()),
            ])),
        ]
    }

    /// Every step of an interview, beside an event.
    fn surveys() -> Vec<Entry> {
        let at = |micros: i64| Timestamp::from_micros(1_700_000_000_000_000 + micros);
        let question = |code: &str| QuestionId::new(code);
        let session = |event, state: &[u8]| SurveyEvent::Session {
            call: CallId::new("c-1"),
            event,
            state: state.to_vec(),
        };
        let consent = |question, key| SurveyConsent {
            question,
            text_id: "by-phone".into(),
            version: 3,
            audio: [7; 32],
            audio_told: key != Some('1'),
            key,
            at: at(2),
        };
        let asked = QuestionAsked {
            question: question("solved"),
            noinputs: 1,
            nomatches: 2,
            repeats: 300,
        };
        let steps = [
            SurveyEvent::Defined(SurveyText {
                survey: SurveyId::new("two-questions"),
                version: 1,
                put_at: at(0),
                text: "survey = \"two-questions\"".into(),
            }),
            session(
                SessionEvent::Opened(SessionOpened {
                    survey: SurveyId::new("two-questions"),
                    version: 1,
                    language: "ru".into(),
                    reason: SurveyReason::Drawn,
                    rate: 500_000,
                }),
                b"state",
            ),
            session(SessionEvent::Consented(consent(None, None)), b"s"),
            session(
                SessionEvent::Consented(consent(Some(question("note")), Some('1'))),
                b"s",
            ),
            session(
                SessionEvent::Answered {
                    question: question("satisfaction"),
                    answer: AnswerCode::new("5"),
                    coded: true,
                },
                b"s",
            ),
            session(
                SessionEvent::Skipped {
                    question: question("solved"),
                },
                b"s",
            ),
            session(
                SessionEvent::Ended(SessionEnded {
                    disposition: Disposition::Complete,
                    no_dtmf: false,
                    asked: vec![asked],
                }),
                b"",
            ),
        ];
        let entries = steps.into_iter().map(|step| Entry {
            source: SourceId::new("pbx"),
            epoch: EpochIndex(0),
            mode: Mode::Live,
            sent_at: at(5),
            received_at: at(5),
            kind: EntryKind::Survey(step),
        });
        sample().into_iter().take(1).chain(entries).collect()
    }

    /// Forms of both kinds, and a case from beginning to end, beside an event.
    fn forms() -> Vec<Entry> {
        let at = |micros: i64| Timestamp::from_micros(1_700_000_000_000_000 + micros);
        let answer = |question, answer, words: &str| FormAnswer {
            question: QuestionId::new(question),
            answer: AnswerCode::new(answer),
            coded: answer != "17",
            words: words.into(),
        };
        let survey = SurveyId::new("questionnaire");
        let filled = Form {
            form: FormId::new("p-17"),
            channel: AnswerChannel::Paper,
            answered_at: at(-9),
            call: Some(CallId::new("c-1")),
            content: FormContent::Answers {
                survey: survey.clone(),
                version: 2,
                language: "ru".into(),
                answers: vec![
                    answer("staff_rating", "1", "грубо"),
                    answer("age", "17", ""),
                ],
            },
        };
        let counted = Form {
            form: FormId::new("appeal/2023-10/other"),
            channel: AnswerChannel::Appeal,
            answered_at: at(0),
            call: None,
            content: FormContent::Count {
                month: 2023 * 12 + 9,
                cause: Cause::Other,
                count: 300,
            },
        };
        let case = |form: Option<&str>, step| SurveyEvent::Case {
            call: Some(CallId::new("c-1")),
            form: form.map(FormId::new),
            step,
        };
        let opened = CaseOpened {
            survey,
            version: 2,
            channel: AnswerChannel::Paper,
            due_at: at(1),
            said: vec![(QuestionId::new("staff_rating"), AnswerCode::new("1"))],
        };
        let closed = |cause| CaseStep::Closed {
            by: "Анна".into(),
            done: "called back".into(),
            cause,
        };
        let steps = [
            SurveyEvent::Form(filled),
            SurveyEvent::Form(counted),
            case(Some("p-17"), CaseStep::Opened(opened)),
            case(
                None,
                CaseStep::Taken {
                    owner: "Пётр".into(),
                },
            ),
            case(Some("p-17"), closed(Some(Cause::PoorService))),
            case(None, closed(None)),
        ];
        let entries = steps.into_iter().map(|step| Entry {
            source: SourceId::new("pbx"),
            epoch: EpochIndex(0),
            mode: Mode::Live,
            sent_at: at(5),
            received_at: at(5),
            kind: EntryKind::Survey(step),
        });
        sample().into_iter().take(1).chain(entries).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn reads_what_it_wrote() {
        assert_eq!(decode(&encode(&sample())), Ok(sample()));
        assert_eq!(decode(&encode(&surveys())), Ok(surveys()));
        assert_eq!(decode(&encode(&forms())), Ok(forms()));
    }

    #[test]
    fn version_3_is_written_and_read_as_ever() {
        assert_eq!(hex(&encode(&forms())), GOLDEN_V3.trim());
    }

    #[test]
    fn version_2_is_written_and_read_as_ever() {
        assert_eq!(hex(&encode(&surveys())), GOLDEN_V2.trim());
    }

    #[test]
    fn version_1_is_written_and_read_as_ever() {
        assert_eq!(hex(&encode(&sample())), GOLDEN_V1.trim());
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        for good in [encode(&sample()), encode(&surveys()), encode(&forms())] {
            for position in 0..good.len() {
                let mut bad = good.clone();
                bad[position] ^= 1;
                assert_eq!(decode(&bad), Err(RecordError::Checksum), "byte {position}");
            }
        }
    }

    #[test]
    fn a_cut_row_is_noticed() {
        let good = encode(&sample());
        for length in 0..good.len() {
            assert!(decode(&good[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut newer = encode(&[]);
        newer.truncate(newer.len() - CRC_BYTES);
        newer[2] = 9;
        let checksum = crc32c::crc32c(&newer);
        newer.extend_from_slice(&checksum.to_le_bytes());
        assert_eq!(decode(&newer), Err(RecordError::Version(9)));
    }
}
