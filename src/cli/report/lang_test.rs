//! What a reader of Russian tables finds in them.

use super::*;
use crate::model::{AnswerChannel, Cause, Disposition};
use crate::proto::v1;

#[test]
fn russian_words_go_with_their_number() {
    for (calls, expected) in [
        ("1", "Общий номер 7, не учтён: 1 звонок\n"),
        ("3", "Общий номер 7, не учтён: 3 звонка\n"),
        ("11", "Общий номер 7, не учтён: 11 звонков\n"),
        ("12", "Общий номер 7, не учтён: 12 звонков\n"),
        ("21", "Общий номер 7, не учтён: 21 звонок\n"),
        ("105", "Общий номер 7, не учтён: 105 звонков\n"),
    ] {
        let phrase = "Shared number {}, left out: {} {:call|calls}\n";
        assert_eq!(Lang::Ru.fill(phrase, &["7", calls]), expected);
    }
    let english = |calls| Lang::En.fill("{} {:call|calls}", &[calls]);
    assert_eq!(
        (english("1"), english("2")),
        ("1 call".into(), "2 calls".into())
    );
}

#[test]
fn a_sentence_of_the_server_is_known_by_its_phrase() {
    let told = "what counts for queue jobs changed at 2026-03-02T12:00:00+04:00: T from 20 s to 30 s, headline from \
        strict to short; what began before is measured as before";
    let russian = "правила очереди jobs изменены с 2026-03-02T12:00:00+04:00: T: было 20 с, стало 30 с, главная \
        формула: было strict, стало short; что началось раньше, считается по-прежнему";
    assert_eq!(Lang::Ru.told(told), russian);
    assert_eq!(Lang::En.told(told), told);
    let differs = "what counts for queue PS differs between the two periods: T from 20 s to 30 s then 60 s, headline from \
        strict to short; figures that rest on it have no difference";
    assert_eq!(
        Lang::Ru.told(differs),
        "правила очереди PS в двух периодах разные: T: было 20 с, стало 30 с, затем 60 с, главная формула: было strict, \
         стало short; у показателей, которые от них зависят, разницы нет"
    );
    assert_eq!(Lang::Ru.told("something new"), "something new");
    assert_eq!(Lang::Ru.definition("T", "T = 12.5 s"), "T = 12.5 с");
    assert_eq!(
        Lang::Ru.definition("V2", "visits begun"),
        "Сколько раз кто-либо вставал в очередь; при переводе один звонок встаёт в несколько."
    );
}

#[test]
fn a_word_beside_its_number_agrees_with_any() {
    assert_eq!(Lang::Ru.say("served"), "обслужен");
    for (word, russian) in [
        ("served", "обслужено"),
        ("left before a queue", "ушло до очереди"),
        ("dismissed", "отправлено ни с чем"),
        ("returned", "вернулось"),
        // A word that needs no other form.
        ("timeout", "вышло время"),
    ] {
        assert_eq!(Lang::Ru.counted(word), russian);
        assert_eq!(Lang::En.counted(word), word);
    }
}

#[test]
fn figures_have_a_decimal_comma() {
    assert_eq!(Lang::Ru.percent(Some(0.5438)), "54,4 %");
    assert_eq!(Lang::Ru.figure("+12.5 s"), "+12,5 с");
    assert_eq!(Lang::En.figure("+12.5 s"), "+12.5 s");
}

#[test]
fn every_word_of_a_closed_list_has_its_russian() {
    use crate::model::{
        EndedBy, Exit, OfferResult, Outcome, TargetKind, TransferFailure, TransferMethod,
        TransferOutcome,
    };
    let lists = [
        Outcome::ALL
            .iter()
            .map(|word| word.as_str())
            .collect::<Vec<_>>(),
        Exit::ALL.iter().map(|word| word.as_str()).collect(),
        EndedBy::ALL.iter().map(|word| word.as_str()).collect(),
        OfferResult::ALL.iter().map(|word| word.as_str()).collect(),
        TargetKind::ALL.iter().map(|word| word.as_str()).collect(),
        TransferFailure::ALL
            .iter()
            .map(|word| word.as_str())
            .collect(),
        TransferMethod::ALL
            .iter()
            .map(|word| word.as_str())
            .collect(),
        TransferOutcome::ALL
            .iter()
            .map(|word| word.as_str())
            .collect(),
        crate::model::Direction::ALL
            .iter()
            .map(|word| word.as_str())
            .collect(),
    ];
    for word in lists.into_iter().flatten() {
        assert_ne!(Lang::Ru.say(word), word);
    }
}

