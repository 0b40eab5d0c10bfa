-- Rows of the journal up to here are gone: what followed from them is in the store for good.
create table trimmed (
    id integer primary key check (id = 1),
    position integer not null
);
insert into trimmed (id, position) values (1, 0);
