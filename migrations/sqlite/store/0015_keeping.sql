-- How far back things are kept, and what was erased.

-- From where on each class is kept: calls (by arrival), pseudonyms (callers of calls, by arrival).
create table kept (
    class text primary key,
    kept_from integer not null
);

-- Each act of erasing one caller; who it was is not said.
create table erasures (
    erasure_id integer primary key,
    begun_at integer not null,             -- our clock
    finished_at integer,                   -- null: still under way, the next start goes on with it
    key_id integer,                        -- which key made the pseudonym; null: not known
    calls integer not null,
    calls_open integer not null,           -- of them open then
    events integer not null,               -- in the journal
    digest text not null                -- SHA-256 of the calls' keys
);

-- The calls of an erasure that is still under way.
create table erasing (
    erasure_id integer not null,
    source_id integer not null,
    call_key blob not null,
    primary key (erasure_id, source_id, call_key)
);
