-- Cases: what a bad answer opened, who took it, what was done.

-- One row a case; where it stands is said by its steps.
create table cases (
    case_key bytea primary key,         -- 128-bit hash of the interview or form: it has one case
    number bigint not null,           -- the position of its opening in the journal
    source text collate "C" not null,
    call_key bytea,
    call_id text collate "C",
    form text collate "C",                         -- null: an interview by keypad
    survey text collate "C" not null,
    version bigint not null,
    channel bigint not null,
    opened_at bigint not null,
    due_at bigint not null,
    said text not null                 -- a line an answer: question, tab, answer
);
create unique index cases_by_number on cases (number);
create index cases_by_opening on cases (opened_at);
create index cases_by_call on cases (call_key);

-- Every step after the opening.
create table case_steps (
    case_key bytea not null,
    position bigint not null,         -- in the journal
    at bigint not null,
    step bigint not null,             -- 2 = taken, 3 = closed
    by_name text not null,             -- who took it, or closed it
    done text not null,                -- what was done
    cause bigint,
    primary key (case_key, position)
);
create index case_steps_by_time on case_steps (at);
