-- Answers that came by other ways than the telephone, and counts of causes by month. The channel is part of every question.

-- One row a form, or a count; the same id is taken once.
create table survey_forms (
    form text collate "C" primary key,
    source text collate "C" not null,              -- of the call; empty: it speaks of none
    call_key bytea,                     -- 128-bit hash of the call id; null: it speaks of none
    call_id text collate "C",
    channel bigint not null,
    taken_at bigint not null,         -- our clock
    answered_at bigint not null,      -- of a count: the month's beginning in UTC
    survey text collate "C" not null,              -- empty: a count
    version bigint not null,
    language text not null,
    month bigint,                     -- of a count: year × 12 + month, January being 0
    cause bigint,
    count bigint
);
create index survey_forms_by_answer on survey_forms (answered_at);
create index survey_forms_by_call on survey_forms (call_key);

-- One row an answer.
create table survey_form_answers (
    form text collate "C" not null,
    place bigint not null,            -- in the form's order, from 0
    question text collate "C" not null,
    answer text collate "C" not null,
    coded bigint not null,            -- 1 = one of the definition's codes; 0 = a number
    words text not null,               -- added to an answer that has room for them
    primary key (form, place)
);
