-- Run by the image of Postgres when the database is first made, before "mintmark migrate".
-- The service is a worker and no more (docs/roles.md); migrations are the owner's, whom the image has made.
\set ON_ERROR_STOP on
\set password `cat /run/postgres/service`
create role mintmark_worker nologin;
create role mintmark_service login password :'password' in role mintmark_worker, pg_read_all_stats;
