//! Cases over the real doors: one an interview or form, every step kept over a kill, and nobody's after an erasure.

use dozvon::proto::v1::case_service_client::CaseServiceClient;
use dozvon::proto::v1::{
    Case, CaseState, CloseCaseRequest, GetCaseReportRequest, ListCasesRequest, TakeCaseRequest,
};
use tonic::transport::Channel;

use crate::forms::{SKILLS, form, questionnaire, submit};
use crate::harness::{Server, dozvon, run};
use crate::keeping::{call_of, erase, held};
use crate::sender::{SECOND, Sender, live, now, reason, stored};

/// An answer that the questionnaire opens a case for: the worst of its headline scale.
const WORST: (&str, &str) = ("staff_rating", "1");

async fn cases(server: &Server) -> CaseServiceClient<Channel> {
    CaseServiceClient::new(server.channel().await)
}

async fn list(server: &Server, asked: ListCasesRequest) -> Vec<Case> {
    let listed = cases(server).await.list_cases(asked).await.unwrap();
    listed.into_inner().cases
}

fn take(number: u64, owner: &str) -> TakeCaseRequest {
    let owner = owner.into();
    TakeCaseRequest { number, owner }
}

fn close(number: u64, done: &str) -> CloseCaseRequest {
    CloseCaseRequest {
        number,
        done: done.into(),
        cause: "long_waiting".into(),
        ..CloseCaseRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_form_has_one_case_and_its_steps_outlive_a_kill() {
    let mut server = questionnaire().await;
    let forms = vec![form("bad", &[WORST]), form("good", &[SKILLS])];
    assert_eq!(submit(&server, forms.clone()).await.accepted, 2);
    assert_eq!(submit(&server, forms.clone()).await.duplicates, 2);
    let open = list(&server, ListCasesRequest::default()).await;
    assert_eq!(open.len(), 1, "{open:?}");
    let case = &open[0];
    assert_eq!((&*case.form_id, case.state()), ("bad", CaseState::Opened));
    assert_eq!((&*case.said[0].question, &*case.said[0].answer), WORST);
    let number = case.number;

    let mut client = cases(&server).await;
    let refused = client.close_case(close(number, "x")).await.unwrap_err();
    assert_eq!(reason(&refused), "case_not_taken");
    let refused = client
        .take_case(take(number + 1, "Anna"))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "unknown_case");
    client.take_case(take(number, "Anna")).await.unwrap();
    client.take_case(take(number, "Anna")).await.unwrap();
    server.kill();
    server.restart().await;

    let mut client = cases(&server).await;
    let closed = client.close_case(close(number, "called back")).await;
    let closed = closed.unwrap().into_inner().case.unwrap();
    assert_eq!((&*closed.owner, &*closed.closed_by), ("Anna", "Anna"));
    // The same again changes nothing; anything else is refused.
    client
        .close_case(close(number, "called back"))
        .await
        .unwrap();
    let refused = client.close_case(close(number, "other")).await.unwrap_err();
    assert_eq!(reason(&refused), "case_closed");
    let refused = client.take_case(take(number, "Boris")).await.unwrap_err();
    assert_eq!(reason(&refused), "case_closed");
    server.kill();
    server.restart().await;
    assert_eq!(list(&server, ListCasesRequest::default()).await, []);
    let done = ListCasesRequest {
        state: CaseState::Closed.into(),
        ..ListCasesRequest::default()
    };
    let done = list(&server, done).await;
    assert_eq!((done.len(), &*done[0].done), (1, "called back"));
    assert_eq!(submit(&server, forms).await.duplicates, 2);

    let at = |seconds| Some(pbjson_types::Timestamp { seconds, nanos: 0 });
    let today = now() / SECOND;
    let asked = GetCaseReportRequest {
        start: at(today - 3_600),
        end: at(today + 3_600),
    };
    let report = cases(&server).await.get_case_report(asked).await.unwrap();
    let report = report.into_inner();
    let counts = (report.opened, report.opened_closed_in_time, report.closed);
    assert_eq!(counts, (1, 1, 1));
    let waited = report.causes.iter().find(|one| one.cause == "long_waiting");
    assert_eq!(waited.unwrap().closed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_page_by_page() {
    let server = questionnaire().await;
    let forms = (0..5).map(|number| form(&number.to_string(), &[WORST]));
    submit(&server, forms.collect()).await;
    let mut asked = ListCasesRequest {
        page_size: 2,
        ..ListCasesRequest::default()
    };
    let (mut pages, mut seen) = (Vec::new(), Vec::new());
    loop {
        let page = cases(&server).await.list_cases(asked.clone()).await;
        let page = page.unwrap().into_inner();
        pages.push(page.cases.len());
        seen.extend(page.cases.into_iter().map(|case| case.form_id));
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    assert_eq!(pages, [2, 2, 1]);
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    asked.page_token = "x".into();
    let refused = cases(&server).await.list_cases(asked).await.unwrap_err();
    assert_eq!(reason(&refused), "page_token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_of_an_erased_caller_is_nobody_s() {
    let (call, words) = ("the-call-of-the-case", "a-word-that-leads-to-the-person");
    let server = questionnaire().await;
    let mut sender = Sender::open(&server, live("pbx")).await.unwrap();
    let events = call_of(1, call, now() - 70 * SECOND, "+7 912 345-67-89");
    let ack = sender.batch(events).await;
    stored(&server, "pbx", ack.position).await;
    let mut bound = form("p-1", &[WORST]);
    (bound.source, bound.call_id) = ("pbx".into(), call.into());
    submit(&server, vec![bound]).await;
    let number = list(&server, ListCasesRequest::default()).await[0].number;
    let mut client = cases(&server).await;
    client.take_case(take(number, "Anna")).await.unwrap();
    client.close_case(close(number, words)).await.unwrap();
    sender.heartbeat(now() + 40 * SECOND).await;
    let said = run(erase(&server, &["--caller", "8 912 345-67-89", "--yes"])).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(held(&server, call.as_bytes()).await, 0);
    assert_eq!(held(&server, words.as_bytes()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_takes_and_closes() {
    let server = questionnaire().await;
    submit(&server, vec![form("p-1", &[WORST])]).await;
    let command = |args: &[&str]| {
        let mut command = dozvon();
        command.arg("case").args(args);
        command.args(["--server", &server.grpc_addr()]);
        run(command)
    };
    let listed = command(&["list", "--format", "csv"]).await;
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let row = listed.stdout.lines().nth(1).unwrap();
    assert!(row.contains("staff_rating = 1"), "{row}");
    let number = row.split(',').next().unwrap();
    let taken = command(&["take", number, "--owner", "Anna"]).await;
    assert!(taken.stdout.contains("Anna"), "{}", taken.stderr);
    let closed = command(&["close", number, "--done", "called", "--cause", "waiting"]).await;
    assert_eq!(closed.code, 1, "{}", closed.stdout);
    assert!(closed.stderr.contains("long_waiting"), "{}", closed.stderr);
    let closed = command(&["close", number, "--done", "called"]).await;
    assert!(closed.stdout.contains("closed"), "{}", closed.stderr);
    let none = command(&["list"]).await;
    assert_eq!(none.stdout, "no cases\n");
}
