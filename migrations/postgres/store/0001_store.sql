-- The store: what was concluded, and where a restart goes on. All of it can be made again from the journal.
-- It lies in a schema of its own, `store`. Instants are UTC microseconds, spans are microseconds, closed lists are codes
-- of src/model/words.rs.

-- Everything up to this journal position is in these tables. Rewritten all the time: room is left to do so in place.
create table checkpoint (
    id bigint primary key check (id = 1),
    position bigint not null
) with (fillfactor = 10);
insert into checkpoint (id, position) values (1, 0);

create table sources (
    source_id bigint primary key,
    name text not null unique,
    state bytea not null,              -- deadlines and counts of src/calls, versioned, CRC-32C
    sent_at bigint,                    -- the source's clock when it last sent live
    received_at bigint,                -- our clock then
    late_events bigint not null default 0,
    call_exists_events bigint not null default 0
);

-- Every queue ever seen.
create table queues (name text collate "C" primary key);

-- One row a settled call.
create table calls (
    call_row bigint primary key,
    source_id bigint not null,
    call_id text collate "C" not null,     -- ordered as bytes
    epoch_id bigint not null,
    mode bigint not null,
    settled_position bigint not null,
    arrived_at bigint not null,
    ended_at bigint,
    ended_by bigint not null,
    outcome bigint not null,
    direction bigint not null,
    test bigint not null,              -- 1 = in no figure
    caller_key bigint,                 -- which key made the pseudonym; null = unknown or withheld
    caller bytea,                      -- the pseudonym; null = unknown, empty = withheld
    line text,
    visits bigint not null,
    first_queue text,
    refused_reason bigint,
    refused_queue text,
    answered bigint not null,
    first_answer_queue text,
    last_answer_queue text,
    transfers bigint not null,
    failed_transfers bytea not null,   -- one code a failed transfer
    reroutes bigint not null,
    requeued bigint not null,
    consult_only bigint not null,
    transfer_wait bigint not null,
    marks bigint not null,
    told bytea not null                -- everything told of the call: offers, legs, timeline
);
create index calls_by_arrival on calls (arrived_at);

-- One row a visit of a settled call.
create table visits (
    call_row bigint not null,
    visit bigint not null,
    queue text not null,
    entered_at bigint not null,
    exit bigint not null,
    exited_at bigint not null,
    wait bigint,                       -- null: the clock stepped back
    talk bigint,
    after_human bigint not null,
    reentered bigint not null,
    test bigint not null,
    primary key (call_row, visit)
);
create index visits_by_entry on visits (entered_at);

-- One row a transfer of a settled call.
create table transfers (
    call_row bigint not null,
    transfer bigint not null,
    call_arrived_at bigint not null,
    first_answer_queue text,
    at bigint not null,
    method bigint not null,
    target bigint not null,
    to_name text not null,
    from_agent text not null,
    from_queue text,
    told bigint not null,
    is_return bigint not null,
    outcome bigint not null,
    wait bigint not null,
    test bigint not null,
    primary key (call_row, transfer)
);
create index transfers_by_arrival on transfers (call_arrived_at);

-- Every settled call ever, so that it is known again; never trimmed.
create table call_keys (
    source_id bigint not null,
    call_key bytea not null,           -- 128-bit hash of the call id
    epoch_id bigint not null,
    settled_position bigint not null,
    primary key (source_id, call_key)
);

-- Calls that are open or not settled yet: reports add them, a restart goes on with them.
create table open_calls (
    source_id bigint not null,
    call_key bytea not null,
    state bytea not null,              -- everything told and said, versioned, CRC-32C
    primary key (source_id, call_key)
);

-- Events that are in the journal and not in the figures.
create table unapplied_events (
    position bigint not null,          -- of the journal row that holds it
    source_id bigint not null,
    reason text not null,              -- late or call_exists
    call_id text not null,
    sequence bigint not null,
    kind text,
    occurred_at bigint
);

-- Fact metrics: one row a series.
create table counters (
    series text collate "C" primary key,
    state bytea not null
);
