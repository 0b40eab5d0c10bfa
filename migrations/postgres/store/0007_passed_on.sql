-- What the transfer report asks of a call's way. Rows that are there get what visits can tell; holds, and talks with agents
-- who were reached without a queue, they get when the store is made again from the journal.

alter table calls add column returns bigint not null default 0;          -- transfers back to somebody who had the call
alter table transfers add column spent bigint not null default 0;        -- its wait, and the time with agents until the next

update calls set returns = (
    select count(*) from transfers where transfers.call_row = calls.call_row and is_return = 1)
where transfers > 0;

update transfers set spent = wait + (
    select coalesce(sum(talk), 0) from visits
    where visits.call_row = transfers.call_row and visits.entered_at >= transfers.at
        and visits.entered_at < coalesce(
            (select min(following.at) from transfers as following
            where following.call_row = transfers.call_row and following.transfer > transfers.transfer),
            9223372036854775807));

-- Calls that went to and fro are few among the calls of a period.
create index calls_passed_around on calls (arrived_at, source_id, call_id) where transfers + returns > 1;
