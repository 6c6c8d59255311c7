-- name: announce
select worker.set_quota(q.api, q.calls) from unnest($1::text[], $2::int[]) as q(api, calls) order by q.api
