-- How far back things are kept, and what was erased.

-- From where on each class is kept: calls (by arrival), pseudonyms (callers of calls, by arrival).
create table kept (
    class text primary key,
    kept_from bigint not null
);

-- Each act of erasing one caller; who it was is not said.
create table erasures (
    erasure_id bigint primary key,
    begun_at bigint not null,             -- our clock
    finished_at bigint,                   -- null: still under way, the next start goes on with it
    key_id bigint,                        -- which key made the pseudonym; null: not known
    calls bigint not null,
    calls_open bigint not null,           -- of them open then
    events bigint not null,               -- in the journal
    digest text not null                -- SHA-256 of the calls' keys
);

-- The calls of an erasure that is still under way.
create table erasing (
    erasure_id bigint not null,
    source_id bigint not null,
    call_key bytea not null,
    primary key (erasure_id, source_id, call_key)
);
