-- For those who have their own tools: stable names, words instead of codes, instants instead of microseconds. A column that
-- is here stays, with its meaning (docs/views.md). Calls that are open or not settled yet are in no view.

create view v_calls as select
    sources.name as source,
    call_id,
    strftime('%Y-%m-%dT%H:%M:%S', arrived_at / 1000000, 'unixepoch') || printf('.%06dZ', arrived_at % 1000000) as arrived_at,
    arrived_at as arrived_at_us,
    strftime('%Y-%m-%dT%H:%M:%S', ended_at / 1000000, 'unixepoch') || printf('.%06dZ', ended_at % 1000000) as ended_at,
    case ended_by when 1 then 'caller' when 2 then 'agent' when 3 then 'pbx' when 4 then 'unknown' end as ended_by,
    case outcome when 1 then 'served' when 2 then 'self_served' when 3 then 'left_before_queue'
        when 4 then 'abandoned' when 5 then 'dismissed' when 6 then 'callback_promised' when 7 then 'message_left'
        when 8 then 'refused' when 9 then 'diverted' when 10 then 'direct' when 11 then 'unknown' end as outcome,
    case direction when 1 then 'inbound' when 2 then 'return' end as direction,
    test <> 0 as test,
    case when length(caller) > 0 then lower(hex(caller)) end as caller,
    coalesce(length(caller) = 0, 1 = 0) as caller_withheld,
    caller_key,
    line,
    visits,
    first_queue,
    case refused_reason when 1 then 'busy' when 2 then 'closed' when 3 then 'full' when 4 then 'no_agents'
        when 5 then 'diverted' end as refused_reason,
    refused_queue,
    answered <> 0 as answered,
    first_answer_queue,
    last_answer_queue,
    transfers,
    returns,
    length(failed_transfers) as failed_transfers,
    reroutes,
    requeued,
    consult_only,
    strftime('%Y-%m-%dT%H:%M:%S', first_entered_at / 1000000, 'unixepoch') || printf('.%06dZ', first_entered_at % 1000000) as first_entered_at,
    strftime('%Y-%m-%dT%H:%M:%S', first_answered_at / 1000000, 'unixepoch') || printf('.%06dZ', first_answered_at % 1000000) as first_answered_at,
    case last_exit when 1 then 'answered' when 2 then 'abandoned_waiting' when 3 then 'abandoned_ringing'
        when 4 then 'timeout' when 5 then 'key_exit' when 6 then 'left_empty' when 7 then 'withdrawn'
        when 8 then 'callback' when 9 then 'error' end as last_exit,
    queue_wait / 1000000.0 as queue_wait_s,
    transfer_wait / 1000000.0 as transfer_wait_s,
    talk / 1000000.0 as talk_s,
    hold / 1000000.0 as hold_s,
    missed_offer_time / 1000000.0 as missed_offer_time_s,
    trim(
        case when marks & 1 <> 0 then 'arrival_missing ' else '' end ||
        case when marks & 2 <> 0 then 'end_missing ' else '' end ||
        case when marks & 4 <> 0 then 'exit_missing ' else '' end ||
        case when marks & 8 <> 0 then 'visit_missing ' else '' end ||
        case when marks & 16 <> 0 then 'release_missing ' else '' end ||
        case when marks & 32 <> 0 then 'negative_span ' else '' end ||
        case when marks & 64 <> 0 then 'after_end ' else '' end ||
        case when marks & 128 <> 0 then 'told_twice ' else '' end ||
        case when marks & 256 <> 0 then 'contradiction ' else '' end ||
        case when marks & 512 <> 0 then 'source_ahead ' else '' end ||
        case when marks & 1024 <> 0 then 'reordered ' else '' end ||
        case when marks & 2048 <> 0 then 'transfer_unseen ' else '' end ||
        case when marks & 4096 <> 0 then 'truncated ' else '' end ||
        case when marks & 8192 <> 0 then 'answer_missing ' else '' end ||
        case when marks & 16384 <> 0 then 'crowded_out ' else '' end ||
        case when marks & 32768 <> 0 then 'erased ' else '' end
    ) as marks
from calls join sources using (source_id);

create view v_visits as select
    sources.name as source,
    calls.call_id,
    visits.visit + 1 as visit,
    visits.queue,
    strftime('%Y-%m-%dT%H:%M:%S', visits.entered_at / 1000000, 'unixepoch') || printf('.%06dZ', visits.entered_at % 1000000) as entered_at,
    visits.entered_at as entered_at_us,
    case visits.exit when 1 then 'answered' when 2 then 'abandoned_waiting' when 3 then 'abandoned_ringing'
        when 4 then 'timeout' when 5 then 'key_exit' when 6 then 'left_empty' when 7 then 'withdrawn'
        when 8 then 'callback' when 9 then 'error' end as exit,
    strftime('%Y-%m-%dT%H:%M:%S', visits.exited_at / 1000000, 'unixepoch') || printf('.%06dZ', visits.exited_at % 1000000) as exited_at,
    visits.wait / 1000000.0 as wait_s,
    visits.talk / 1000000.0 as talk_s,
    visits.after_human <> 0 as after_human,
    visits.after_transfer <> 0 as after_transfer,
    visits.reentered <> 0 as reentered,
    visits.missed_offer_time / 1000000.0 as missed_offer_time_s,
    visits.test <> 0 as test
from visits join calls using (call_row) join sources using (source_id);

create view v_transfers as select
    sources.name as source,
    calls.call_id,
    transfers.transfer + 1 as transfer,
    strftime('%Y-%m-%dT%H:%M:%S', transfers.at / 1000000, 'unixepoch') || printf('.%06dZ', transfers.at % 1000000) as transferred_at,
    strftime('%Y-%m-%dT%H:%M:%S', transfers.call_arrived_at / 1000000, 'unixepoch') || printf('.%06dZ', transfers.call_arrived_at % 1000000) as call_arrived_at,
    transfers.call_arrived_at as call_arrived_at_us,
    case transfers.method when 1 then 'blind' when 2 then 'attended' when 3 then 'conference' end as method,
    case transfers.target when 1 then 'agent' when 2 then 'queue' when 3 then 'outside' end as target,
    transfers.to_name,
    transfers.from_agent,
    transfers.from_queue,
    transfers.first_answer_queue,
    transfers.told <> 0 as told,
    transfers.is_return <> 0 as is_return,
    case transfers.outcome when 1 then 'answered' when 2 then 'abandoned' when 3 then 'returned' when 4 then 'failed'
        end as outcome,
    transfers.wait / 1000000.0 as wait_s,
    transfers.spent / 1000000.0 as spent_s,
    transfers.test <> 0 as test
from transfers join calls using (call_row) join sources using (source_id);
