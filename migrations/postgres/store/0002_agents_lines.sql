-- What agents and lines said, and where a call's row is. What was taken in before stays without them until the store is
-- made again from the journal.

-- What an agent's state became, and when a wrap-up ended.
create table agent_events (
    source_id bigint not null,
    agent text collate "C" not null,
    at bigint not null,
    kind bigint not null,              -- 0 = the state changed, 1 = a wrap-up ended
    state bigint not null,             -- 0 with a wrap-up's end
    reason text not null,
    queues text not null,              -- the queues served, a line each
    primary key (source_id, agent, at, kind, state)
);
create index agent_events_by_time on agent_events (at);

-- How many channels of a line were in use.
create table line_events (
    source_id bigint not null,
    line text collate "C" not null,
    at bigint not null,
    busy bigint not null,
    total bigint not null,             -- 0 = not said
    primary key (source_id, line, at)
);
create index line_events_by_time on line_events (at);

-- Null: settled before this column was there.
alter table call_keys add column call_row bigint;
