-- name: server
select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as read_only

-- name: kinds
select count(*)::int from worker.kinds

-- name: notify
select pg_notify('mintmark_doctor', '')

-- name: clock
select clock_timestamp()
