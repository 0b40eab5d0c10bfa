//! Messages of the manager interface in, agents' states out.

use std::time::Duration;

use super::agent_work::AgentWork;
use super::codec::Decoder;
use super::interpreter::{Interpreter, Options};
use super::members::Members;
use super::queue_log::LogLine;
use super::said::{AgentSaid, AgentWhat, Said, What};
use crate::model::Timestamp;
use crate::proto::v1::call_event::Kind;

/// A PBX that says what a test writes.
pub(super) struct Told {
    pub(super) interpreter: Interpreter,
    decoder: Decoder,
}

impl Told {
    pub(super) fn new() -> Self {
        Self::with(Options {
            work: AgentWork::new([("jobs".to_owned(), Duration::from_secs(30))], ["Прийом"]),
            ..Options::default()
        })
    }

    pub(super) fn with(options: Options) -> Self {
        Self {
            interpreter: Interpreter::new(options, Members::default()),
            decoder: Decoder::default(),
        }
    }

    /// `seconds Event key=value …`; a `+` is a space.
    pub(super) fn say(&mut self, line: &str) -> &mut Self {
        let mut words = line.split(' ');
        let at: f64 = words.next().unwrap().parse().unwrap();
        let event = words.next().unwrap();
        let mut text = format!(
            "Event: {event}\r\nTimestamp: {:.6}\r\n",
            1_795_000_000.0 + at
        );
        for word in words {
            let (key, value) = word.split_once('=').unwrap();
            text.push_str(&format!("{key}: {}\r\n", value.replace('+', " ")));
        }
        text.push_str("\r\n");
        let interpreter = &mut self.interpreter;
        self.decoder.feed(text.as_bytes(), |_, message| {
            interpreter.handle(&message, None);
        });
        self
    }

    fn member(&mut self, at: f64, event: &str, queue: &str, interface: &str, more: &str) {
        let line = format!("{at} {event} Queue={queue} Interface={interface} {more}");
        self.say(line.trim());
    }

    /// Time passes; what was told of agents until then.
    fn until(&mut self, seconds: f64) -> Vec<String> {
        self.interpreter.handle_time(at(seconds));
        self.interpreter.drain_agents().map(brief).collect()
    }
}

pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + (seconds * 1e6) as i64)
}

fn brief(said: AgentSaid) -> String {
    let at = (said.at.as_micros() - 1_795_000_000_000_000) as f64 / 1e6;
    let agent = said.agent;
    match said.what {
        AgentWhat::WrapUpEnded => format!("{at} {agent} wrap_up_ended"),
        AgentWhat::State {
            state,
            reason,
            queues,
        } => {
            let state = state.as_str_name().trim_start_matches("AGENT_STATE_");
            let state = state.to_lowercase();
            let line = format!("{at} {agent} {state} [{}] {reason}", queues.join(" "));
            line.trim_end().to_owned()
        }
    }
}

const CALL: &str = "Channel=PJSIP/trunk-1 Uniqueid=1795000010.1 Linkedid=1795000010.1 Context=from-trunk Exten=1500";
const PHONE: &str =
    "Channel=PJSIP/101-2 Uniqueid=1795000011.2 Linkedid=1795000010.1 Context=internal Exten=101";

/// A caller waits for `jobs`, 101 rings at 11 and talks from 13 to 20.
fn a_call(pbx: &mut Told) {
    pbx.say(&format!(
        "10 Newchannel {CALL} ChannelState=4 CallerIDNum=0501"
    ));
    pbx.say(&format!(
        "10.1 QueueCallerJoin {CALL} Queue=jobs Position=1"
    ));
    pbx.say(&format!("11 Newchannel {PHONE} ChannelState=0"));
    let dest = "DestChannel=PJSIP/101-2 DestUniqueid=1795000011.2";
    pbx.say(&format!(
        "11 AgentCalled {CALL} Queue=jobs Interface=PJSIP/101 {dest}"
    ));
    pbx.member(11.1, "QueueMemberStatus", "jobs", "PJSIP/101", "Status=6");
    pbx.say(&format!("13 QueueCallerLeave {CALL} Queue=jobs"));
    pbx.say(&format!(
        "13 AgentConnect {CALL} Queue=jobs Interface=PJSIP/101 {dest}"
    ));
    pbx.say(&format!("13 BridgeEnter {PHONE} BridgeUniqueid=b"));
    pbx.say(&format!("13 BridgeEnter {CALL} BridgeUniqueid=b"));
    pbx.member(13.1, "QueueMemberStatus", "jobs", "PJSIP/101", "Status=2");
}

