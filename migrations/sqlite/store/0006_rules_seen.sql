-- What queues were measured by at each start, so that a rule that is changed after the fact is told as changed. Nothing
-- else can make these rows again.
create table rules_seen (
    seen_at integer not null,          -- our clock when a configuration that differs from the one before was first seen
    queue text not null,               -- empty = queues without their own
    valid_from integer not null,       -- the least number = from the beginning
    target integer not null,           -- T
    short_abandon integer not null,    -- s
    headline text not null,
    excessive_transfers integer not null,
    calendar text,                     -- null: always open
    primary key (seen_at, queue, valid_from)
) without rowid;
