-- Whether what was told of an agent was happening or history: history says nothing of this moment.

alter table agent_events add column mode bigint not null default 1;  -- 1 = live, 2 = backfill