fn the_calls_end(pbx: &mut Told) {
    pbx.say(&format!("20 HangupRequest {PHONE} Cause=16"));
    pbx.say(&format!("20.01 BridgeLeave {PHONE} BridgeUniqueid=b"));
    pbx.say(&format!("20.02 Hangup {PHONE} Cause=16"));
    pbx.say(&format!("20.03 Hangup {CALL} Cause=16"));
    pbx.member(20.05, "QueueMemberStatus", "jobs", "PJSIP/101", "Status=1");
}

#[test]
fn a_pause_of_all_queues_is_one_state_and_a_desk_has_its_own() {
    let mut pbx = Told::new();
    for queue in ["jobs", "pensions"] {
        pbx.member(0.0, "QueueMemberAdded", queue, "PJSIP/101", "Status=1");
    }
    assert_eq!(pbx.until(1.0), ["0 101 available [jobs pensions]"]);
    let lunch = "Status=1 Paused=1 PausedReason=Обід+зараз";
    pbx.member(10.0, "QueueMemberPause", "jobs", "PJSIP/101", lunch);
    pbx.member(10.001, "QueueMemberPause", "pensions", "PJSIP/101", lunch);
    assert_eq!(
        pbx.until(11.0),
        ["10.001 101 paused [jobs pensions] Обід зараз"]
    );
    let desk = "Status=1 Paused=1 PausedReason=Прийом";
    pbx.member(20.0, "QueueMemberPause", "jobs", "PJSIP/101", desk);
    pbx.member(20.001, "QueueMemberPause", "pensions", "PJSIP/101", desk);
    assert_eq!(pbx.until(21.0), ["20.001 101 desk [jobs pensions] Прийом"]);
    // The same again is no news.
    pbx.member(30.0, "QueueMemberStatus", "jobs", "PJSIP/101", desk);
    assert_eq!(pbx.until(31.0), [""; 0]);
    // Back in one queue: there for that one alone.
    pbx.member(
        40.0,
        "QueueMemberPause",
        "jobs",
        "PJSIP/101",
        "Status=1 Paused=0",
    );
    assert_eq!(pbx.until(41.0), ["40 101 available [jobs]"]);
}

#[test]
fn whoever_leaves_every_queue_or_cannot_be_reached_is_not_there() {
    let mut pbx = Told::new();
    pbx.member(0.0, "QueueMemberAdded", "jobs", "Local/104@q/n", "Status=1");
    pbx.member(0.0, "QueueMemberAdded", "tax", "Local/104@q/n", "Status=1");
    pbx.member(
        5.0,
        "QueueMemberRemoved",
        "tax",
        "Local/104@q/n",
        "Status=1",
    );
    assert_eq!(
        pbx.until(6.0),
        ["0 104 available [jobs tax]", "5 104 available [jobs]"]
    );
    pbx.member(
        7.0,
        "QueueMemberStatus",
        "jobs",
        "Local/104@q/n",
        "Status=5",
    );
    assert_eq!(pbx.until(8.0), ["7 104 logged_out [jobs]"]);
    pbx.member(
        9.0,
        "QueueMemberStatus",
        "jobs",
        "Local/104@q/n",
        "Status=1",
    );
    pbx.member(10.0, "QueueMemberRemoved", "jobs", "Local/104@q/n", "");
    assert_eq!(
        pbx.until(11.0),
        ["9 104 available [jobs]", "10 104 logged_out []"]
    );
}

#[test]
fn a_telephone_in_use_without_a_caller_is_another_call() {
    let mut pbx = Told::new();
    pbx.member(0.0, "QueueMemberAdded", "jobs", "Local/104@q/n", "Status=1");
    assert_eq!(pbx.until(1.0), ["0 104 available [jobs]"]);
    // The member is a Local channel; its telephone says what it does, and a pseudo-device says nothing of anybody.
    pbx.say("5 DeviceStateChange Device=PJSIP/104 State=INUSE");
    pbx.say("5 DeviceStateChange Device=Queue:jobs State=INUSE");
    pbx.say("5 DeviceStateChange Device=PJSIP/999 State=INUSE");
    assert_eq!(pbx.until(5.9), [""; 0]);
    assert_eq!(pbx.until(6.0), ["5 104 other_call [jobs]"]);
    pbx.say("9 DeviceStateChange Device=PJSIP/104 State=NOT_INUSE");
    assert_eq!(pbx.until(10.0), ["9 104 available [jobs]"]);
    // In use for a blink: nothing.
    pbx.say("20 DeviceStateChange Device=PJSIP/104 State=RINGING");
    pbx.say("20.5 DeviceStateChange Device=PJSIP/104 State=NOT_INUSE");
    assert_eq!(pbx.until(30.0), [""; 0]);
    pbx.say("40 DeviceStateChange Device=PJSIP/104 State=RINGING");
    assert_eq!(pbx.until(41.0), ["40 104 ringing [jobs]"]);
}

