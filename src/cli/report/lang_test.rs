//! What a reader of Russian tables finds in them.

use super::*;

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
    assert_eq!(Lang::Ru.told("something new"), "something new");
    assert_eq!(Lang::Ru.definition("T", "T = 12.5 s"), "T = 12.5 с");
    assert_eq!(
        Lang::Ru.definition("V2", "visits begun"),
        "Сколько раз кто-либо вставал в очередь; при переводе один звонок встаёт в несколько."
    );
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

#[test]
fn the_table_of_surveys_has_no_english_heading() {
    use crate::model::Disposition;
    use crate::proto::v1::{
        GetSurveyReportResponse, SurveyDisposition, SurveyFunnelRow, SurveyScoreRow,
    };
    let row = SurveyFunnelRow {
        dispositions: Disposition::ALL
            .iter()
            .map(|word| SurveyDisposition {
                disposition: word.as_str().into(),
                sessions: 1,
            })
            .collect(),
        handled: 13,
        ..SurveyFunnelRow::default()
    };
    let score = SurveyScoreRow {
        suppressed: true,
        ..SurveyScoreRow::default()
    };
    let answer = GetSurveyReportResponse {
        funnel: vec![row],
        scores: vec![score],
        ..GetSurveyReportResponse::default()
    };
    let russian = super::super::survey::survey_table(&answer, Lang::Ru);
    // Ids of definitions, and what is called so everywhere; the version of a survey is `v0`.
    let names = [
        "Q1", "Q2", "Q3", "Q4", "RR1", "RR2", "NPS", "n", "v0", "UTC",
    ];
    let words = russian.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let english = |word: &&str| word.chars().any(|letter| letter.is_ascii_alphabetic());
    let left: Vec<_> = words
        .filter(english)
        .filter(|word| !names.contains(word))
        .collect();
    assert_eq!(left, [""; 0], "{russian}");
}
