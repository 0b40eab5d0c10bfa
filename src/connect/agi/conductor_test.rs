//! The machine between dialog and channel, told its stories: `order ▶ command`, `answer ▶ report`.

use std::sync::Arc;
use std::time::Duration;

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::proto::v1::conduct_survey_response::Order;

use super::codec::{Answers, Said};
use super::conductor::{Act, Conductor};
use super::options::Options;

fn options() -> Arc<Options> {
    Arc::new(Options {
        server: "127.0.0.1:1".parse().unwrap(),
        source: "pbx".to_owned(),
        sounds: "dozvon/".to_owned(),
        goodbye: "bye".to_owned(),
        recordings: "notes".to_owned(),
        deadline: Duration::from_secs(4),
        sessions_max: 1,
    })
}

/// A channel whose acts are read as lines: commands as they are sent, reports by their words.
struct Channel {
    conductor: Conductor,
    acts: Vec<Act>,
    at: Duration,
}

impl Channel {
    fn new() -> Self {
        let mut acts = Vec::new();
        let conductor = Conductor::new(options(), "17.3", Duration::ZERO, &mut acts);
        Self {
            conductor,
            acts,
            at: Duration::ZERO,
        }
    }

    fn did(&mut self) -> Vec<String> {
        let said = self.acts.drain(..).map(|act| match act {
            Act::Say(command) => command.line().trim_end().to_owned(),
            Act::Report(Message::Key(key)) => format!("key {} #{}", key.key, key.input_seq),
            Act::Report(Message::PromptEnded(ended)) => format!("ended {}", ended.play),
            Act::Report(Message::VoiceNote(note)) => format!("note {}", note.recording),
            Act::Report(Message::HungUp(_)) => "hung up".to_owned(),
            Act::Report(Message::Failed(failed)) => format!("failed: {}", failed.cause),
            Act::Report(other @ (Message::Open(_) | Message::Unable(_))) => format!("{other:?}"),
            Act::Missing(file) => format!("missing {file}"),
            Act::Over => "over".to_owned(),
        });
        said.collect()
    }

    fn order(&mut self, order: Order) -> Vec<String> {
        self.conductor.handle_order(order, self.at, &mut self.acts);
        self.did()
    }

    fn play(&mut self, play: u32, prompts: &[&str], barge_in: bool) -> Vec<String> {
        self.order(Order::Play(wire::PlayPrompts {
            play,
            prompts: prompts.iter().map(|one| (*one).to_owned()).collect(),
            language: "ru".to_owned(),
            barge_in,
            texts: Vec::new(),
        }))
    }

    fn collect(&mut self, digits_max: u32) -> Vec<String> {
        self.order(Order::Collect(wire::CollectDigits {
            question: "q".to_owned(),
            digits_max,
            term: String::new(),
            first_digit_timeout: Some(Duration::from_secs(10).into()),
            inter_digit_timeout: Some(Duration::from_secs(5).into()),
        }))
    }

    fn end(&mut self, disposition: &str, reason: &str) -> Vec<String> {
        self.order(Order::End(wire::EndDialog {
            disposition: disposition.to_owned(),
            next: wire::DialogNext::HangUp.into(),
            reason: reason.to_owned(),
            ..wire::EndDialog::default()
        }))
    }

    /// So long after the answer before.
    fn answer(&mut self, millis: u64, line: &str) -> Vec<String> {
        self.at += Duration::from_millis(millis);
        match Answers::default().take(line) {
            Ok(Some(Said::Answer(answer))) => {
                self.conductor
                    .handle_answer(&answer, self.at, &mut self.acts);
            }
            Ok(Some(Said::HangUp)) => self.conductor.hang_up(self.at, &mut self.acts),
            other => panic!("{other:?}"),
        }
        self.did()
    }

    /// Answers waits with silence until the next thing is due, and tells when that was.
    fn silence(&mut self) -> (Duration, Vec<String>) {
        let due = self.conductor.poll_deadline().unwrap();
        self.at = due;
        self.conductor.handle_deadline(due, &mut self.acts);
        (due, self.did())
    }

    /// Lets what is left be answered, until it is over.
    fn leave(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..5 {
            let did = self.answer(1, "200 result=1");
            all.extend(did);
        }
        assert_eq!(all.last().map(String::as_str), Some("over"), "{all:?}");
        all
    }
}

