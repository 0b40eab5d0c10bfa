-- What business calendars held at each start, so that hours that are changed after the fact are told as changed: kept beside
-- rules_seen, and for the same reason.

create table calendars_seen (
    seen_at bigint not null,           -- the start in rules_seen
    name text collate "C" not null,
    content text not null,             -- as src/model/calendar_text.rs writes it
    primary key (seen_at, name)
);