#[test]
fn a_callers_talk_is_told_by_the_call_and_work_follows_it() {
    let mut pbx = Told::new();
    pbx.member(0.0, "QueueMemberAdded", "jobs", "PJSIP/101", "Status=1");
    assert_eq!(pbx.until(1.0), ["0 101 available [jobs]"]);
    a_call(&mut pbx);
    assert_eq!(pbx.until(19.0), [""; 0], "the call says it");
    the_calls_end(&mut pbx);
    assert_eq!(pbx.until(21.0), ["20 101 wrap_up [jobs]"]);
    assert_eq!(
        pbx.until(51.0),
        ["50 101 wrap_up_ended", "50 101 available [jobs]"]
    );
}

#[test]
fn work_after_a_call_ends_with_a_pause_or_the_next_call() {
    let mut pbx = Told::new();
    pbx.member(0.0, "QueueMemberAdded", "jobs", "PJSIP/101", "Status=1");
    a_call(&mut pbx);
    the_calls_end(&mut pbx);
    pbx.until(21.0);
    pbx.member(
        25.0,
        "QueueMemberPause",
        "jobs",
        "PJSIP/101",
        "Status=1 Paused=1",
    );
    assert_eq!(
        pbx.until(60.0),
        ["25 101 wrap_up_ended", "25 101 paused [jobs]"]
    );

    let mut pbx = Told::new();
    // The member's own time counts, and not the queue's.
    let own = "Status=1 Wrapuptime=600";
    pbx.member(0.0, "QueueMemberAdded", "jobs", "PJSIP/101", own);
    a_call(&mut pbx);
    the_calls_end(&mut pbx);
    pbx.member(20.06, "QueueMemberStatus", "jobs", "PJSIP/101", own);
    assert_eq!(
        pbx.until(300.0),
        ["0 101 available [jobs]", "20 101 wrap_up [jobs]"]
    );
    let next = CALL.replace("1795000010.1", "1795000300.7");
    pbx.say(&format!("300 Newchannel {next} ChannelState=4"));
    pbx.say(&format!("300 QueueCallerJoin {next} Queue=jobs"));
    let dest = "DestChannel=PJSIP/101-8 DestUniqueid=1795000301.8";
    pbx.say(&format!(
        "301 AgentCalled {next} Queue=jobs Interface=PJSIP/101 {dest}"
    ));
    assert_eq!(
        pbx.until(302.0),
        ["301 101 wrap_up_ended", "301 101 available [jobs]"]
    );
}

#[test]
fn whoever_a_list_after_a_gap_does_not_name_has_gone() {
    let mut pbx = Told::new();
    for agent in ["PJSIP/101", "PJSIP/102"] {
        pbx.member(0.0, "QueueMember", "jobs", agent, "Status=1");
    }
    pbx.until(1.0);
    pbx.interpreter.handle_gap(at(1.0), at(50.0));
    pbx.member(50.0, "QueueMember", "jobs", "PJSIP/101", "Status=1");
    pbx.say("50 QueueStatusComplete EventList=Complete");
    assert_eq!(pbx.until(51.0), ["50 102 logged_out []"]);
}

