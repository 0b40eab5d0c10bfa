//! One call: everything told of it, what was concluded, and where it is counted and why.

use std::fmt::Write as _;

use crate::model::Timestamp;
use crate::proto::v1;
use crate::proto::v1::{
    CallLeg, CallOffer, CallSurvey, CallTransfer, CallVisit, GetCallResponse, ToldEvent,
};

use super::super::failure::Failure;
use super::calls::outcome;
use super::client::Client;
use super::columns::{Cell, Columns};
use super::frame;
use super::grid::Grid;
use super::lang::Lang;
use super::output::{Answer, Output, Shown};
use super::spans;
use super::text::clock;

/// The report's name.
const TITLE: &str = "Call";

/// What one call can be asked for with.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct OneOptions {
    /// The call's id, as lists of calls show it
    #[arg(value_name = "ID")]
    call: String,
    #[command(flatten)]
    pub(super) common: super::options::Options,
    /// Whose call it is; needed where several sources have one of this id
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say where the call is counted by this definition, and why: strict, V1, T3 … or `all`; several by commas or again
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    explain: Vec<String>,
}

/// Asks for the call and writes it.
pub(super) async fn show(
    options: &OneOptions,
    client: &mut Client,
    output: Output,
    now: Timestamp,
) -> Result<Shown, Failure> {
    let common = &options.common;
    let request = v1::GetCallRequest {
        call_id: options.call.clone(),
        source: options.source.clone().unwrap_or_default(),
        query: Some(v1::ReportQuery {
            zone: common.zone.clone().unwrap_or_default(),
            service_level: common.service_level.map(Into::into),
            short_abandon: common.short_abandon.map(Into::into),
            short_answered: common.short_answered.map(Into::into),
            ..v1::ReportQuery::default()
        }),
        explain: options.explain.clone(),
        wait_over: spans(&common.wait_over),
        excessive_limit: common.excessive_limit.unwrap_or_default(),
        windows: spans(&common.windows),
        shared_over: common.shared_over.unwrap_or_default(),
    };
    let answer = client.call(request).await?;
    let answer = Answer {
        title: TITLE,
        lang: common.lang,
        answer: &answer,
        context: answer.context.as_ref(),
        parts: vec![Grid::of(TITLE, &columns(), &answer.events)],
        before: None,
        figures: 0,
        with_differences: |answer, _| answer.clone(),
        table: call_table,
    };
    let mut shown = answer.shown(output, 0, now)?;
    let whole = [Output::Table, Output::Json].contains(&output);
    if !whole && !options.explain.is_empty() {
        let words = "only the timeline is written; a table and JSON hold the explanations, too";
        shown.remarks.push(common.lang.say(words).to_owned());
    }
    Ok(shown)
}

/// The timeline's columns.
fn columns() -> Columns<ToldEvent> {
    let mut columns = Columns::<ToldEvent>::new();
    columns
        .instant("at", |told| &told.at)
        .count("sequence", |told| told.sequence)
        .text("kind", |told| &told.kind)
        .mixed("fields", |told| Cell::Text(fields(told)))
        .mixed("marks", |told| Cell::Text(marks(told)));
    columns
}

fn fields(told: &ToldEvent) -> String {
    let fields = told.fields.iter();
    let fields: Vec<_> = fields
        .map(|field| format!("{}={}", field.name, field.value))
        .collect();
    fields.join(" ")
}

fn marks(told: &ToldEvent) -> String {
    let marks = [
        (told.source_ahead, "source_ahead"),
        (told.told_twice, "told_twice"),
    ];
    let marks: Vec<_> = marks
        .into_iter()
        .filter_map(|(set, word)| set.then_some(word))
        .collect();
    marks.join(" ")
}

/// Sets the call as tables: what was told, then what was concluded.
fn call_table(answer: &GetCallResponse, lang: Lang) -> String {
    let context = answer.context.as_ref();
    let mut text = frame::heading(lang, TITLE, context);
    if let Some(call) = &answer.call {
        let mut about = vec![lang.fill("{} of {}", &[&call.call_id, &call.source])];
        about.extend((!call.caller.is_empty()).then(|| lang.fill("caller {}", &[&call.caller])));
        about.extend((!call.line.is_empty()).then(|| lang.fill("line {}", &[&call.line])));
        about.push(lang.say(&call.direction).to_owned());
        about.push(lang.say(outcome(call)).to_owned());
        about.extend(
            (!call.ended_by.is_empty())
                .then(|| lang.fill("ended by {}", &[lang.say(&call.ended_by)])),
        );
        about.extend((!call.marks.is_empty()).then(|| call.marks.join(" ")));
        about.extend(call.provisional.then(|| lang.say("may change").to_owned()));
        let _ = writeln!(text, "{}", about.join(", "));
    }
    let told = answer.events.iter();
    let told = told.map(|told| {
        let (at, number) = (exactly(&told.at), told.sequence.to_string());
        vec![at, number, told.kind.clone(), fields(told), marks(told)]
    });
    section(
        lang,
        &mut text,
        "Told",
        &["At", "Number", "What", "Said", "Marks"],
        told,
    );
    let visits = answer.visits.iter().enumerate();
    let header = ["Visit", "Queue", "Entered", "Exit", "Left", "Wait"];
    section(
        lang,
        &mut text,
        "Visits",
        &header,
        visits.map(|one| visit(lang, one)),
    );
    let header = ["Agent", "Queue", "Visit", "Rang", "Until", "Result"];
    section(
        lang,
        &mut text,
        "Offers",
        &header,
        answer.offers.iter().map(|one| offer(lang, one)),
    );
    let header = [
        "Agent",
        "Queue",
        "Visit",
        "Connected",
        "Released",
        "By",
        "Talk",
        "Hold",
    ];
    section(
        lang,
        &mut text,
        "Legs",
        &header,
        answer.legs.iter().map(|one| leg(lang, one)),
    );
    let header = [
        "At", "Method", "From", "Queue", "To", "Outcome", "Return", "Wait",
    ];
    let transfers = answer.transfers.iter().map(|one| transfer(lang, one));
    section(lang, &mut text, "Transfers", &header, transfers);
    if let Some(survey) = &answer.survey {
        text += &asked(lang, survey);
    }
    if !answer.explanations.is_empty() {
        text += lang.say("Counted");
        text.push('\n');
        for said in &answer.explanations {
            let _ = writeln!(text, "  {}: {}", said.id, said.sentence);
        }
    }
    text + &frame::footnotes(lang, context)
}

