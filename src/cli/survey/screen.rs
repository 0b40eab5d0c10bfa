//! An interview on the screen: what the caller hears as text, the keys as they are typed, and how long is left.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::Child;
use std::time::Duration;

use super::espeak::Voice;
use super::terminal::{Terminal, typed};
use super::{Exit, Failure};
use crate::clock;
use crate::model::Timestamp;
use crate::survey::{Definition, Heard, Input, Interview, Key, Order, Press, Record, Then};

/// How often the line with the time left is drawn.
const TICK: Duration = Duration::from_millis(200);
const HELP: &str =
    "Keys: 0–9, * and # as on the telephone; Enter: the prompt is over; h or Ctrl-C: hang up.";

/// What is being heard.
enum Playing {
    /// Nothing.
    Silence,
    /// As long as the words would take.
    Until(Timestamp),
    /// As long as the voice speaks, which takes about until then.
    Voice {
        child: Child,
        since: Timestamp,
        until: Timestamp,
    },
}

/// A voice that is done in less than this part of the time that its words need has not been heard.
const HEARD_PART: u32 = 3;

struct Screen {
    definition: Definition,
    language: usize,
    interview: Interview,
    voice: Option<Voice>,
    playing: Playing,
    started: tokio::time::Instant,
}

/// Asks a survey in the terminal.
///
/// # Errors
/// Without a terminal, or without a voice that was asked for.
pub(super) async fn run(
    definition: Definition,
    language: String,
    say: bool,
) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let message = "this needs a terminal; elsewhere use --script FILE";
        return Err(Failure::new(Exit::Usage, message));
    }
    let voice = say.then(|| Voice::find(&language)).transpose()?;
    let _terminal = Terminal::keys()?;
    let mut keys = typed();
    show(&format!(
        "{} v{}, \"{language}\". {HELP}\n",
        definition.survey, definition.version
    ));
    let mut orders = Vec::new();
    let begin = Timestamp::from_micros(0);
    let interview = Interview::begin(&definition, &language, begin, &mut orders);
    let mut screen = Screen {
        language: definition.language(&language),
        definition,
        interview,
        voice,
        playing: Playing::Silence,
        started: clock::instant(),
    };
    screen.perform(&mut orders)?;
    let mut tick = tokio::time::interval(TICK);
    while screen.interview.outcome().is_none() {
        let typed = tokio::select! {
            key = keys.recv() => Some(key),
            _ = tokio::signal::ctrl_c() => Some(None),
            _ = tick.tick() => None,
        };
        if let Some(key) = typed {
            screen.type_key(key, &mut orders);
        }
        screen.pass_time(&mut orders);
        screen.perform(&mut orders)?;
        screen.draw();
    }
    screen.hush();
    screen.sum_up();
    Ok(())
}

impl Screen {
    fn at(&self) -> Timestamp {
        Timestamp::from_micros(0).plus(clock::instant() - self.started)
    }

    fn tell(&mut self, input: &Input, orders: &mut Vec<Order>) {
        let at = self.at();
        self.interview
            .handle_input(&self.definition, input, at, orders);
    }

    /// A key of the keyboard; `None`: hung up.
    fn type_key(&mut self, key: Option<u8>, orders: &mut Vec<Order>) {
        match key.map(char::from) {
            // The end of input, Ctrl-D, h.
            None | Some('\u{4}' | 'h' | 'q') => {
                show("☎ hung up");
                self.tell(&Input::HangUp, orders);
            }
            Some('\n' | '\r') => {
                self.hush();
                self.tell(&Input::PromptEnded { play: None }, orders);
            }
            Some(c) => match Key::try_from(c) {
                Ok(key) => {
                    show(&format!("⌨ {}", key.as_char()));
                    let press = Press {
                        key,
                        input_seq: None,
                        heard: Heard::Unknown,
                    };
                    self.tell(&Input::Press(press), orders);
                }
                Err(_) => show(HELP),
            },
        }
    }

    /// What the time brings: a prompt's end, a deadline.
    fn pass_time(&mut self, orders: &mut Vec<Order>) {
        let at = self.at();
        let is_over = match &mut self.playing {
            Playing::Silence => false,
            Playing::Until(end) => *end <= at,
            Playing::Voice { child, .. } => !matches!(child.try_wait(), Ok(None)),
        };
        let is_over = is_over && !self.is_unheard(at);
        if is_over {
            self.playing = Playing::Silence;
            self.tell(&Input::PromptEnded { play: None }, orders);
        }
        let due = self.interview.poll_deadline(&self.definition);
        if due.is_some_and(|due| due <= at) {
            self.interview.handle_deadline(&self.definition, at, orders);
        }
    }

