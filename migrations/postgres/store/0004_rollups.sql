-- Roll-ups: the sums of intervals, so that long periods need not read every call. They hold settled calls only. What is
-- stored before is folded by and by; until then it is read from the rows.

-- One row an interval in which something was; the bytes are src/kpi/rollup.rs's.
create table rollups (
    level bigint not null,            -- 1 = a quarter of an hour of UTC, 2 = hour, 3 = day, 4 = month of the hotline's zone
    starts_at bigint not null,
    ends_at bigint not null,
    edges bytea not null,               -- on which waits were counted
    head bytea not null,                -- how many calls, a digest of which, tests left out
    transfers bytea not null,           -- by first queue that answered: transfers, from where to where
    calls bytea not null,               -- by first queue: calls
    visits bytea not null,              -- by queue: visits
    journeys bytea not null,            -- by first queue: calls as visits
    primary key (level, starts_at)
);

-- The bytes are dense: to compress them takes longer than it saves.
alter table rollups
    alter column transfers set storage external,
    alter column calls set storage external,
    alter column visits set storage external,
    alter column journeys set storage external;

-- Intervals whose sums are not those of the rows or of the intervals within: not to be used until they are folded again.
create table rollup_stale (
    level bigint not null,
    starts_at bigint not null,
    marks bigint not null,            -- rises with each change, so that folding knows whether it has seen them all
    primary key (level, starts_at)
);

-- Whose hours, days and months they are; null = nobody's yet.
create table rollup_zone (
    id bigint primary key check (id = 1),
    zone text
);
insert into rollup_zone (id, zone) values (1, null);

insert into rollup_stale (level, starts_at, marks)
select 1, quarter, 1 from (
    select arrived_at - ((arrived_at % 900000000) + 900000000) % 900000000 as quarter from calls
    union
    select entered_at - ((entered_at % 900000000) + 900000000) % 900000000 from visits
) as quarters;
