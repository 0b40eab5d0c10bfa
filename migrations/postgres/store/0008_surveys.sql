-- Surveys: what can be asked, whom it was asked, what came of it.

-- Definitions as they were put; a version never changes.
create table survey_definitions (
    survey text collate "C" not null,
    version bigint not null,
    put_at bigint not null,
    definition text not null,          -- the file
    primary key (survey, version)
);

-- One row a session; one too for each served call that was never asked, with the reason. Who called is said by the call
-- alone: call_keys leads from the key to it.
create table survey_sessions (
    source_id bigint not null,
    call_key bytea not null,            -- 128-bit hash of the call id
    call_id text collate "C" not null,
    survey text collate "C" not null,  -- empty: none is configured for the line
    version bigint not null,          -- 0: no dialog was opened
    language text not null,
    opened_at bigint,                 -- null: no dialog was opened
    reason bigint not null,           -- why it was asked, or not
    rate bigint not null,             -- the share that is drawn, in millionths
    ended_at bigint,                  -- null: it is open
    disposition bigint,
    no_dtmf bigint not null,
    settled bigint not null,          -- 1 = its call has settled, nothing changes any more
    state bytea not null,               -- the interview's while it is open
    primary key (source_id, call_key)
);
create index survey_sessions_by_end on survey_sessions (ended_at);
create index survey_sessions_by_opening on survey_sessions (opened_at);

-- One row a question that was asked in a session.
create table survey_answers (
    source_id bigint not null,
    call_key bytea not null,
    place bigint not null,            -- in the order in which they were asked, from 0
    question text collate "C" not null,
    answer text,                       -- null: skipped, or left without one
    coded bigint not null,             -- 1 = one of the definition's codes; 0 = a number, or a recording's id
    done_at bigint,                   -- when it was answered or skipped
    noinputs bigint not null,
    nomatches bigint not null,
    repeats bigint not null,
    primary key (source_id, call_key, place)
);

-- What callers agreed to.
create table survey_consents (
    source_id bigint not null,
    call_key bytea not null,
    question text collate "C" not null, -- empty: the survey; else the question whose comment is recorded
    text_id text not null,
    version bigint not null,
    audio bytea not null,               -- SHA-256 of what was heard
    audio_told bigint not null,       -- 1 = of the recordings, as the switch told it; 0 = of ids and texts
    key text,                          -- null: stayed on the line
    at bigint not null,
    primary key (source_id, call_key, question)
);