    /// Does what is ordered; a record is safe at once, since nothing is kept.
    fn perform(&mut self, orders: &mut Vec<Order>) -> Result<(), Failure> {
        let mut done = 0;
        while let Some(order) = orders.get(done).cloned() {
            done += 1;
            match order {
                Order::Play { prompts, .. } => self.play(&prompts)?,
                Order::Collect { .. } => {}
                Order::Listen { seconds_max, .. } => {
                    show(&format!(
                        "● a comment of up to {} s is recorded",
                        seconds_max.as_secs()
                    ));
                    let recording = "not-kept".to_owned();
                    self.tell(&Input::VoiceNote { recording }, orders);
                }
                Order::Record { seq, record } => {
                    self.show_record(&record);
                    self.tell(&Input::Recorded { seq }, orders);
                }
                Order::End { .. } => self.hush(),
            }
        }
        orders.clear();
        Ok(())
    }

    /// Whether a voice has ended before anybody can have heard it: no loudspeaker, or no such voice. Then its words are shown
    /// for as long as they take, and it is tried no more.
    fn is_unheard(&mut self, at: Timestamp) -> bool {
        let Playing::Voice {
            child,
            since,
            until,
        } = &mut self.playing
        else {
            return false;
        };
        let until = *until;
        let needs = until.since(*since).unwrap_or_default();
        if at >= since.plus(needs / HEARD_PART) {
            return false;
        }
        let mut said = String::new();
        if let Some(stderr) = &mut child.stderr {
            // Without its words there is still something to say.
            drop(stderr.read_to_string(&mut said));
        }
        let why = said.lines().last().unwrap_or("it was done at once");
        show(&format!(
            "! espeak-ng is not heard ({why}): the prompts go on without a voice"
        ));
        self.voice = None;
        self.playing = Playing::Until(until);
        true
    }

    fn play(&mut self, prompts: &[String]) -> Result<(), Failure> {
        self.hush();
        let said = prompts.iter().filter_map(|audio| {
            let prompt = self.definition.prompt_of(audio)?;
            prompt.said.get(self.language)
        });
        let said: Vec<_> = said.cloned().collect();
        for said in &said {
            show(&format!("♪ {}", said.text));
        }
        let text: Vec<_> = said.iter().map(|said| said.text.as_str()).collect();
        let since = self.at();
        let until = since.plus(said.iter().map(|said| said.length()).sum());
        self.playing = match &self.voice {
            Some(voice) => Playing::Voice {
                child: voice.speak(&text.join("\n"))?,
                since,
                until,
            },
            None => Playing::Until(until),
        };
        Ok(())
    }

    /// Stops the voice.
    fn hush(&mut self) {
        if let Playing::Voice { child, .. } = &mut self.playing {
            drop(child.kill());
            drop(child.wait());
        }
        self.playing = Playing::Silence;
    }

    fn show_record(&self, record: &Record) {
        let line = match record {
            Record::Consent {
                text_id, version, ..
            } => format!("✓ consent to {text_id} v{version}"),
            Record::NoteConsent {
                text_id, version, ..
            } => {
                format!("✓ consent to a recording, {text_id} v{version}")
            }
            Record::Answer { question, answer } => {
                let asked = self
                    .definition
                    .questions
                    .iter()
                    .find(|asked| asked.code == *question);
                let answers = asked.map_or(&[][..], |asked| &asked.answers);
                let given = answers.iter().find(|given| given.code == *answer);
                let label = given.and_then(|given| given.labels.get(self.language)?.as_deref());
                let label = label.map_or(String::new(), |label| format!(" ({label})"));
                format!("✓ {question} = {answer}{label}")
            }
            Record::Skip { question } => format!("✓ {question} skipped"),
        };
        show(&line);
    }

    /// The line with the time left.
    fn draw(&self) {
        let left = |until: Timestamp| until.since(self.at()).unwrap_or_default().as_secs();
        let line = match &self.playing {
            Playing::Until(end) => format!("… speaking, {} s left", left(*end)),
            Playing::Voice { .. } => "… speaking".to_owned(),
            Playing::Silence => match self.interview.poll_deadline(&self.definition) {
                Some(due) => format!("… waiting for a key, {} s left", left(due)),
                None => String::new(),
            },
        };
        drop(write!(io::stdout(), "\r\x1b[K{line}"));
        drop(io::stdout().flush());
    }

    fn sum_up(&self) {
        let Some(outcome) = self.interview.outcome() else {
            return;
        };
        let to = match outcome.next {
            Then::HangUp => "the call ends",
            Then::Specialist => "back to a specialist",
        };
        let keys = if outcome.no_dtmf {
            ", no key was heard"
        } else {
            ""
        };
        show(&format!("— {}{keys}; {to}", outcome.disposition.as_str()));
        for (question, answer) in self.interview.answers() {
            show(&format!(
                "  {} = {answer}",
                self.definition.questions[question].code
            ));
        }
    }
}

/// Shows a line in place of the one with the time left.
fn show(line: &str) {
    // A terminal that is gone ends the interview by the end of input.
    drop(writeln!(io::stdout(), "\r\x1b[K{line}"));
}
