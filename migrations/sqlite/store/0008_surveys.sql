-- Surveys: what can be asked, whom it was asked, what came of it.

-- Definitions as they were put; a version never changes.
create table survey_definitions (
    survey text not null,
    version integer not null,
    put_at integer not null,
    definition text not null,          -- the file
    primary key (survey, version)
) without rowid;

-- One row a session; one too for each served call that was never asked, with the reason. Who called is said by the call
-- alone: call_keys leads from the key to it.
create table survey_sessions (
    source_id integer not null,
    call_key blob not null,            -- 128-bit hash of the call id
    call_id text not null,
    survey text not null,              -- empty: none is configured for the line
    version integer not null,          -- 0: no dialog was opened
    language text not null,
    opened_at integer,                 -- null: no dialog was opened
    reason integer not null,           -- why it was asked, or not
    rate integer not null,             -- the share that is drawn, in millionths
    ended_at integer,                  -- null: it is open
    disposition integer,
    no_dtmf integer not null,
    settled integer not null,          -- 1 = its call has settled, nothing changes any more
    state blob not null,               -- the interview's while it is open
    primary key (source_id, call_key)
) without rowid;
create index survey_sessions_by_end on survey_sessions (ended_at);
create index survey_sessions_by_opening on survey_sessions (opened_at);

-- One row a question that was asked in a session.
create table survey_answers (
    source_id integer not null,
    call_key blob not null,
    place integer not null,            -- in the order in which they were asked, from 0
    question text not null,
    answer text,                       -- null: skipped, or left without one
    coded integer not null,            -- 1 = one of the definition's codes; 0 = a number, or a recording's id
    done_at integer,                   -- when it was answered or skipped
    noinputs integer not null,
    nomatches integer not null,
    repeats integer not null,
    primary key (source_id, call_key, place)
) without rowid;

-- What callers agreed to.
create table survey_consents (
    source_id integer not null,
    call_key blob not null,
    question text not null,            -- empty: the survey; else the question whose comment is recorded
    text_id text not null,
    version integer not null,
    audio blob not null,               -- SHA-256 of what was heard
    audio_told integer not null,       -- 1 = of the recordings, as the switch told it; 0 = of ids and texts
    key text,                          -- null: stayed on the line
    at integer not null,
    primary key (source_id, call_key, question)
) without rowid;
