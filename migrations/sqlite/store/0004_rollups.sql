-- Roll-ups: the sums of intervals, so that long periods need not read every call. They hold settled calls only. What is
-- stored before is folded by and by; until then it is read from the rows.

-- One row an interval in which something was; the bytes are src/kpi/rollup.rs's.
create table rollups (
    level integer not null,            -- 1 = a quarter of an hour of UTC, 2 = hour, 3 = day, 4 = month of the hotline's zone
    starts_at integer not null,
    ends_at integer not null,
    edges blob not null,               -- on which waits were counted
    head blob not null,                -- how many calls, a digest of which, tests left out
    transfers blob not null,           -- by first queue that answered: transfers, from where to where
    calls blob not null,               -- by first queue: calls
    visits blob not null,              -- by queue: visits
    journeys blob not null,            -- by first queue: calls as visits
    primary key (level, starts_at)
);

-- Intervals whose sums are not those of the rows or of the intervals within: not to be used until they are folded again.
create table rollup_stale (
    level integer not null,
    starts_at integer not null,
    marks integer not null,            -- rises with each change, so that folding knows whether it has seen them all
    primary key (level, starts_at)
) without rowid;

-- Whose hours, days and months they are; null = nobody's yet.
create table rollup_zone (
    id integer primary key check (id = 1),
    zone text
);
insert into rollup_zone (id, zone) values (1, null);

insert into rollup_stale (level, starts_at, marks)
select 1, quarter, 1 from (
    select arrived_at - ((arrived_at % 900000000) + 900000000) % 900000000 as quarter from calls
    union
    select entered_at - ((entered_at % 900000000) + 900000000) % 900000000 from visits
) as quarters;
