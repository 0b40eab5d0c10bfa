-- Answers that came by other ways than the telephone, and counts of causes by month. The channel is part of every question.

-- One row a form, or a count; the same id is taken once.
create table survey_forms (
    form text primary key,
    source text not null,              -- of the call; empty: it speaks of none
    call_key blob,                     -- 128-bit hash of the call id; null: it speaks of none
    call_id text,
    channel integer not null,
    taken_at integer not null,         -- our clock
    answered_at integer not null,      -- of a count: the month's beginning in UTC
    survey text not null,              -- empty: a count
    version integer not null,
    language text not null,
    month integer,                     -- of a count: year × 12 + month, January being 0
    cause integer,
    count integer
) without rowid;
create index survey_forms_by_answer on survey_forms (answered_at);
create index survey_forms_by_call on survey_forms (call_key);

-- One row an answer.
create table survey_form_answers (
    form text not null,
    place integer not null,            -- in the form's order, from 0
    question text not null,
    answer text not null,
    coded integer not null,            -- 1 = one of the definition's codes; 0 = a number
    words text not null,               -- added to an answer that has room for them
    primary key (form, place)
) without rowid;
