//! The catalogue in plain words, English and Russian, with the source of each formula: for those who have to defend a
//! figure and for those who have to believe it.
//!
//! The formula itself stands in `definitions`; here stands what it means to a person.

use std::borrow::Cow;

use super::definitions::{CATALOGUE, Definition};

/// What a definition means in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The id of the definition.
    pub id: &'static str,
    /// Where the formula or the term comes from.
    pub source: &'static str,
    /// In English.
    pub english: &'static str,
    /// In Russian.
    pub russian: &'static str,
}

/// Every definition of the catalogue with its words.
pub fn glossary() -> impl Iterator<Item = (Definition, Words)> {
    CATALOGUE.iter().map(|id| {
        let definition = id.definition();
        let words = WORDS.iter().find(|words| words.id == definition.id);
        // A test holds that every definition has its words.
        let fallback = Words {
            id: definition.id,
            source: OWN,
            english: "",
            russian: "",
        };
        (definition, words.copied().unwrap_or(fallback))
    })
}

/// The letters that definitions speak of, and which formula is the headline. Their values are configured, so a report has
/// them in its own words, with a version that counts their changes.
pub fn letters() -> impl Iterator<Item = (Definition, Words)> {
    LETTERS.iter().map(|(sentence, words)| {
        let definition = Definition {
            id: words.id,
            version: 1,
            sentence: Cow::Borrowed(sentence),
        };
        (definition, *words)
    })
}

/// Formulas that others write otherwise or not at all.
const OWN: &str = "dozvon";
/// The usual terms of call centres.
const FIELD: &str = "call-centre practice";
const ASTERISK: &str = "Asterisk, apps/app_queue.c";
const CISCO: &str = "Cisco Unified Contact Center, service level types";

const LETTERS: &[(&str, Words)] = &[
    (
        "T, service_level: the threshold of the service level, configured by queue and date, or asked for; s < T",
        Words {
            id: "T",
            source: FIELD,
            english: "Who is answered within it was answered in time.",
            russian: "Кому ответили не позже этого порога, тому ответили вовремя.",
        },
    ),
    (
        "s, short_abandon: the threshold of short abandons, configured by queue and date, or asked for; s < T",
        Words {
            id: "s",
            source: FIELD,
            english: "Who hung up within it had hardly begun to wait.",
            russian: "Кто положил трубку до этого порога, почти не ждал.",
        },
    ),
    (
        "x, short_answered: the threshold of short answered calls, asked for, else 10 s",
        Words {
            id: "x",
            source: OWN,
            english: "A talk shorter than this is a short one.",
            russian: "Разговор короче этого порога считается коротким.",
        },
    ),
    (
        "k, excessive_limit: the limit of T10, configured by queue and date, or asked for",
        Words {
            id: "k",
            source: OWN,
            english: "A call with more transfers than this is passed on too often.",
            russian: "Звонок, который переводили больше этого числа раз, переводили слишком часто.",
        },
    ),
    (
        "headline: the formula of the family that stands for the queue, configured by queue and date, or asked for",
        Words {
            id: "headline",
            source: OWN,
            english: "Which of the service levels is the queue's own.",
            russian: "Какой из уровней сервиса у очереди главный.",
        },
    ),
];

macro_rules! words {
    ($($id:literal $source:ident $english:literal $russian:literal,)+) => {
        const WORDS: &[Words] = &[$(Words {
            id: $id,
            source: $source,
            english: $english,
            russian: $russian,
        },)+];
    };
}

const AAPOR: &str = "AAPOR, Standard Definitions, response and cooperation rates";
const VOICEXML: &str = "VoiceXML 2.0, input events";
const NPS: &str = "Reichheld, Harvard Business Review 81 (2003) 46; Zou and Donner, Statistics in Medicine 27 (2008) 1693";
const MANSKI: &str = "Manski, Journal of Human Resources 24 (1989) 343–360";
const KISH: &str = "Kish, Survey Sampling (1965)";
const CONTROL: &str =
    "Montgomery, Introduction to Statistical Quality Control, p-chart with variable sample size";
