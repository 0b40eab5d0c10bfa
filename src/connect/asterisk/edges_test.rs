//! Two things within a moment of each other, as a real PBX told them: the end of a gap and a call, the queue's time and a
//! member's.

use super::interpreter::Options;
use super::queue_log::LogLine;
use super::said::{Said, What};
use super::states_test::{Told, at};
use crate::proto::v1::call_event::Kind;

/// What was said of each call, in a word and a second.
fn brief(pbx: &mut Told) -> Vec<String> {
    let words = |said: Said| {
        let seconds = (said.at.as_micros() - at(0.0).as_micros()) as f64 / 1e6;
        let What::Event(kind) = said.what else {
            return None;
        };
        let word = if let Kind::Arrived(one) = &kind {
            format!("arrived {}", one.line)
        } else if let Kind::QueueEntered(one) = &kind {
            format!("entered {}", one.queue)
        } else if let Kind::QueueLeft(one) = &kind {
            format!("left {}", one.exit().as_str_name())
        } else if let Kind::AgentOffered(one) = &kind {
            format!("offered {}", one.agent)
        } else if let Kind::OfferMissed(one) = &kind {
            format!("missed {}", one.reason().as_str_name())
        } else if let Kind::AgentConnected(one) = &kind {
            format!("connected {}", one.agent)
        } else if let Kind::Ended(_) = &kind {
            "ended".to_owned()
        } else {
            format!("{kind:?}")
        };
        Some(format!("{seconds} {word}"))
    };
    pbx.interpreter.drain().filter_map(words).collect()
}

fn line(seconds: u32, rest: &str) -> LogLine {
    let text = format!("{}|{rest}", 1_795_000_000 + seconds);
    LogLine::parse(text.as_bytes()).unwrap()
}

/// A PBX whose customers come in by `from-trunk` alone, of which nothing was heard before the 100th second.
fn after_login() -> Told {
    let mut pbx = Told::with(Options {
        trunk_contexts: vec!["from-trunk".to_owned()],
        ..Options::default()
    });
    pbx.say("0 QueueMember Queue=jobs Location=PJSIP/101 Status=1");
    pbx.interpreter.handle_gap(at(99.9), at(99.9));
    pbx
}

/// Nobody listened from the 50th second to shortly before the 100th.
fn after_gap(lines: &[(u32, &str)]) -> Told {
    let mut pbx = Told::new();
    pbx.say("0 QueueMember Queue=jobs Interface=PJSIP/101 Status=1");
    pbx.interpreter.handle_time(at(50.0));
    let lines = lines.iter().map(|(seconds, rest)| line(*seconds, rest));
    pbx.interpreter.set_log(lines.collect());
    pbx.interpreter.handle_gap(at(50.0), at(99.97));
    pbx
}

const CALL: &str = "Uniqueid=1795000100.7 Linkedid=1795000100.7 Channel=PJSIP/trunk-0000000a Context=from-trunk Exten=1500 CallerIDNum=0501";

#[test]
fn a_call_that_comes_after_the_list_is_not_ended_by_it() {
    // The log's clock is a second behind: its line seems to be of the gap, and the channel is in no list yet.
    let mut pbx = after_gap(&[(99, "1795000100.7|jobs|NONE|ENTERQUEUE||0501|1")]);
    pbx.say("99.97 CoreShowChannelsComplete EventList=Complete");
    assert!(brief(&mut pbx).is_empty());
    pbx.say(&format!("100.05 Newchannel {CALL} ChannelState=4"));
    pbx.say(&format!(
        "100.06 QueueCallerJoin {CALL} Queue=jobs Position=1"
    ));
    pbx.say(&format!("103 HangupRequest {CALL}"));
    pbx.say(&format!("103 QueueCallerAbandon {CALL} Queue=jobs"));
    pbx.say(&format!("103 QueueCallerLeave {CALL} Queue=jobs"));
    pbx.say(&format!("103 Hangup {CALL} Cause=0"));
    let told = ["100.05 arrived 1500", "100.06 entered jobs", "103 ended"];
    assert_eq!(brief(&mut pbx), told);
}

#[test]
fn a_call_of_the_middle_of_a_gap_that_no_list_names_ended_in_it() {
    let mut pbx = after_gap(&[(80, "1795000080.7|jobs|NONE|ENTERQUEUE||0501|1")]);
    pbx.say("99.97 CoreShowChannelsComplete EventList=Complete");
    let told = [
        "80 arrived ",
        "80 entered jobs",
        "80 left QUEUE_EXIT_ERROR",
        "80 ended",
    ];
    assert_eq!(brief(&mut pbx), told);
}

#[test]
fn an_answer_that_the_log_tells_too_early_is_one_answer() {
    let mut pbx = after_gap(&[
        (90, "1795000100.7|jobs|NONE|ENTERQUEUE||0501|1"),
        (99, "1795000100.7|jobs|PJSIP/101|CONNECT|9|1795000098.8|2"),
    ]);
    // The list was made a moment before: the caller waits in it.
    pbx.say(&format!("99.97 CoreShowChannel {CALL} Application=Queue"));
    pbx.say("99.97 CoreShowChannelsComplete EventList=Complete");
    pbx.say("99.97 QueueEntry Queue=jobs Uniqueid=1795000100.7 Wait=9");
    pbx.say(&format!(
        "100.1 AgentConnect {CALL} Queue=jobs Interface=PJSIP/101 DestUniqueid=1795000098.8 DestChannel=PJSIP/101-0000000b HoldTime=9 RingTime=2"
    ));
    let told = [
        "90 arrived 1500",
        "90 entered jobs",
        "97 offered 101",
        "99 connected 101",
    ];
    assert_eq!(brief(&mut pbx), told);
}

