-- The store: what was concluded, and where a restart goes on. All of it can be made again from the journal.
-- Instants are UTC microseconds, spans are microseconds, closed lists are codes of src/model/words.rs.

-- Everything up to this journal position is in these tables.
create table checkpoint (
    id integer primary key check (id = 1),
    position integer not null
);
insert into checkpoint (id, position) values (1, 0);

create table sources (
    source_id integer primary key,
    name text not null unique,
    state blob not null,               -- deadlines and counts of src/calls, versioned, CRC-32C
    sent_at integer,                   -- the source's clock when it last sent live
    received_at integer,               -- our clock then
    late_events integer not null default 0,
    call_exists_events integer not null default 0
);

-- Every queue ever seen.
create table queues (name text primary key) without rowid;

-- One row a settled call.
create table calls (
    call_row integer primary key,
    source_id integer not null,
    call_id text not null,
    epoch_id integer not null,
    mode integer not null,
    settled_position integer not null,
    arrived_at integer not null,
    ended_at integer,
    ended_by integer not null,
    outcome integer not null,
    direction integer not null,
    test integer not null,             -- 1 = in no figure
    caller_key integer,                -- which key made the pseudonym; null = unknown or withheld
    caller blob,                       -- the pseudonym; null = unknown, empty = withheld
    line text,
    visits integer not null,
    first_queue text,
    refused_reason integer,
    refused_queue text,
    answered integer not null,
    first_answer_queue text,
    last_answer_queue text,
    transfers integer not null,
    failed_transfers blob not null,    -- one code a failed transfer
    reroutes integer not null,
    requeued integer not null,
    consult_only integer not null,
    transfer_wait integer not null,
    marks integer not null,
    told blob not null                 -- everything told of the call: offers, legs, timeline
);
create index calls_by_arrival on calls (arrived_at);

-- One row a visit of a settled call.
create table visits (
    call_row integer not null,
    visit integer not null,
    queue text not null,
    entered_at integer not null,
    exit integer not null,
    exited_at integer not null,
    wait integer,                      -- null: the clock stepped back
    talk integer,
    after_human integer not null,
    reentered integer not null,
    test integer not null,
    primary key (call_row, visit)
) without rowid;
create index visits_by_entry on visits (entered_at);

-- One row a transfer of a settled call.
create table transfers (
    call_row integer not null,
    transfer integer not null,
    call_arrived_at integer not null,
    first_answer_queue text,
    at integer not null,
    method integer not null,
    target integer not null,
    to_name text not null,
    from_agent text not null,
    from_queue text,
    told integer not null,
    is_return integer not null,
    outcome integer not null,
    wait integer not null,
    test integer not null,
    primary key (call_row, transfer)
) without rowid;
create index transfers_by_arrival on transfers (call_arrived_at);

-- Every settled call ever, so that it is known again; never trimmed.
create table call_keys (
    source_id integer not null,
    call_key blob not null,            -- 128-bit hash of the call id
    epoch_id integer not null,
    settled_position integer not null,
    primary key (source_id, call_key)
) without rowid;

-- Calls that are open or not settled yet: reports add them, a restart goes on with them.
create table open_calls (
    source_id integer not null,
    call_key blob not null,
    state blob not null,               -- everything told and said, versioned, CRC-32C
    primary key (source_id, call_key)
) without rowid;

-- Events that are in the journal and not in the figures.
create table unapplied_events (
    position integer not null,         -- of the journal row that holds it
    source_id integer not null,
    reason text not null,              -- late or call_exists
    call_id text not null,
    sequence integer not null,
    kind text,
    occurred_at integer
);

-- Fact metrics: one row a series.
create table counters (
    series text primary key,
    state blob not null
) without rowid;
