//! The switch's side of a survey's dialog, and what servers and calls it needs.

use std::time::Duration;

use dozvon::proto::v1::conduct_survey_request::Message as Report;
use dozvon::proto::v1::conduct_survey_response::Order;
use dozvon::proto::v1::survey_service_client::SurveyServiceClient;
use dozvon::proto::v1::{
    ConductSurveyRequest, ConductSurveyResponse, DialogOpen, EndDialog, KeyPressed, PromptEnded,
    PutSurveyRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::harness::{PATIENCE, Server};
use crate::sender::{SECOND, Sender, answered, live, now};

/// The shipped survey: satisfaction 1–5, then solved 1 or 2; staying on the line consents.
pub(crate) const TWO_QUESTIONS: &str = include_str!("../../deploy/surveys/two-questions.toml");
pub(crate) const SURVEY: &str = "two-questions";

/// Every line is asked, every call is drawn, nobody is left in peace.
pub(crate) const ASK_ALL: &str = "[survey]\nsurvey = \"two-questions\"\nquiet_period = \"0s\"\n";

/// The switch's side of one dialog.
pub(crate) struct Dialog {
    out: mpsc::Sender<ConductSurveyRequest>,
    orders: Streaming<ConductSurveyResponse>,
    /// Keys pressed so far: the number of the last one.
    pub(crate) pressed: u64,
}

impl Dialog {
    pub(crate) async fn open(channel: Channel, open: DialogOpen) -> Self {
        let (out, requests) = mpsc::channel(16);
        let mut dialog = Self::over(channel, out, requests).await;
        dialog.report(Report::Open(open)).await;
        dialog.pressed = 0;
        dialog
    }

    pub(crate) async fn over(
        channel: Channel,
        out: mpsc::Sender<ConductSurveyRequest>,
        requests: mpsc::Receiver<ConductSurveyRequest>,
    ) -> Self {
        let mut client = SurveyServiceClient::new(channel);
        let orders = client.conduct_survey(ReceiverStream::new(requests)).await;
        Self {
            out,
            orders: orders.unwrap().into_inner(),
            pressed: 0,
        }
    }

    pub(crate) async fn report(&mut self, message: Report) {
        let message = Some(message);
        // A dialog that is over takes nothing.
        drop(self.out.send(ConductSurveyRequest { message }).await);
    }

    pub(crate) async fn order(&mut self) -> Order {
        let order = tokio::time::timeout(PATIENCE, self.orders.message()).await;
        let order = order.expect("an order in time").unwrap();
        order
            .expect("an order")
            .order
            .expect("an order says something")
    }

    pub(crate) async fn prompt_ended(&mut self) {
        self.report(Report::PromptEnded(PromptEnded::default()))
            .await;
    }

    pub(crate) async fn press(&mut self, key: &str) {
        self.pressed += 1;
        let key = KeyPressed {
            key: key.into(),
            input_seq: self.pressed,
            ..KeyPressed::default()
        };
        self.report(Report::Key(key)).await;
    }

    /// Reports ends of prompts until this question, or the end, is ordered.
    async fn until_asked(&mut self) -> Asked {
        loop {
            match self.order().await {
                Order::Play(_) => self.prompt_ended().await,
                Order::Collect(collect) => return Asked::Question(collect.question),
                Order::End(end) => return Asked::End(end),
                Order::Opened(_) | Order::Record(_) => {}
            }
        }
    }

    pub(crate) async fn end(&mut self) -> EndDialog {
        match self.until_asked().await {
            Asked::End(end) => end,
            Asked::Question(question) => panic!("{question:?} is asked instead of the end"),
        }
    }

    pub(crate) async fn question(&mut self, expected: &str) {
        match self.until_asked().await {
            Asked::Question(question) => assert_eq!(question, expected),
            Asked::End(end) => panic!("the end instead of {expected:?}: {end:?}"),
        }
    }
}

enum Asked {
    Question(String),
    End(EndDialog),
}

pub(crate) fn open(call: &str) -> DialogOpen {
    DialogOpen {
        source: "pbx".into(),
        call_id: call.into(),
        ..DialogOpen::default()
    }
}

pub(crate) async fn surveys(server: &Server) -> SurveyServiceClient<Channel> {
    SurveyServiceClient::new(server.channel().await)
}

pub(crate) async fn put(server: &Server, definition: &str) {
    let definition = definition.to_owned();
    let mut client = surveys(server).await;
    let put = client.put_survey(PutSurveyRequest { definition });
    assert!(put.await.unwrap().into_inner().added);
}

/// A server that asks everybody, and a call that talks, 60 s by now.
pub(crate) async fn talking(call: &str) -> (Server, Sender) {
    let server = Server::start_with(ASK_ALL).await;
    put(&server, TWO_QUESTIONS).await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let mut events = answered(1, call, now() - 70 * SECOND);
    events.pop();
    sender.batch(events).await;
    (server, sender)
}

/// A fact metric's value; 0 when its series is not there.
async fn count(server: &Server, series: &str) -> u64 {
    let text = server.metrics().await;
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

pub(crate) async fn sessions(server: &Server, disposition: &str) -> u64 {
    let labels = format!("survey=\"{SURVEY}\",disposition=\"{disposition}\"");
    count(server, &format!("dozvon_survey_sessions_total{{{labels}}}")).await
}

pub(crate) async fn answers(server: &Server, question: &str, answer: &str) -> u64 {
    let labels = format!("survey=\"{SURVEY}\",question=\"{question}\",answer=\"{answer}\"");
    count(server, &format!("dozvon_survey_answers_total{{{labels}}}")).await
}

pub(crate) async fn until_counted(server: &Server, disposition: &str, expected: u64) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while sessions(server, disposition).await < expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("it is counted in time");
    assert_eq!(sessions(server, disposition).await, expected);
}

/// Waits until so many calls have settled as served.
pub(crate) async fn until_served(server: &Server, expected: u64) {
    let series = "dozvon_calls_ended_total{outcome=\"served\"}";
    let waited = tokio::time::timeout(PATIENCE, async {
        while count(server, series).await < expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("it settles in time");
}