/// One channel that waits for the first key of a question, its prompt heard: 3 s have passed.
fn asked(digits_max: u32) -> Channel {
    let mut channel = Channel::new();
    assert_eq!(channel.did(), ["WAIT FOR DIGIT 50"]);
    assert!(channel.play(1, &["s/invite"], false).is_empty());
    let streamed = channel.answer(50, "200 result=0");
    let stream = r##"STREAM FILE "dozvon/ru/s/invite" "0123456789*#" 0"##;
    assert_eq!(streamed, [stream]);
    let ended = channel.answer(950, "200 result=0 endpos=8000");
    assert_eq!(ended, ["ended 1", "WAIT FOR DIGIT 50"]);
    channel.play(2, &["s/topic", "s/q"], true);
    channel.collect(digits_max);
    channel.answer(0, "200 result=0");
    let second = channel.answer(1_000, "200 result=0 endpos=8000");
    assert_eq!(
        second,
        [r##"STREAM FILE "dozvon/ru/s/q" "0123456789*#" 0"##]
    );
    channel
}

#[test]
fn a_key_into_a_prompt_stops_it_where_it_may() {
    let mut channel = asked(1);
    let barged = channel.answer(500, "200 result=53 endpos=4000");
    assert_eq!(barged, ["key 5 #1", "ended 2", "WAIT FOR DIGIT 50"]);
    channel.play(3, &["s/bye"], false);
    channel.answer(50, "200 result=0");
    // Where it may not, the key is told and the prompt goes on.
    let key = channel.answer(500, "200 result=49 endpos=4000");
    assert_eq!(
        key,
        [
            "key 1 #2",
            r##"STREAM FILE "dozvon/ru/s/bye" "0123456789*#" 4000"##
        ]
    );
    channel.answer(500, "200 result=0 endpos=8000");
    assert!(channel.end("complete", "").is_empty());
    let left = channel.answer(50, "200 result=0");
    assert_eq!(left, ["SET VARIABLE DOZVON_SURVEY \"complete\""]);
    assert_eq!(
        channel.leave()[..2],
        [
            "SET VARIABLE DOZVON_SURVEY_REASON \"\"",
            "SET VARIABLE DOZVON_NEXT \"hang_up\""
        ]
    );
}

#[test]
fn a_bouncing_key_stops_no_prompt() {
    let mut channel = asked(1);
    channel.answer(500, "200 result=53 endpos=4000");
    channel.play(3, &["s/q2"], true);
    channel.collect(1);
    channel.answer(50, "200 result=0");
    // 200 ms after the first 5.
    let bounced = channel.answer(150, "200 result=53 endpos=1200");
    assert_eq!(
        bounced,
        [
            "key 5 #2",
            r##"STREAM FILE "dozvon/ru/s/q2" "0123456789*#" 1200"##
        ]
    );
    let meant = channel.answer(400, "200 result=53 endpos=4000");
    assert_eq!(meant[..2], ["key 5 #3", "ended 3"]);
}

#[test]
fn a_dialog_that_says_nothing_is_given_up_within_the_deadline() {
    // Before anything was said.
    let mut channel = Channel::new();
    let (due, did) = channel.silence();
    assert_eq!(due, Duration::from_secs(4));
    assert_eq!(did, ["WAIT FOR DIGIT 50", "failed: server_silent"]);
    let goodbye = channel.answer(50, "200 result=0");
    assert_eq!(goodbye, ["STREAM FILE \"bye\" \"\" 0"]);
    let left = channel.answer(900, "200 result=0 endpos=7200");
    assert_eq!(left, ["SET VARIABLE DOZVON_SURVEY \"\""]);
    assert_eq!(
        channel.leave()[..2],
        [
            "SET VARIABLE DOZVON_SURVEY_REASON \"server_silent\"",
            "SET VARIABLE DOZVON_NEXT \"hang_up\""
        ]
    );

    // After a key: 2.0 s of prompts so far, the key 0.5 s later, and the deadline.
    let mut channel = asked(1);
    channel.answer(500, "200 result=53 endpos=4000");
    assert_eq!(channel.silence().0, Duration::from_millis(2_500 + 4_000));

    // Before a key: 2.0 s and the prompt's other second, 10 s for the first key, and the deadline.
    let mut channel = asked(1);
    channel.answer(1_000, "200 result=0 endpos=8000");
    let mut silent = channel.answer(50, "200 result=0");
    assert_eq!(silent.pop().as_deref(), Some("WAIT FOR DIGIT 100"));
    let by = [
        Duration::from_secs(3 + 10 + 4),
        Duration::from_millis(3_050 + 100 + 10_000),
    ];
    assert_eq!(channel.conductor.poll_deadline(), by.into_iter().min());
    // Keys that are followed by no order do not put it off: the first was pressed at 4.05 s.
    for key in ["200 result=50", "200 result=51", "200 result=52"] {
        channel.answer(1_000, key);
    }
    assert_eq!(channel.silence().0, Duration::from_millis(4_050 + 4_000));
}

#[test]
fn digits_of_a_number_may_take_their_time() {
    let mut channel = asked(2);
    channel.answer(1_000, "200 result=0 endpos=8000");
    channel.answer(1_000, "200 result=49");
    // The first digit at 4 s, 5 s for the next one, and the deadline.
    for _ in 0..10 {
        channel.answer(400, "200 result=0");
    }
    assert_eq!(channel.at, Duration::from_secs(8));
    channel.answer(400, "200 result=48");
    for _ in 0..10 {
        channel.answer(400, "200 result=0");
    }
    // The second at 8.4 s.
    assert_eq!(channel.at, Duration::from_millis(12_400));
    assert_eq!(
        channel.silence().0,
        Duration::from_millis(8_400 + 5_000 + 4_000)
    );
}

#[test]
fn a_missing_recording_is_told_from_a_hang_up() {
    let mut channel = Channel::new();
    channel.did();
    channel.play(1, &["s/lead", "s/q"], true);
    channel.collect(1);
    channel.answer(50, "200 result=0");
    assert_eq!(
        channel.answer(1, "200 result=-1 endpos=0"),
        ["WAIT FOR DIGIT 20"]
    );
    let next = channel.answer(20, "200 result=0");
    assert_eq!(
        next,
        [
            "missing dozvon/ru/s/lead",
            r##"STREAM FILE "dozvon/ru/s/q" "0123456789*#" 0"##
        ]
    );
    // Nothing at all was heard.
    channel.answer(1, "200 result=-1 endpos=0");
    let failed = channel.answer(20, "200 result=0");
    assert_eq!(
        failed,
        [
            "missing dozvon/ru/s/q",
            "failed: recordings are missing on the switch",
            "WAIT FOR DIGIT 100"
        ]
    );
    channel.end("technical_failure", "");
    assert_eq!(
        channel.answer(50, "200 result=0"),
        ["STREAM FILE \"bye\" \"\" 0"]
    );
    // Not even that: the dialplan says it.
    channel.answer(1, "200 result=-1 endpos=0");
    let left = channel.answer(20, "200 result=0");
    assert_eq!(
        left,
        [
            "missing bye",
            "SET VARIABLE DOZVON_SURVEY \"technical_failure\""
        ]
    );
    assert!(
        channel
            .leave()
            .contains(&"SET VARIABLE DOZVON_NEXT \"goodbye\"".to_owned())
    );

    for gone in [
        "200 result=-1",
        "511 Command Not Permitted on a dead channel",
    ] {
        let mut channel = asked(1);
        channel.answer(500, "200 result=-1 endpos=4000");
        assert_eq!(channel.answer(1, gone), ["hung up"]);
        assert_eq!(channel.answer(0, "HANGUP"), Vec::<String>::new());
        assert_eq!(
            channel.end("refused", ""),
            ["SET VARIABLE DOZVON_SURVEY \"refused\""]
        );
        channel.leave();
    }
}

#[test]
fn a_comment_is_recorded_without_a_beep_that_is_missing() {
    let mut channel = asked(1);
    channel.answer(500, "200 result=49 endpos=4000");
    channel.order(Order::Record(wire::RecordVoiceNote {
        question: "note".to_owned(),
        seconds_max: Some(Duration::from_secs(60).into()),
        term: "#".to_owned(),
    }));
    let record = r##"RECORD FILE "notes/17.3-note" wav "#" 60000"##;
    assert_eq!(
        channel.answer(50, "200 result=0"),
        [format!("{record} BEEP")]
    );
    let again = channel.answer(1, "200 result=-1 (randomerror) endpos=0");
    assert_eq!(again, [record]);
    let noted = channel.answer(9_000, "200 result=35 (dtmf) endpos=70400");
    assert_eq!(noted[0], "note notes/17.3-note");
}

#[test]
fn who_is_not_asked_hears_nothing_of_it() {
    let mut channel = Channel::new();
    channel.did();
    channel.end("not_eligible", "talk_short");
    let left = channel.answer(50, "200 result=0");
    assert_eq!(left, ["SET VARIABLE DOZVON_SURVEY \"not_eligible\""]);
    assert!(
        channel
            .leave()
            .contains(&"SET VARIABLE DOZVON_NEXT \"goodbye\"".to_owned())
    );
}

#[test]
fn a_dialog_that_was_cut_off_goes_on_with_what_is_ordered_next() {
    let mut channel = asked(1);
    channel.conductor.lost(channel.at);
    // The prompt that still plays belongs to nothing any more, and a key in it reports no end of it.
    let key = channel.answer(500, "200 result=53 endpos=4000");
    assert_eq!(key, ["key 5 #1", "WAIT FOR DIGIT 50"]);
    channel.play(2, &["s/q"], true);
    let again = channel.answer(50, "200 result=0");
    assert_eq!(again, [r##"STREAM FILE "dozvon/ru/s/q" "0123456789*#" 0"##]);
}

#[test]
fn a_switch_that_does_not_answer_is_left() {
    let mut channel = Channel::new();
    channel.did();
    channel.play(1, &["s/q"], true);
    channel.answer(50, "200 result=0");
    let (due, did) = channel.silence();
    assert_eq!(due, Duration::from_millis(50 + 300_000 + 10_000));
    assert_eq!(did, ["failed: the switch does not answer", "over"]);
}