/// What came of asking the caller: why, consent, answers by code, the end.
fn asked(lang: Lang, survey: &CallSurvey) -> String {
    let mut about = vec![survey.reason.clone()];
    about.extend((survey.version > 0).then(|| format!("{} v{}", survey.survey, survey.version)));
    let opened = &survey.opened_at;
    about.extend((!opened.is_empty()).then(|| format!("invited {}", exactly(opened))));
    let disposition = match survey.disposition.as_str() {
        "" => "goes on".to_owned(),
        word => format!("{word} {}", exactly(&survey.ended_at)),
    };
    about.push(disposition);
    about.extend(survey.no_dtmf.then(|| "no key at all".to_owned()));
    let mut text = format!("Survey: {}\n", about.join(", "));
    for consent in &survey.consents {
        let (id, version, at) = (&consent.text_id, consent.version, exactly(&consent.at));
        let _ = writeln!(text, "Consent: {id} v{version} {at} {}", consent.question);
    }
    let header = [
        "Question",
        "Answer",
        "At",
        "Silences",
        "Wrong keys",
        "Repeats",
    ];
    let rows = survey.questions.iter().map(|one| {
        let counts = [one.noinputs, one.nomatches, one.repeats].map(|count| count.to_string());
        let said = [
            one.question.clone(),
            one.answer.clone(),
            exactly(&one.done_at),
        ];
        said.into_iter().chain(counts).collect()
    });
    section(lang, &mut text, "Asked", &header, rows);
    text
}

/// `2026-03-02 10:01:20.5 +04:00`: within a call fractions of a second matter.
fn exactly(local: &str) -> String {
    let offset = local.len().saturating_sub("+04:00".len());
    match (local.split_once('T'), local.split_at_checked(offset)) {
        (Some((date, _)), Some((head, offset))) => {
            let time = head.get(date.len() + 1..).unwrap_or_default();
            format!("{date} {time} {offset}")
        }
        _ => local.to_owned(),
    }
}

fn section(
    lang: Lang,
    text: &mut String,
    title: &str,
    header: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let _ = writeln!(text, "{}", lang.say(title));
        *text += &lang.table(header, header.len(), rows);
    }
}

fn visit(lang: Lang, (index, visit): (usize, &CallVisit)) -> Vec<String> {
    let exit = match visit.exit.as_str() {
        "" => "waiting",
        exit => exit,
    };
    vec![
        (index + 1).to_string(),
        visit.queue.clone(),
        exactly(&visit.entered_at),
        lang.say(exit).to_owned(),
        exactly(&visit.exited_at),
        clock(visit.wait.as_ref()),
    ]
}

/// A visit's number; none where there is none.
fn number(visit: u32) -> String {
    match visit {
        0 => String::new(),
        visit => visit.to_string(),
    }
}

fn offer(lang: Lang, offer: &CallOffer) -> Vec<String> {
    vec![
        offer.agent.clone(),
        offer.queue.clone(),
        number(offer.visit),
        exactly(&offer.offered_at),
        exactly(&offer.ended_at),
        lang.say(&offer.result).to_owned(),
    ]
}

fn leg(lang: Lang, leg: &CallLeg) -> Vec<String> {
    vec![
        leg.agent.clone(),
        leg.queue.clone(),
        number(leg.visit),
        exactly(&leg.connected_at),
        exactly(&leg.released_at),
        lang.say(&leg.released_by).to_owned(),
        clock(leg.talk.as_ref()),
        clock(leg.hold.as_ref()),
    ]
}

fn transfer(lang: Lang, transfer: &CallTransfer) -> Vec<String> {
    let outcome = match (transfer.outcome.as_str(), transfer.failure.as_str()) {
        ("", _) => lang.say("pending").to_owned(),
        (outcome, "") => lang.say(outcome).to_owned(),
        (outcome, failure) => format!("{}: {}", lang.say(outcome), lang.say(failure)),
    };
    vec![
        exactly(&transfer.at),
        lang.say(&transfer.method).to_owned(),
        transfer.from_agent.clone(),
        transfer.from_queue.clone(),
        format!("{} {}", lang.say(&transfer.target), transfer.to)
            .trim()
            .to_owned(),
        outcome,
        if transfer.is_return {
            lang.say("yes")
        } else {
            ""
        }
        .to_owned(),
        clock(transfer.wait.as_ref()),
    ]
}
