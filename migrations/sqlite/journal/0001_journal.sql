-- The journal: everything that was acked, one row a commit. The truth from which all else is made again.
create table journal (
    first_position integer primary key, -- position of the row's first entry
    last_position integer not null,     -- position of its last
    committed_at integer not null,      -- our clock, UTC microseconds
    body blob not null                  -- versioned and checksummed; drawn in src/journal/record.rs
);

-- Who sends.
create table sources (
    source_id integer primary key,
    name text not null unique
);

-- Each numbering of a source's events.
create table epochs (
    epoch_id integer primary key,
    source_id integer not null references sources,
    spool integer,  -- a connector's spool, rising
    content blob,   -- or an importer's file, by hash
    unique (source_id, spool),
    unique (source_id, content)
);

-- How far each numbering has come; kept for ever.
create table marks (
    epoch_id integer primary key references epochs,
    mark integer not null,     -- the highest number handled
    digest integer not null,   -- of the event at the mark
    rejected integer not null  -- numbers that were rejected
);

-- Numbers below the mark that never came.
create table gaps (
    epoch_id integer not null references epochs,
    first_sequence integer not null,
    last_sequence integer not null,
    primary key (epoch_id, first_sequence)
) without rowid;

-- Events that were not taken, the first 10,000 of an epoch.
create table rejections (
    epoch_id integer not null references epochs,
    sequence integer not null,
    reason text not null,
    field text not null,
    message text not null,
    primary key (epoch_id, sequence)
) without rowid;
