//! A PBX in the hand of a test: plays a recording of the manager interface at any pace to whoever logs in, answers what a
//! connector asks, and can cut, refuse, stall, restart and talk nonsense.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dozvon::clock::Clock;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) const USER: &str = "dozvon";
pub(crate) const SECRET: &str = "s3cret";
const CHALLENGE: &str = "299451450";

type Headers = Vec<(String, String)>;

fn get<'a>(message: &'a Headers, key: &str) -> &'a str {
    let mut headers = message.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(key));
    found.map_or("", |(_, value)| value.as_str())
}

/// A channel that lives.
#[derive(Clone)]
struct Channel {
    headers: Headers,
    bridge: String,
    queue: String,
    waits_since: f64,
    is_waiting: bool,
}

/// What the PBX would answer now.
/// When by the PBX's clock, as told, and its headers.
type Happened = (f64, Vec<u8>, Headers);

#[derive(Default)]
struct State {
    channels: BTreeMap<String, Channel>,
    counters: HashMap<String, (i64, i64)>,
    /// The members, as the recording lists them.
    members: Vec<Headers>,
    /// Settings by the action that changes them and what they belong to.
    settings: HashMap<(&'static str, String), String>,
    /// What was changed, in order.
    changes: Vec<String>,
    now: f64,
    sessions: Vec<mpsc::UnboundedSender<Vec<u8>>>,
}

/// A PBX; ends with the test.
#[derive(Clone)]
pub(crate) struct Pbx {
    address: String,
    state: Arc<Mutex<State>>,
    refuses: Arc<AtomicBool>,
    stalls: Arc<AtomicBool>,
    denies_lists: Arc<AtomicBool>,
    logins: Arc<AtomicU32>,
    events: Arc<Vec<Happened>>,
}

fn key_of(asked: &Headers) -> (&'static str, String) {
    match get(asked, "Action") {
        "QueueMemberRingInUse" => ("ring_in_use", get(asked, "Interface").to_owned()),
        "QueuePenalty" => ("penalty", get(asked, "Interface").to_owned()),
        "DBPut" | "DBGet" => {
            let (family, key) = (get(asked, "Family"), get(asked, "Key"));
            ("database", format!("{family}/{key}"))
        }
        _ => ("variable", get(asked, "Variable").to_owned()),
    }
}

/// Reads a recording: what was listed at its beginning, and what happened, by the PBX's clock.
fn read(folder: &Path) -> (Vec<Headers>, Vec<Happened>) {
    let bytes = std::fs::read(folder.join("ami.log")).unwrap();
    let (mut members, mut events) = (Vec::new(), Vec::new());
    let mut from = 0;
    while let Some(length) = bytes[from..]
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
    {
        let raw = bytes[from..from + length + 4].to_vec();
        from += length + 4;
        let text = String::from_utf8_lossy(&raw);
        let header = |line: &str| {
            let (key, value) = line.split_once(':')?;
            Some((key.trim().to_owned(), value.trim().to_owned()))
        };
        let headers: Headers = text.lines().filter_map(header).collect();
        if let Ok(at) = get(&headers, "Timestamp").parse() {
            events.push((at, raw, headers));
        } else if ["QueueParams", "QueueMember"].contains(&get(&headers, "Event")) {
            members.push(headers);
        }
    }
    (members, events)
}

impl Pbx {
    /// A PBX that has not begun to play.
    pub(crate) async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (members, events) = read(folder);
        let state = State {
            now: events[0].0 - 1.0,
            members,
            ..State::default()
        };
        let pbx = Self {
            address: listener.local_addr().unwrap().to_string(),
            state: Arc::new(Mutex::new(state)),
            refuses: Arc::default(),
            stalls: Arc::default(),
            denies_lists: Arc::default(),
            logins: Arc::default(),
            events: Arc::new(events),
        };
        let serving = pbx.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if !serving.refuses.load(Ordering::SeqCst) {
                    tokio::spawn(serving.clone().serve(stream));
                }
            }
        });
        pbx
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What was changed on it, in order.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.state.lock().unwrap().changes.clone()
    }

    /// How often somebody logged in.
    pub(crate) fn logins(&self) -> u32 {
        self.logins.load(Ordering::SeqCst)
    }

    /// Lets nobody in from now on, or everybody again.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Denies what needs the right `reporting`.
    pub(crate) fn deny_lists(&self) {
        self.denies_lists.store(true, Ordering::SeqCst);
    }

    /// Says nothing from now on, or everything again; what happens meanwhile is lost.
    pub(crate) fn stall(&self, stalls: bool) {
        self.stalls.store(stalls, Ordering::SeqCst);
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        self.state.lock().unwrap().sessions.clear();
    }

    /// Begins anew, in mid-call: no channel lives, every counter is 0.
    pub(crate) fn restart(&self) {
        let mut state = self.state.lock().unwrap();
        state.channels.clear();
        state.counters.clear();
        state.sessions.clear();
    }

    /// Says something to whoever listens.
    pub(crate) fn say(&self, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state
            .sessions
            .retain(|session| session.send(bytes.to_vec()).is_ok());
    }

    /// The recording's time in seconds, from its first event to its last.
    pub(crate) fn length(&self) -> f64 {
        self.events[self.events.len() - 1].0 - self.events[0].0
    }

    /// The moment of a share of the recording's time.
    pub(crate) fn moment(&self, share: f64) -> f64 {
        self.events[0].0 + share * self.length()
    }

    /// Plays the events of a share of the recording's time, so many times as fast as it happened.
    pub(crate) async fn play(&self, from: f64, to: f64, speed: f64) {
        let since = self.moment(from);
        let until = self.moment(to);
        let clock = Clock::system();
        for (at, raw, headers) in self.events.iter() {
            if *at < since || (*at >= until && to < 1.0) {
                continue;
            }
            let due = Duration::from_secs_f64((at - since) / speed);
            while let Some(wait) = due
                .checked_sub(clock.elapsed())
                .filter(|wait| !wait.is_zero())
            {
                let step = wait.min(Duration::from_millis(50));
                tokio::time::sleep(step).await;
                let passed = clock.elapsed().as_secs_f64() * speed;
                self.state.lock().unwrap().now = (since + passed).min(*at);
            }
            let mut state = self.state.lock().unwrap();
            state.now = *at;
            state.follow(headers);
            if !self.stalls.load(Ordering::SeqCst) {
                state
                    .sessions
                    .retain(|session| session.send(raw.clone()).is_ok());
            }
        }
        if to >= 1.0 {
            // Lets what is decided by time be decided.
            let now = {
                let mut state = self.state.lock().unwrap();
                state.now += 60.0;
                state.now
            };
            self.say(format!("Event: PeerStatus\r\nTimestamp: {now:.6}\r\n\r\n").as_bytes());
        }
    }

    async fn serve(self, stream: TcpStream) {
        let (reader, mut writer) = stream.into_split();
        let (sender, mut lines) = mpsc::unbounded_channel::<Vec<u8>>();
        sender
            .send(b"Asterisk Call Manager/11.0.0\r\n".to_vec())
            .unwrap();
        let actions = tokio::spawn(self.clone().answer(reader, sender));
        while let Some(bytes) = lines.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                break;
            }
        }
        actions.abort();
    }

    async fn answer(self, reader: OwnedReadHalf, sender: mpsc::UnboundedSender<Vec<u8>>) {
        let mut lines = BufReader::new(reader).lines();
        let mut action = Headers::new();
        let (mine, sender) = (sender.downgrade(), Some(sender));
        let mut sender = sender;
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((key, value)) = line.split_once(':') {
                action.push((key.trim().to_owned(), value.trim().to_owned()));
                continue;
            }
            let asked = std::mem::take(&mut action);
            if self.stalls.load(Ordering::SeqCst) {
                continue;
            }
            let text = self.reply(&asked);
            let logged_in = get(&asked, "Action") == "Login" && text.contains("Success");
            let Some(out) = mine.upgrade() else { return };
            if out.send(text.into_bytes()).is_err() {
                return;
            }
            if logged_in {
                self.logins.fetch_add(1, Ordering::SeqCst);
                // From here on only the PBX holds the session: cutting it closes the socket.
                if let Some(sender) = sender.take() {
                    self.state.lock().unwrap().sessions.push(sender);
                }
            }
        }
    }

    fn reply(&self, asked: &Headers) -> String {
        let id = get(asked, "ActionID");
        let head = |response: &str| format!("Response: {response}\r\nActionID: {id}\r\n");
        let mut state = self.state.lock().unwrap();
        match get(asked, "Action") {
            "Challenge" => format!("{}Challenge: {CHALLENGE}\r\n\r\n", head("Success")),
            "Login" => {
                let digest = Md5::digest(format!("{CHALLENGE}{SECRET}"));
                let key: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                if get(asked, "Username") == USER && get(asked, "Key") == key {
                    let booted =
                        "Event: FullyBooted\r\nUptime: 165\r\nStatus: Fully Booted\r\n\r\n";
                    let accepted = "Message: Authentication accepted\r\n\r\n";
                    format!("{}{accepted}{booted}", head("Success"))
                } else {
                    format!("{}Message: Authentication failed\r\n\r\n", head("Error"))
                }
            }
            "Ping" => format!(
                "{}Ping: Pong\r\nTimestamp: {:.6}\r\n\r\n",
                head("Success"),
                state.now
            ),
            _ if self.denies_lists.load(Ordering::SeqCst) => {
                format!("{}Message: Permission denied\r\n\r\n", head("Error"))
            }
            "QueuePenalty" | "QueueMemberRingInUse" | "DBPut" | "DBGet" | "Setvar" | "Getvar" => {
                format!(
                    "{}{}",
                    head(state.response(asked)),
                    state.setting(asked, id)
                )
            }
            "QueueStatus" => format!(
                "{}EventList: start\r\n\r\n{}",
                head("Success"),
                state.queues(id)
            ),
            "CoreShowChannels" => {
                format!(
                    "{}EventList: start\r\n\r\n{}",
                    head("Success"),
                    state.listed(id)
                )
            }
            _ => format!("{}Message: Invalid/unknown command\r\n\r\n", head("Error")),
        }
    }
}