const WAZO: &str = "Wazo, wazo-call-logd queue statistics";
const AMAZON: &str = "Amazon Connect, metrics definitions";
const TALKDESK: &str = "Talkdesk and RingCentral, service level options";
const KAPLAN_MEIER: &str = "Kaplan and Meier, JASA 53 (1958) 457–481";
const ERLANG: &str = "Erlang 1917; Jagerman, Bell System Technical Journal 53 (1974) 525–551";

words! {
    "V1" FIELD "How many callers reached at least one queue." "Сколько звонков попало хотя бы в одну очередь.",
    "V2" FIELD "How often anybody entered a queue; a caller who is sent on enters several." "Сколько раз кто-либо вставал в очередь; при переводе один звонок встаёт в несколько.",
    "V3" OWN "How many callers wanted something of us: those in a queue and those turned away." "Сколько людей к нам обращалось: и попавшие в очередь, и те, кому отказали.",
    "V4" OWN "The share of callers who were turned away before any queue." "Доля звонков, которым отказали ещё до очереди.",
    "W1" ASTERISK "How long a caller waited in one queue, ringing included." "Сколько звонящий ждал в одной очереди, включая гудки специалисту.",
    "outcomes" OWN "How each call ended, in exactly one way." "Чем закончился каждый звонок, ровно одним исходом.",
    "W2" OWN "How long from the first queue to the first human, whatever lay between." "Сколько прошло от первой очереди до первого ответа человека, что бы ни было между ними.",
    "W2q" OWN "The waits in all queues before the first human, added up." "Ожидание во всех очередях до первого ответа, в сумме.",
    "W3" OWN "How long from the arrival of the call to the first human, menu included." "Сколько прошло от поступления звонка до первого ответа, включая меню.",
    "W4" OWN "How long callers waited again after somebody had already answered." "Сколько звонящие ждали ещё раз, уже после первого ответа.",
    "W5" FIELD "The mean wait of those who were answered; it hides the long ones." "Среднее ожидание отвеченных; долгие ожидания оно скрывает.",
    "W6" FIELD "The mean wait of those who gave up." "Среднее ожидание тех, кто не дождался.",
    "W7" FIELD "The longest wait of all." "Самое долгое ожидание.",
    "W8" FIELD "How long the caller at the head of the queue has been waiting at this moment." "Сколько уже ждёт тот, кто сейчас стоит в очереди первым.",
    "W9" FIELD "So many of a hundred waited no longer than this." "Столько из ста ждали не дольше этого.",
    "W10" FIELD "The share that waited longer than a limit: the tail that a mean hides." "Доля тех, кто ждал дольше порога: то, что скрывает среднее.",
    "W11" KAPLAN_MEIER "How long until an answer, those who gave up or still wait taken into account." "Через сколько отвечают с учётом тех, кто не дождался или ещё ждёт.",
    "W12" OWN "All that a caller spent waiting or on hold in one call." "Всё время, которое звонящий за один звонок прождал или провёл на удержании.",
    "W13" OWN "How long phones rang at specialists who did not answer while the caller waited." "Сколько звонили телефоны специалистов, которые не ответили, пока человек ждал.",
    "strict" FIELD "Of all who are decided, the share answered in time; whoever waits too long counts against us at once." "Доля отвеченных вовремя среди всех, чья судьба решена; слишком долгое ожидание сразу считается не в нашу пользу.",
    "short" TALKDESK "The same without those who hung up within a few seconds." "То же без тех, кто положил трубку в первые секунды.",
    "ignore_abandoned" CISCO "The same without those who gave up in time." "То же без тех, кто ушёл, не дождавшись, в пределах порога.",
    "abandoned_met" CISCO "Giving up in time counts as a success; Asterisk's second figure." "Ушедшие в пределах порога считаются успехом; вторая цифра Asterisk.",
    "answered_only" ASTERISK "Of those answered only: whoever gave up is not seen." "Только среди отвеченных: не дождавшихся не видно.",
    "amazon" AMAZON "Whatever ended the wait in time counts: an answer, giving up, a promised callback." "Засчитывается любой конец ожидания в срок: ответ, уход, обещанный обратный звонок.",
    "journey" OWN "By the caller's own clock: from the first queue on, so that moves between queues hide nothing." "По часам звонящего: от первой очереди, поэтому переходы между очередями ничего не скрывают.",
    "access" OWN "The same with those who were turned away: a busy tone hides nothing either." "То же вместе с теми, кому отказали: и сигнал «занято» ничего не скрывает.",
    "AB1" FIELD "The share of waits that ended because the caller gave up." "Доля ожиданий, закончившихся тем, что человек не дождался.",
    "AB2" OWN "The share of callers in a queue who were lost: gave up or were sent away." "Доля попавших в очередь и потерянных: не дождались или были отправлены ни с чем.",
    "AB3" FIELD "Those who gave up within seconds: often a wrong number, so they are shown apart." "Не дождавшиеся в первые секунды: часто ошиблись номером, поэтому показаны отдельно.",
    "AB4" OWN "Those who gave up after being passed on." "Не дождавшиеся после перевода.",
    "AB5" OWN "Those who left in the menu, before any queue." "Ушедшие в меню, до очереди.",
    "AB6" OWN "Answers that ended within seconds: nobody is helped so fast." "Ответы, закончившиеся за секунды: так быстро не помогают.",
    "agent_answer_rate" FIELD "Of the calls that rang at a specialist, the share answered." "Доля отвеченных из звонков, поступивших специалисту.",
    "AHT" FIELD "How long one call keeps a specialist: talk, hold and the work after it." "Сколько специалист занят одним звонком: разговор, удержание и работа после него.",
    "occupancy" FIELD "How much of the time at work went into calls." "Какая часть рабочего времени ушла на звонки.",
    "agent_states" OWN "Where a specialist's time went; one state at each instant." "На что ушло время специалиста; в каждый миг одно состояние.",
    "R1" OWN "Calls by somebody who had called shortly before." "Звонки тех, кто уже недавно звонил.",
    "R2" FIELD "The share of such calls." "Доля таких звонков.",
    "R3" OWN "Calls by somebody whose call before nobody had answered." "Звонки тех, кому в прошлый раз никто не ответил.",
    "R4" OWN "Calls after which the same person called again soon: probably not solved." "Звонки, после которых человек вскоре позвонил снова: вопрос, вероятно, не решён.",
    "R5" OWN "Of the people who tried, the share who spoke to somebody, and at which attempt." "Доля людей, которые смогли поговорить, и с какой попытки.",
    "R6" OWN "People who tried and whom nobody has spoken to." "Люди, которые звонили и с которыми никто не поговорил.",
    "R7" OWN "Attempts shortly after one another, taken as one." "Попытки одна за другой, взятые как одна.",
    "unserved" OWN "Who wanted something of us and got nothing." "Кто к нам обращался и остался ни с чем.",
    "blocking" ERLANG "How often all channels were taken, measured and expected." "Как часто были заняты все каналы, измеренное и ожидаемое.",
    "T1" OWN "Who was passed on, how and where to." "Кого переводили, как и куда.",
    "T2" OWN "Questions to a colleague without passing the caller on." "Вопросы коллеге без перевода звонящего.",
    "T3" FIELD "The share of answered callers who were passed on." "Доля отвеченных, которых перевели.",
    "T4" OWN "How often a caller is passed on." "Сколько раз переводят одного звонящего.",
    "T5" OWN "Callers sent back to somebody they had been with." "Звонящие, которых вернули туда, где они уже были.",
    "T6" OWN "Attempts to pass a caller on that failed." "Неудавшиеся переводы.",
    "T7" OWN "What became of callers who were passed on." "Что стало с переведёнными.",
    "T8" OWN "The share of callers whom another queue had to help than the one that answered first." "Доля тех, кому помогла не та очередь, которая ответила первой.",
    "T9" OWN "From where to where callers are passed on." "Откуда и куда переводят.",
    "T10" OWN "Callers passed on more often than is bearable." "Звонящие, которых переводили чаще допустимого.",
    "T11" OWN "Callers moved between queues before anybody answered: the menu's doing, not a specialist's." "Перемещения между очередями до ответа: дело меню, а не специалиста.",
    "Q1" AAPOR "Of those who were to be asked, the share who heard the invitation." "Доля услышавших приглашение среди тех, кого следовало спросить.",
    "Q2" AAPOR "Of those who were to be asked, the share who answered everything." "Доля ответивших на всё среди тех, кого следовало спросить.",
    "Q3" AAPOR "The same, with those who answered at least the main question." "То же вместе с ответившими хотя бы на главный вопрос.",
    "Q4" AAPOR "Of those who heard the invitation, the share who answered." "Доля ответивших среди услышавших приглашение.",
    "Q5" AAPOR "At which question people leave." "На каком вопросе бросают опрос.",
    "Q6" VOICEXML "Where people are silent, press a wrong key or want to hear it again: the question is hard." "Где молчат, нажимают не ту клавишу или просят повторить: вопрос трудный.",
    "Q7" FIELD "The share of satisfied answers, said with how many answered." "Доля довольных ответов; рядом всегда число ответивших.",
    "Q8" NPS "Who would recommend us, less who would not." "Сколько готовы рекомендовать, минус сколько не готовы.",
    "Q9" FIELD "The mean grade; of a question on effort, how easy it was." "Средняя оценка; для вопроса об усилиях — насколько было легко.",
    "Q10" FIELD "The share who say that their matter is settled." "Доля тех, кто говорит, что вопрос решён.",
    "Q11" MANSKI "How bad, or how good, it could be, whatever those think who did not answer." "Насколько плохо или хорошо может быть на деле, что бы ни думали неответившие.",
    "Q12" AAPOR "Whether those who answered are like all who called." "Похожи ли ответившие на всех позвонивших.",
    "Q13" OWN "Of which calls we know the caller's opinion: of those passed on, of those whom the agent let go." "О каких звонках мы знаем мнение: о переведённых, о тех, где первым отключился специалист.",
    "Q14" KISH "The score as it would be had everybody been as likely to be asked." "Оценка, какой она была бы, если бы всех спрашивали с равной вероятностью.",
    "steering" CONTROL "Whether some specialist lets fewer callers be asked than chance explains." "Не пропускает ли кто-то из специалистов к опросу меньше людей, чем объяснимо случаем.",
    "cisco_ignored" CISCO "Cisco's service level with abandons ignored: who gave up in time is not counted at all." "Уровень сервиса Cisco без учёта ушедших в пределах порога.",
    "cisco_negative" CISCO "Cisco's service level with abandons negative: who gave up counts against us, misdials excepted." "Уровень сервиса Cisco, где не дождавшиеся считаются против нас, кроме положивших трубку в первые секунды.",
    "cisco_positive" CISCO "Cisco's service level with abandons positive: who gave up in time counts as answered." "Уровень сервиса Cisco, где ушедшие в пределах порога считаются отвеченными.",
    "amazon_service_level" AMAZON "Amazon Connect's service level: whoever left the queue in time counts as well served." "Уровень сервиса Amazon Connect: все, кто вовремя покинул очередь, считаются обслуженными.",
    "asterisk_sl" ASTERISK "Asterisk's first figure: whoever was not answered is not seen." "Первая цифра Asterisk: тех, кому не ответили, не видно.",
    "asterisk_sl2" ASTERISK "Asterisk's second figure: giving up in time, or being sent away in time, counts as a success." "Вторая цифра Asterisk: вовремя ушедшие и отправленные считаются успехом.",
    "wazo_quality_of_service" WAZO "Wazo's quality of service: whoever was not answered is not seen." "Качество обслуживания Wazo: тех, кому не ответили, не видно.",
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_definition_has_its_words_and_every_word_its_definition() {
        let defined: BTreeSet<_> = CATALOGUE.iter().map(|id| id.definition().id).collect();
        let worded: BTreeSet<_> = WORDS.iter().map(|words| words.id).collect();
        assert_eq!(defined, worded);
        assert_eq!(worded.len(), WORDS.len(), "no id twice");
        assert_eq!(glossary().count(), CATALOGUE.len());
    }

    #[test]
    fn words_are_sentences_of_their_language() {
        let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        for words in WORDS {
            assert!(
                words.english.ends_with('.') && !cyrillic(words.english),
                "{}",
                words.id
            );
            assert!(
                words.russian.ends_with('.') && cyrillic(words.russian),
                "{}",
                words.id
            );
        }
    }
}
