-- What reports ask of a call as a whole and of a visit beyond its wait. Rows that are there get what visits and transfers
-- can tell; holds and the ringing of missed offers, and when a call without a queue was answered, they get when the store is
-- made again from the journal.

alter table calls add column first_entered_at bigint;       -- null: no queue, or a human had answered before it
alter table calls add column first_answered_at bigint;      -- null: no human answered, or nobody knows when
alter table calls add column last_exit bigint;              -- how the last visit ended; null: no visit
alter table calls add column queue_wait bigint not null default 0;         -- waits of visits before any human, summed
alter table calls add column talk bigint not null default 0;               -- talk of all legs, hold left out
alter table calls add column hold bigint not null default 0;               -- hold within them
alter table calls add column missed_offer_time bigint not null default 0;  -- ringing of its visits' offers not answered

alter table visits add column missed_offer_time bigint not null default 0;
alter table visits add column after_transfer bigint not null default 0;    -- a transfer led to it, or came before it

update calls set
    first_entered_at = (
        select entered_at from visits
        where visits.call_row = calls.call_row and visit = 0 and after_human = 0),
    first_answered_at = (
        select exited_at from visits
        where visits.call_row = calls.call_row and after_human = 0 and exit = 1 and wait is not null),
    last_exit = (
        select exit from visits where visits.call_row = calls.call_row order by visit desc limit 1),
    queue_wait = (
        select coalesce(sum(wait), 0) from visits
        where visits.call_row = calls.call_row and after_human = 0),
    talk = (
        select coalesce(sum(talk), 0) from visits where visits.call_row = calls.call_row)
where visits > 0;

update visits set after_transfer = 1
where after_human = 1 and exists (
    select 1 from transfers
    where transfers.call_row = visits.call_row and at <= visits.entered_at);
