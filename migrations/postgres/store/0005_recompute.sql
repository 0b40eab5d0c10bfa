-- What it takes to make calls again with what was told too late. Of late events that were noted before this, the journal's
-- rows tell what they were.

-- The event, as the told column of a call has it. Null: not late, noted before this column was there, or in the figures by
-- now (reason recomputed).
alter table unapplied_events add column told bytea;
create index unapplied_events_by_call on unapplied_events (source_id, call_id);

-- Of the late events, those that are in the figures by now.
alter table sources add column recomputed_events bigint not null default 0;
