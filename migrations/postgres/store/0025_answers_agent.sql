-- Who talked last with the caller: the survey report's agent. Calls from before stay without one until they are made again
-- (`dozvon recompute`).

alter table calls add column last_agent text;

drop view v_answers;
create view v_answers as select
    sources.name as source,
    calls.call_id,
    timestamptz 'epoch' + calls.arrived_at * interval '1 microsecond' as call_arrived_at,
    calls.arrived_at as call_arrived_at_us,
    calls.first_answer_queue as queue,
    calls.last_agent as agent,
    survey_sessions.survey,
    survey_sessions.version,
    'phone' as channel,
    survey_sessions.language,
    case survey_sessions.disposition when 1 then 'not_eligible' when 2 then 'quiet_period' when 3 then 'not_selected'
        when 4 then 'caller_left_first' when 5 then 'not_handed_over' when 6 then 'lost_in_transfer' when 7 then 'refused'
        when 8 then 'noinput' when 9 then 'unable' when 10 then 'break_off' when 11 then 'partial'
        when 12 then 'complete' when 13 then 'technical_failure' end as disposition,
    survey_answers.place + 1 as place,
    survey_answers.question,
    survey_answers.answer,
    survey_answers.coded <> 0 as coded,
    timestamptz 'epoch' + survey_answers.done_at * interval '1 microsecond' as answered_at,
    survey_answers.noinputs,
    survey_answers.nomatches,
    survey_answers.repeats,
    calls.test <> 0 as test
from survey_answers
    join survey_sessions on survey_sessions.source_id = survey_answers.source_id
        and survey_sessions.call_key = survey_answers.call_key
    join call_keys on call_keys.source_id = survey_answers.source_id and call_keys.call_key = survey_answers.call_key
    join calls on calls.call_row = call_keys.call_row
    join sources on sources.source_id = survey_answers.source_id
where survey_sessions.disposition is not null;
