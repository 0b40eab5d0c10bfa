-- Rows of the journal up to here are gone: what followed from them is in the store for good.
create table trimmed (
    id bigint primary key check (id = 1),
    position bigint not null
);
insert into trimmed (id, position) values (1, 0);
