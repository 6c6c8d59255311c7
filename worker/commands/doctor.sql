-- name: server
select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
       pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as read_only

-- name: kinds
select count(*)::int from worker.kinds

-- name: roles
select session_user::text as login, current_setting('is_superuser')::boolean as is_superuser,
       coalesce(array_agg(o.name order by o.name) filter (where pg_has_role(r.oid, 'usage')), '{}') as member_of,
       coalesce(array_agg(o.name order by o.name) filter (where r.oid is null), '{}') as missing
  from unnest(array['mintmark_operator', 'mintmark_producer', 'mintmark_reader', 'mintmark_worker']) as o(name)
       left join pg_catalog.pg_roles r on r.rolname = o.name

-- name: notify
select pg_notify('mintmark_doctor', '')

-- name: clock
select clock_timestamp()
