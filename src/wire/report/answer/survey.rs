//! The survey report as the contract has it.

use crate::model::Disposition;
use crate::proto::v1;
use crate::reports::{
    MeanGrade, NetPromoters, Score, SurveyAnswerCount, SurveyCauseRow, SurveyControl,
    SurveyCoverageRow, SurveyFunnelRow, SurveyReport, SurveyScoreRow, SurveySteeringRow, Weighted,
    survey_rates,
};

use super::{context, interval};

pub(in crate::wire::report) fn survey(report: SurveyReport) -> v1::GetSurveyReportResponse {
    let channel = report.channel.as_str();
    let scores = report.scores.into_iter();
    let causes = report.causes.into_iter();
    v1::GetSurveyReportResponse {
        context: Some(context(report.context)),
        before: None,
        differences: Vec::new(),
        funnel: report.funnel.into_iter().map(funnel).collect(),
        scores: scores.map(|row| score_row(row, channel)).collect(),
        coverage: report.coverage.into_iter().map(coverage).collect(),
        steering: report.steering.into_iter().map(steering).collect(),
        causes: causes.map(|row| cause(row, channel)).collect(),
    }
}

fn funnel(row: SurveyFunnelRow) -> v1::SurveyFunnelRow {
    let counts = &row.dispositions;
    let dispositions = Disposition::ALL.iter().map(|one| v1::SurveyDisposition {
        disposition: one.as_str().to_owned(),
        sessions: counts.of(*one),
    });
    let [q1, q2, q3, q4] = survey_rates(&row).map(|rate| rate.map(share));
    v1::SurveyFunnelRow {
        handled: row.handled,
        dispositions: dispositions.collect(),
        sessions_open: row.open,
        without_session: row.without_session,
        selected: counts.selected(),
        invited: counts.invited(),
        respondents: counts.respondents(),
        invitation_rate: q1,
        response_rate_1: q2,
        response_rate_2: q3,
        cooperation_rate: q4,
        gave_up: row.gave_up,
        bucket_start: row.bucket_start,
        group: row.group,
    }
}

fn cause(row: SurveyCauseRow, channel: &str) -> v1::SurveyCauseRow {
    v1::SurveyCauseRow {
        bucket_start: row.bucket_start,
        channel: channel.to_owned(),
        month: row.month,
        cause: row.cause.as_str().to_owned(),
        count: row.counted.count,
        share: Some(share(row.counted)),
    }
}

fn score_row(row: SurveyScoreRow, channel: &str) -> v1::SurveyScoreRow {
    let said = row.said;
    let answered = row.answered;
    let answers = said.answers.into_iter();
    v1::SurveyScoreRow {
        bucket_start: row.bucket_start,
        group: row.group,
        channel: channel.to_owned(),
        survey: row.survey.as_str().to_owned(),
        version: row.version,
        question: row.question.as_str().to_owned(),
        kind: row.kind.to_owned(),
        headline: row.headline,
        asked: row.counts.asked,
        n: answered,
        skipped: row.skipped,
        selected: row.selected,
        suppressed: row.suppressed,
        top_box: said.top_box.map(share),
        bottom_box: said.bottom_box.map(share),
        outside: said.outside.map(share),
        bounds: said.bounds.map(interval),
        net_promoters: said.net_promoters.map(net_promoters),
        mean_grade: said.mean_grade.map(mean_grade),
        resolution: said.resolution.map(share),
        weighted: said.weighted.map(weighted),
        weighted_per_person: said.weighted_per_person.map(weighted),
        break_off: row.break_off.map(share),
        noinputs: row.counts.noinputs,
        nomatches: row.counts.nomatches,
        repeats: row.counts.repeats,
        gave_up: row.gave_up,
        answers: answers.map(answer).collect(),
    }
}

fn answer(one: SurveyAnswerCount) -> v1::SurveyAnswerCount {
    v1::SurveyAnswerCount {
        answer: one.answer.as_ref().to_owned(),
        count: one.count,
        positive: one.positive,
        outside: one.outside,
        share: one.share,
    }
}

fn coverage(row: SurveyCoverageRow) -> v1::SurveyCoverageRow {
    v1::SurveyCoverageRow {
        bucket_start: row.bucket_start,
        dimension: row.dimension.to_owned(),
        value: row.value,
        handled: row.handled,
        invited: row.invited,
        respondents: row.respondents,
        coverage: row.coverage.map(share),
        share_of_respondents: row.mix.map(|mix| mix.respondents),
        share_of_handled: row.mix.map(|mix| mix.handled),
    }
}

fn steering(row: SurveySteeringRow) -> v1::SurveySteeringRow {
    v1::SurveySteeringRow {
        bucket_start: row.bucket_start,
        agent: row.agent,
        name: row.name,
        handled: row.handled,
        selected: row.selected,
        invited: row.invited,
        not_handed_over: row.not_handed_over,
        respondents: row.respondents,
        selected_share: row.selected_share.map(control),
        invited_share: row.invited_share.map(control),
    }
}

fn control(control: SurveyControl) -> v1::SurveyControl {
    v1::SurveyControl {
        share: Some(share(control.share)),
        centre: control.centre,
        limits: Some(interval(control.limits)),
        signal: control.signal().to_owned(),
    }
}

fn share(score: Score) -> v1::SurveyShare {
    v1::SurveyShare {
        count: score.count,
        n: score.n,
        share: score.share,
        interval: Some(interval((score.low, score.high))),
    }
}

fn net_promoters(score: NetPromoters) -> v1::SurveyNetPromoters {
    v1::SurveyNetPromoters {
        n: score.n,
        promoters: score.promoters,
        detractors: score.detractors,
        value: score.value,
        interval: Some(interval((score.low, score.high))),
    }
}

fn mean_grade(score: MeanGrade) -> v1::SurveyMeanGrade {
    v1::SurveyMeanGrade {
        n: score.n,
        mean: score.mean,
        standard_error: score.standard_error,
    }
}

fn weighted(score: Weighted) -> v1::SurveyWeighted {
    v1::SurveyWeighted {
        estimand: score.estimand.as_str().to_owned(),
        share: score.share,
        effective_n: score.effective_n,
    }
}
