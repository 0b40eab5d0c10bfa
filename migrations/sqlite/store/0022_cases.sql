-- Cases: what a bad answer opened, who took it, what was done.

-- One row a case; where it stands is said by its steps.
create table cases (
    case_key blob primary key,         -- 128-bit hash of the interview or form: it has one case
    number integer not null,           -- the position of its opening in the journal
    source text not null,
    call_key blob,
    call_id text,
    form text,                         -- null: an interview by keypad
    survey text not null,
    version integer not null,
    channel integer not null,
    opened_at integer not null,
    due_at integer not null,
    said text not null                 -- a line an answer: question, tab, answer
) without rowid;
create unique index cases_by_number on cases (number);
create index cases_by_opening on cases (opened_at);
create index cases_by_call on cases (call_key);

-- Every step after the opening.
create table case_steps (
    case_key blob not null,
    position integer not null,         -- in the journal
    at integer not null,
    step integer not null,             -- 2 = taken, 3 = closed
    by_name text not null,             -- who took it, or closed it
    done text not null,                -- what was done
    cause integer,
    primary key (case_key, position)
) without rowid;
create index case_steps_by_time on case_steps (at);
