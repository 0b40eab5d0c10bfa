-- What was told of agents: a row a source, a quarter of an hour of UTC and a stretch of the journal, a line a telling. A row
-- each, with two trees of keys, cost more than all other rows together.
create table agent_quarters (
    starts_at bigint not null,
    source_id bigint not null,
    position bigint not null,           -- the stretch's last; 0 = told before this table was there
    told text not null,                -- lines of JSON: [at, kind, state, mode, agent, reason, queues]
    primary key (starts_at, source_id, position)
);

-- A busy quarter's lines are compressed, by LZ4 where the server was built with it: the usual way takes longer.
do $$ begin
    alter table agent_quarters alter column told set compression lz4;
exception when feature_not_supported then
    null;
end $$;

-- What each agent was told last, live.
create table agents_last (
    source_id bigint not null,
    agent text collate "C" not null,
    kind bigint not null,               -- 0 = the state changed, 1 = a wrap-up ended
    at bigint not null,
    state bigint not null,              -- 0 with a wrap-up's end
    reason text not null,
    queues text not null,              -- the queues served, a line each
    primary key (source_id, agent, kind)
);

insert into agent_quarters (starts_at, source_id, position, told)
select quarter, source_id, 0, string_agg(json_build_array(at, kind, state, mode, agent, reason, queues)::text || chr(10), '' order by at)
from (
    select *, at - ((at % 900000000) + 900000000) % 900000000 as quarter from agent_events
) as told group by quarter, source_id;

insert into agents_last (source_id, agent, kind, at, state, reason, queues)
select source_id, agent, kind, at, state, reason, queues from agent_events as told
where mode = 1 and not exists (
    select 1 from agent_events as later
    where later.source_id = told.source_id and later.agent = told.agent and later.mode = 1
        and later.kind = told.kind and (later.at, later.state) > (told.at, told.state));

drop table agent_events;