/// What is left of English. Ids of definitions, and what is called so everywhere, are the same in both languages; the
/// version of a survey is `v0`.
fn english(russian: &str) -> Vec<&str> {
    let names = [
        "Q1", "Q2", "Q3", "Q4", "RR1", "RR2", "NPS", "n", "v0", "UTC",
    ];
    let words = russian.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let latin = |word: &&str| word.chars().any(|letter| letter.is_ascii_alphabetic());
    let left = words.filter(latin).filter(|word| !names.contains(word));
    left.collect()
}

/// A row of every kind that there is, of one channel.
fn survey_of(channel: AnswerChannel) -> v1::GetSurveyReportResponse {
    let share = || Some(v1::SurveyShare::default());
    let score = |kind: &str| v1::SurveyScoreRow {
        channel: channel.as_str().into(),
        kind: kind.into(),
        suppressed: true,
        top_box: share(),
        answers: [(true, false), (false, true), (false, false)]
            .map(|(positive, outside)| v1::SurveyAnswerCount {
                positive,
                outside,
                ..v1::SurveyAnswerCount::default()
            })
            .into(),
        ..v1::SurveyScoreRow::default()
    };
    let cause = |cause: &Cause| v1::SurveyCauseRow {
        channel: channel.as_str().into(),
        month: "2026-01".into(),
        cause: cause.as_str().into(),
        share: share(),
        ..v1::SurveyCauseRow::default()
    };
    let ended = |disposition: &Disposition| v1::SurveyDisposition {
        disposition: disposition.as_str().into(),
        sessions: 1,
    };
    let coverage = |dimension: &str| v1::SurveyCoverageRow {
        dimension: dimension.into(),
        ..v1::SurveyCoverageRow::default()
    };
    let steering = |signal: &str| v1::SurveySteeringRow {
        invited_share: Some(v1::SurveyControl {
            signal: signal.into(),
            ..v1::SurveyControl::default()
        }),
        ..v1::SurveySteeringRow::default()
    };
    let kinds = [
        "choice",
        "scale",
        "yes_no",
        "number",
        "nps_0_10",
        "voice_note",
    ];
    let dimensions = ["transfers", "hung_up_first", "queue", "hour", "wait"];
    let funnel = v1::SurveyFunnelRow {
        dispositions: Disposition::ALL.iter().map(ended).collect(),
        ..v1::SurveyFunnelRow::default()
    };
    let mut answer = v1::GetSurveyReportResponse::default();
    match channel {
        AnswerChannel::Phone => {
            answer.funnel = vec![funnel];
            answer.coverage = dimensions.map(coverage).into();
            answer.steering = ["below", "above", ""].map(steering).into();
            answer.scores = kinds.map(score).into();
        }
        AnswerChannel::Appeal | AnswerChannel::Social => {
            answer.causes = Cause::ALL.iter().map(cause).collect();
        }
        AnswerChannel::Paper
        | AnswerChannel::Web
        | AnswerChannel::Exit
        | AnswerChannel::Window
        | AnswerChannel::Mystery => answer.scores = kinds.map(score).into(),
    }
    answer
}

#[test]
fn no_channel_of_surveys_has_english_words_in_its_tables() {
    use super::super::grid::{heading, in_words};
    use super::super::survey::{parts, survey_table};
    // What is asked by, whatever the language.
    let codes = ["survey", "question", "version"];
    for channel in AnswerChannel::ALL {
        let answer = survey_of(*channel);
        let table = survey_table(&answer, Lang::Ru);
        assert!(table.lines().count() > 5, "{table}");
        assert_eq!(english(&table), [""; 0], "{channel:?}: {table}");
        for part in parts(&answer, *channel) {
            let title = Lang::Ru.say(part.title);
            assert_eq!(english(title), [""; 0], "{channel:?}");
            assert!(!part.rows.is_empty(), "{channel:?}: nothing in {title}");
            for (index, head) in part.heads.iter().enumerate() {
                let named = heading(Lang::Ru, &head.name);
                assert_eq!(english(&named), [""; 0], "{channel:?}: {}", head.name);
                let cells = part.rows.iter().map(|row| &row[index]);
                let said = cells.map(|cell| in_words(Lang::Ru, head, cell));
                for said in said.filter(|_| !codes.contains(&&*head.name)) {
                    assert_eq!(english(&said), [""; 0], "{channel:?}: {}", head.name);
                }
            }
        }
    }
}

#[test]
fn what_stands_beside_a_figure_is_named_after_it() {
    use super::super::grid::heading;
    for (name, english, russian) in [
        ("top_box_low", "top box low", "довольны: не меньше"),
        ("nps_n", "nps n", "NPS: n"),
        ("outside", "outside the scale", "вне шкалы"),
        ("outside_n", "outside the scale n", "вне шкалы: n"),
        ("blind_outside", "blind outside", "blind outside"),
    ] {
        assert_eq!(heading(Lang::En, name), english);
        assert_eq!(heading(Lang::Ru, name), russian);
    }
}
