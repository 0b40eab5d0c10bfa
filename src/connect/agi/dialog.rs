//! The dialog's side: `ConductSurvey`, opened again with the same call when it is cut off, until its session ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::connect::client::Server;
use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::proto::v1::conduct_survey_response::Order;
use crate::proto::v1::survey_service_client::SurveyServiceClient;

/// Reports and orders that may wait: a key and a prompt's end make two, and nobody presses faster than they are told.
pub(super) const WAITING_MAX: usize = 32;
/// Dialogs of one connection: the server takes 256 streams of one.
const DIALOGS_A_CONNECTION: usize = 200;
/// Between two attempts to open a dialog again.
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// Reasons that pass by themselves: the server starts or stops, or has not seen yet that the dialog was cut off.
const PASSING: [&str; 3] = ["starting", "shutting_down", "being_asked"];

/// What the dialog says.
#[derive(Debug)]
pub(super) enum Heard {
    /// An order.
    Order(Order),
    /// It was cut off, and is being opened again.
    Lost,
}

/// Connections to one server, opened when they are needed and opened again when they break.
#[derive(Debug)]
pub(super) struct Connections(Vec<Arc<Channel>>);

impl Connections {
    /// As many as so many dialogs need.
    pub(super) fn new(
        server: &Server,
        dialogs_max: usize,
    ) -> Result<Self, tonic::transport::Error> {
        let count = dialogs_max.div_ceil(DIALOGS_A_CONNECTION).max(1);
        let channels = (0..count).map(|_| Ok(Arc::new(server.connect_later()?)));
        channels.collect::<Result<_, _>>().map(Self)
    }

    /// The one with the fewest dialogs.
    pub(super) fn least_used(&self) -> Option<Arc<Channel>> {
        let channels = self.0.iter();
        channels.min_by_key(|one| Arc::strong_count(one)).cloned()
    }
}

/// Conducts one dialog until its last order, or until nobody listens.
pub(super) async fn run(
    channel: Arc<Channel>,
    open: wire::DialogOpen,
    mut reports: mpsc::Receiver<Message>,
    heard: mpsc::Sender<Heard>,
) {
    let mut was_open = false;
    loop {
        let attempt = attempt(&channel, &open, &mut reports, &heard, &mut was_open);
        if attempt.await == Came::Over {
            return;
        }
        // What was reported to nobody belongs to a question that is asked anew.
        while reports.try_recv().is_ok() {}
        if heard.is_closed() || reports.is_closed() {
            return;
        }
        if was_open && heard.send(Heard::Lost).await.is_err() {
            return;
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

/// What came of an attempt.
#[derive(PartialEq, Eq)]
enum Came {
    /// The last order came, or the session ended.
    Over,
    /// No dialog any more.
    Cut,
}

async fn attempt(
    channel: &Channel,
    open: &wire::DialogOpen,
    reports: &mut mpsc::Receiver<Message>,
    heard: &mpsc::Sender<Heard>,
    was_open: &mut bool,
) -> Came {
    let (out, requests) = mpsc::channel(WAITING_MAX);
    let tell = |message| wire::ConductSurveyRequest {
        message: Some(message),
    };
    drop(out.try_send(tell(Message::Open(open.clone()))));
    let mut client = SurveyServiceClient::new(channel.clone());
    let conducted = client.conduct_survey(ReceiverStream::new(requests));
    let mut orders = tokio::select! {
        conducted = conducted => match conducted {
            Ok(orders) => orders.into_inner(),
            Err(status) => {
                tracing::debug!(code = ?status.code(), "no survey dialog");
                return Came::Cut;
            }
        },
        () = heard.closed() => return Came::Over,
    };
    loop {
        tokio::select! {
            order = orders.message() => {
                let Ok(Some(order)) = order else { return Came::Cut };
                let Some(order) = order.order else { continue };
                if let Order::End(end) = &order
                    && PASSING.contains(&end.reason.as_str())
                    && (*was_open || end.reason != "being_asked")
                {
                    return Came::Cut;
                }
                *was_open |= matches!(order, Order::Opened(_));
                let is_last = matches!(order, Order::End(_));
                if heard.send(Heard::Order(order)).await.is_err() || is_last {
                    return Came::Over;
                }
            }
            report = reports.recv() => match report {
                Some(report) => {
                    if out.send(tell(report)).await.is_err() {
                        return Came::Cut;
                    }
                }
                // The session is over; a last report may still be on its way.
                None => {
                    drop(out);
                    drop(tokio::time::timeout(TRY_AGAIN, orders.message()).await);
                    return Came::Over;
                }
            },
        }
    }
}