#[test]
fn a_log_tells_work_after_calls_of_those_it_names_and_of_those_it_does_not() {
    let mut pbx = Told::new();
    let mut log = |seconds: u32, rest: &str| {
        let line = format!("{}|{rest}", 1_795_000_000 + seconds);
        let line = LogLine::parse(line.as_bytes()).unwrap();
        pbx.interpreter.handle_line(&line);
    };
    // 101 logs in; 102 is written in queues.conf, which no line tells.
    log(0, "NONE|jobs|PJSIP/101|ADDMEMBER|");
    log(10, "1795000010.1|jobs|NONE|ENTERQUEUE||050|1");
    log(12, "1795000010.1|jobs|PJSIP/101|CONNECT|2|1795000011.2|1");
    log(20, "1795000010.1|jobs|PJSIP/101|COMPLETEAGENT|2|8|1");
    log(21, "1795000021.3|jobs|NONE|ENTERQUEUE||051|1");
    log(25, "1795000021.3|jobs|PJSIP/102|CONNECT|4|1795000022.4|3");
    log(27, "1795000021.3|jobs|PJSIP/102|COMPLETECALLER|4|2|1");
    log(30, "NONE|jobs|PJSIP/102|PAUSE|прийом");
    log(40, "NONE|jobs|PJSIP/102|UNPAUSE|");
    let expected = [
        "0 101 available [jobs]",
        "20 101 wrap_up [jobs]",
        "27 102 wrap_up [jobs]",
        "30 102 wrap_up_ended",
        "30 102 desk [jobs] прийом",
        "40 102 available [jobs]",
        "50 101 wrap_up_ended",
        "50 101 available [jobs]",
    ];
    assert_eq!(pbx.until(60.0), expected);
}

#[test]
fn the_dialplan_tells_what_no_event_shows() {
    let mut pbx = Told::new();
    a_call(&mut pbx);
    pbx.interpreter.drain().for_each(drop);
    let head = format!("15 UserEvent {CALL} UserEvent=dozvon");
    pbx.say(&format!(
        "{head} Kind=tagged Key=topic Code=pension By=menu"
    ));
    pbx.say(&format!("{head} Kind=tagged Key=test"));
    pbx.say(&format!(
        "{head} Kind=callback_promised Due=1795003600 Queue=jobs"
    ));
    pbx.say(&format!("{head} Kind=message_left Recording=vm-17"));
    pbx.say("16 UserEvent UserEvent=dozvon Kind=callback_attempted Call=1794.1 Result=busy Agent=PJSIP/101");
    let said: Vec<Said> = pbx.interpreter.drain().collect();
    let words = |said: &Said| {
        if let What::Event(Kind::Tagged(one)) = &said.what {
            return format!("{} {} {}", one.key, one.code, one.by);
        }
        if let What::Event(Kind::CallbackPromised(one)) = &said.what {
            return format!("due {} {}", one.due.as_ref().unwrap().seconds, one.queue);
        }
        if let What::Event(Kind::MessageLeft(one)) = &said.what {
            return one.recording_id.clone();
        }
        if let What::Event(Kind::CallbackAttempted(one)) = &said.what {
            return format!("{} {}", one.result, one.agent);
        }
        panic!("{:?}", said.what)
    };
    let names: Vec<(&str, String)> = said.iter().map(|said| (&*said.call, words(said))).collect();
    let own = "1795000010.1";
    let expected = [
        (own, "1 pension 2"),
        (own, "3  3"),
        (own, "due 1795003600 jobs"),
        (own, "vm-17"),
        ("1794.1", "3 101"),
    ];
    assert_eq!(
        names,
        expected.map(|(call, words)| (call, words.to_owned()))
    );
    assert_eq!(pbx.interpreter.take_refused().count, 0);
}

#[test]
fn what_the_dialplan_garbles_is_refused_with_a_reason() {
    let mut pbx = Told::new();
    a_call(&mut pbx);
    pbx.interpreter.drain().for_each(drop);
    let cases = [
        ("Kind=tagget", "is none of tagged"),
        ("Kind=tagged", "Key is missing"),
        ("Kind=tagged Key=colour", "none of topic"),
        ("Kind=tagged Key=topic", "Code is missing"),
        ("Kind=tagged Key=test By=me", "none of dialplan"),
        ("Kind=callback_promised Due=soon", "Due is no time"),
        ("Kind=callback_attempted Result=fine", "none of reached"),
        ("Kind=message_left", "Recording is missing"),
        ("Colour=red", "neither Kind nor Status"),
    ];
    for (words, why) in cases {
        pbx.say(&format!("15 UserEvent {CALL} UserEvent=dozvon {words}"));
        let refused = pbx.interpreter.take_refused();
        assert_eq!(refused.count, 1, "{words}");
        assert!(refused.reasons[0].contains(why), "{refused:?}");
    }
    pbx.say("15 UserEvent UserEvent=dozvon Kind=tagged Key=test");
    let refused = pbx.interpreter.take_refused();
    assert!(
        refused.reasons[0].contains("Call: its Uniqueid"),
        "{refused:?}"
    );
    assert_eq!(pbx.interpreter.drain().count(), 0, "nothing was told");
}