impl State {
    fn response(&self, asked: &Headers) -> &'static str {
        let is_missing =
            get(asked, "Action") == "DBGet" && !self.settings.contains_key(&key_of(asked));
        if is_missing { "Error" } else { "Success" }
    }

    /// Changes or tells a setting; the head of the answer is written.
    fn setting(&mut self, asked: &Headers, id: &str) -> String {
        let key = key_of(asked);
        let known = self.settings.get(&key).cloned();
        let value = match get(asked, "Action") {
            "QueuePenalty" => get(asked, "Penalty"),
            "DBPut" => get(asked, "Val"),
            "Setvar" => get(asked, "Value"),
            "QueueMemberRingInUse" => get(asked, "RingInUse"),
            "DBGet" => {
                return match known {
                    None => "Message: Database entry not found\r\n\r\n".to_owned(),
                    Some(known) => format!(
                        "EventList: start\r\n\r\nEvent: DBGetResponse\r\nVal: {known}\r\nActionID: {id}\r\n\r\nEvent: DBGetComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
                    ),
                };
            }
            _ => return format!("Value: {}\r\n\r\n", known.unwrap_or_default()),
        };
        self.changes.push(format!("{} {} {value}", key.0, key.1));
        if key.0 == "penalty" {
            let is_it = |member: &&mut Headers| {
                get(member, "Location") == key.1 && get(member, "Queue") == get(asked, "Queue")
            };
            let member = self.members.iter_mut().find(is_it).unwrap();
            let mut headers = member.iter_mut();
            let penalty = headers.find(|(name, _)| name == "Penalty");
            value.clone_into(&mut penalty.unwrap().1);
        }
        self.settings.insert(key, value.to_owned());
        "Message: done\r\n\r\n".to_owned()
    }

    fn follow(&mut self, event: &Headers) {
        let id = get(event, "Uniqueid").to_owned();
        let queue = get(event, "Queue").to_owned();
        match get(event, "Event") {
            "Newchannel" => {
                let channel = Channel {
                    headers: event.clone(),
                    bridge: String::new(),
                    queue: String::new(),
                    waits_since: 0.0,
                    is_waiting: false,
                };
                self.channels.insert(id, channel);
                return;
            }
            "Hangup" => {
                self.channels.remove(&id);
                return;
            }
            "AgentComplete" => self.counters.entry(queue.clone()).or_default().0 += 1,
            "QueueCallerAbandon" => self.counters.entry(queue.clone()).or_default().1 += 1,
            _ => {}
        }
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        match get(event, "Event") {
            "BridgeEnter" => channel.bridge = get(event, "BridgeUniqueid").to_owned(),
            "BridgeLeave" => channel.bridge.clear(),
            "QueueCallerJoin" => {
                channel.queue = queue;
                channel.waits_since = now;
                channel.is_waiting = true;
            }
            "QueueCallerLeave" => channel.is_waiting = false,
            _ => {}
        }
        for (key, value) in event {
            let is_state = ["Context", "Exten", "Linkedid", "ChannelState", "Channel"];
            if is_state.contains(&key.as_str())
                && let Some(known) = channel.headers.iter_mut().find(|(name, _)| name == key)
            {
                known.1.clone_from(value);
            }
        }
    }

    fn queues(&self, id: &str) -> String {
        let mut text = String::new();
        for member in &self.members {
            let (completed, abandoned) = self
                .counters
                .get(get(member, "Queue"))
                .copied()
                .unwrap_or_default();
            for (key, value) in member {
                let value = match key.as_str() {
                    "ActionID" => id.to_owned(),
                    "Completed" => completed.to_string(),
                    "Abandoned" => abandoned.to_string(),
                    _ => value.clone(),
                };
                text.push_str(&format!("{key}: {value}\r\n"));
            }
            text.push_str("\r\n");
        }
        for (uniqueid, channel) in self.channels.iter().filter(|(_, one)| one.is_waiting) {
            let waited = (self.now - channel.waits_since) as i64;
            text.push_str(&format!(
                "Event: QueueEntry\r\nQueue: {}\r\nPosition: 1\r\nUniqueid: {uniqueid}\r\nWait: {waited}\r\nActionID: {id}\r\n\r\n",
                channel.queue
            ));
        }
        text + &format!(
            "Event: QueueStatusComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
        )
    }

    fn listed(&self, id: &str) -> String {
        let mut text = String::new();
        for (uniqueid, channel) in &self.channels {
            let age = self.now as i64 - uniqueid.split('.').next().unwrap().parse::<i64>().unwrap();
            let (application, data) = match channel.queue.as_str() {
                "" => ("AppDial", "(Outgoing Line)".to_owned()),
                queue => ("Queue", format!("{queue},tT,,,120")),
            };
            let is_inbound = get(&channel.headers, "Channel").contains("trunk");
            let (application, data) = match (is_inbound, channel.queue.is_empty()) {
                (true, true) => ("Wait", String::new()),
                _ => (application, data),
            };
            text.push_str("Event: CoreShowChannel\r\n");
            for key in [
                "Channel",
                "ChannelState",
                "CallerIDNum",
                "Context",
                "Exten",
                "Uniqueid",
                "Linkedid",
            ] {
                text.push_str(&format!("{key}: {}\r\n", get(&channel.headers, key)));
            }
            text.push_str(&format!(
                "Application: {application}\r\nApplicationData: {data}\r\nDuration: {:02}:{:02}:{:02}\r\nBridgeId: {}\r\nActionID: {id}\r\n\r\n",
                age / 3_600,
                age / 60 % 60,
                age % 60,
                channel.bridge
            ));
        }
        text + &format!(
            "Event: CoreShowChannelsComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
        )
    }
}
