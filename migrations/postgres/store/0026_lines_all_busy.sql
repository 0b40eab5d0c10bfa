-- When all channels of a line were in use: seldom, and asked for with every queue report, over a year of tellings as well.
create index line_events_all_busy on line_events (at) where total > 0 and busy >= total;
