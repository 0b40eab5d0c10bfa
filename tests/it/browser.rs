//! A headless Chromium in the hand of a test (`tests/browser/wall.mjs` drives it), and a switch that tells it what to show.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use dozvon::proto::v1::call_event::Kind;
use dozvon::proto::v1::{
    AgentConnected, AgentState, AgentStateChanged, CallEvent, Event, QueueEntered, event::Body,
};
use serde_json::{Value, json};

use crate::harness::Server;
use crate::sender::{SECOND, Sender, ended, live, now, time};

/// A headless Chromium.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        for name in ["DOZVON_TEST_NODE", "DOZVON_TEST_CHROMIUM"] {
            assert!(env::var_os(name).is_some(), "{name} is set by tests/run");
        }
        let mut child = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/wall.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        Self {
            child,
            input,
            output: BufReader::new(output),
        }
    }

    /// Lets the browser do something; its answer.
    pub(crate) fn ask(&mut self, command: &str, mut arguments: Value) -> Value {
        arguments["command"] = command.into();
        tokio::task::block_in_place(|| {
            writeln!(self.input, "{arguments}").unwrap();
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            let mut answer: Value = serde_json::from_str(&line).expect("the browser answers");
            assert!(answer["error"].is_null(), "{arguments}: {answer}");
            answer["answer"].take()
        })
    }

    pub(crate) fn open(&mut self, url: &str, (width, height): (u32, u32), theme: &str) {
        let page = json!({ "url": url, "width": width, "height": height, "theme": theme });
        self.ask("open", page);
    }

    /// Waits for an expression to be true in the page; when it was, in microseconds since 1970.
    pub(crate) fn until(&mut self, expression: &str, seconds: u32) -> i64 {
        let asked = json!({ "expression": expression, "seconds": seconds });
        let at = self.ask("until", asked);
        (at.as_f64().unwrap() * SECOND as f64) as i64
    }

    pub(crate) fn picture(&mut self, name: &str) {
        if let Some(folder) = env::var_os("DOZVON_TEST_PICTURES") {
            let path = Path::new(&folder).join(format!("{name}.png"));
            self.ask("picture", json!({ "path": path }));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A switch whose clock is ours, and the events that it has told.
pub(crate) struct Switch {
    pub(crate) sender: Sender,
    told: u64,
}

impl Switch {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_as(server, "pbx").await
    }

    /// One of several.
    pub(crate) async fn connect_as(server: &Server, name: &str) -> Self {
        let sender = Sender::open(server, live(name)).await.unwrap();
        let told = sender.opened.mark;
        Self { sender, told }
    }

    /// Tells these things of one call, each at so many seconds before this moment.
    pub(crate) async fn call(&mut self, call: &str, told: Vec<(i64, Kind)>) {
        let at = now();
        let bodies = told.into_iter().map(|(ago, kind)| {
            let call_id = call.to_owned();
            let kind = Some(kind);
            (at - ago * SECOND, Body::Call(CallEvent { call_id, kind }))
        });
        self.tell(bodies.collect()).await;
    }

    pub(crate) async fn tell(&mut self, bodies: Vec<(i64, Body)>) {
        let events = bodies.into_iter().map(|(at, body)| {
            self.told += 1;
            Event {
                sequence: self.told,
                occurred_at: Some(time(at)),
                body: Some(body),
            }
        });
        let events: Vec<Event> = events.collect();
        let count = events.len() as u64;
        assert_eq!(self.sender.batch(events).await.accepted, count);
    }

    pub(crate) async fn agent(&mut self, agent: &str, queue: &str, state: AgentState, ago: i64) {
        self.agent_for(agent, queue, (state, ""), ago).await;
    }

    /// With the reason.
    pub(crate) async fn agent_for(
        &mut self,
        agent: &str,
        queue: &str,
        (state, reason): (AgentState, &str),
        ago: i64,
    ) {
        let changed = AgentStateChanged {
            agent: agent.to_owned(),
            state: state.into(),
            reason: reason.to_owned(),
            queues: vec![queue.to_owned()],
        };
        let at = now() - ago * SECOND;
        self.tell(vec![(at, Body::AgentStateChanged(changed))])
            .await;
    }

    /// Says that it lives, as a switch does, and that somebody of this queue is answered now and then.
    pub(crate) fn keep_alive(
        mut self,
        answered: Option<&'static str>,
    ) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move {
            for number in 0.. {
                if let Some(queue) = answered.filter(|_| number % 10 == 0) {
                    let told = vec![
                        (9, entered(queue)),
                        (1, connected("a20", queue)),
                        (0, ended()),
                    ];
                    self.call(&format!("answered-{number}"), told).await;
                }
                self.sender.heartbeat(now()).await;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        })
    }
}

/// A call enters a queue of this name.
pub(crate) fn entered(queue: &str) -> Kind {
    Kind::QueueEntered(QueueEntered {
        queue: queue.to_owned(),
        ..QueueEntered::default()
    })
}

/// An agent takes it.
pub(crate) fn connected(agent: &str, queue: &str) -> Kind {
    Kind::AgentConnected(AgentConnected {
        agent: agent.to_owned(),
        queue: queue.to_owned(),
    })
}