#[test]
fn a_customer_is_known_wherever_the_first_list_finds_him() {
    let mut pbx = after_login();
    let listed = |number: u32, context: &str, more: &str| {
        let id = format!("17950000{number}.1");
        format!(
            "100 CoreShowChannel Uniqueid={id} Linkedid={id} Channel=PJSIP/t{number}-01 Context={context} Exten=s {more}"
        )
    };
    pbx.say(&listed(80, "survey", "Application=AGI"));
    pbx.say(&listed(81, "ext-queues", "Application=Queue"));
    pbx.say(&listed(82, "from-trunk", "Application=Playback"));
    // Menus have contexts of their own, and so have telephones of the house.
    pbx.say(&listed(83, "ivr-3", "Application=Read"));
    pbx.say(&listed(84, "from-internal", "Application=Dial"));
    pbx.say("100 CoreShowChannel Uniqueid=1795000085.1 Linkedid=1795000085.1 Channel=PJSIP/101-01 Context=from-internal Exten=s Application=Queue");
    pbx.say("100 CoreShowChannelsComplete EventList=Complete");
    let told = ["80 arrived s", "81 arrived s", "82 arrived s"];
    assert_eq!(brief(&mut pbx), told);
    // Out of the menu and into a queue: no telephone of the house, which has to be an agent's for that.
    pbx.say("101 QueueCallerJoin Uniqueid=1795000083.1 Linkedid=1795000083.1 Channel=PJSIP/t83-01 Context=ivr-3 Exten=s Queue=jobs Position=1");
    assert_eq!(brief(&mut pbx), ["83 arrived s", "101 entered jobs"]);
    pbx.say("102 Hangup Uniqueid=1795000080.1 Linkedid=1795000080.1 Channel=PJSIP/t80-01 Context=survey Cause=16");
    assert!(brief(&mut pbx).iter().any(|told| told == "102 ended"));
}

#[test]
fn an_agent_s_line_that_was_not_heard_to_begin_consults_once() {
    let mut pbx = Told::new();
    pbx.say("0 QueueMember Queue=jobs Location=PJSIP/101 Status=1");
    pbx.say(&format!("100.05 Newchannel {CALL} ChannelState=4"));
    pbx.say(&format!(
        "100.06 QueueCallerJoin {CALL} Queue=jobs Position=1"
    ));
    pbx.say("101 Newchannel Uniqueid=1795000101.8 Linkedid=1795000100.7 Channel=PJSIP/101-0000000b ChannelState=0");
    pbx.say(&format!(
        "103 AgentConnect {CALL} Queue=jobs Interface=PJSIP/101 DestUniqueid=1795000101.8 DestChannel=PJSIP/101-0000000b HoldTime=3 RingTime=2"
    ));
    pbx.say("103 BridgeEnter Uniqueid=1795000101.8 Linkedid=1795000100.7 Channel=PJSIP/101-0000000b BridgeUniqueid=b1");
    pbx.say(&format!("103 BridgeEnter {CALL} BridgeUniqueid=b1"));
    // Its `Newchannel` was lost: the queue is the first to tell of it.
    pbx.say("110 QueueCallerJoin Uniqueid=1795000110.9 Linkedid=1795000110.9 Channel=PJSIP/101-0000000c Context=from-internal Exten=400 Queue=jobs Position=1");
    assert_eq!(pbx.interpreter.consults.len(), 1);
}

#[test]
fn a_ring_as_long_as_the_others_was_not_cut_off_by_the_queue_s_time() {
    // Measured: nobody was free for a second, the member rang for the queue's 6 s, and the queue's 7 s were up 1.5 ms later.
    let rings = |pbx: &mut Told, from: f64, agent: &str, seconds: f64| {
        let dest = format!(
            "Interface=PJSIP/{agent} Queue=jobs DestUniqueid=1795000100.{agent} DestChannel=PJSIP/{agent}-1"
        );
        pbx.say(&format!("{from} AgentCalled {CALL} {dest}"));
        let until = from + seconds;
        let ms = seconds * 1000.0;
        pbx.say(&format!(
            "{until} AgentRingNoAnswer {CALL} {dest} RingTime={ms}"
        ));
    };
    let after = |pbx: &mut Told, last_ring: f64| {
        pbx.say(&format!("100 Newchannel {CALL} ChannelState=4"));
        pbx.say(&format!("100 QueueCallerJoin {CALL} Queue=jobs Position=1"));
        rings(pbx, 101.0, "101", 6.0);
        rings(pbx, 108.0, "102", last_ring);
        let left = 108.0015 + last_ring;
        pbx.say(&format!("{left} QueueCallerAbandon {CALL} Queue=jobs"));
        pbx.say(&format!("{left} QueueCallerLeave {CALL} Queue=jobs"));
        pbx.say(&format!(
            "{} Hangup {CALL} Context=other Cause=16",
            left + 2.0
        ));
        brief(pbx)
            .into_iter()
            .filter(|told| told.contains("missed"))
            .count()
    };
    assert_eq!(after(&mut Told::new(), 6.0), 2);
    assert_eq!(
        after(&mut Told::new(), 4.0),
        1,
        "cut off: the queue's doing"
    );
}
