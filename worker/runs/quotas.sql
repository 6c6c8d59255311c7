-- name: announce
select worker.set_quota(q.api, q.calls) from unnest($1::text[], $2::int[]) as q(api, calls) order by q.api

-- name: assume
select worker.set_quota(q.api, q.calls)
  from unnest($1::text[], $2::int[]) as q(api, calls)
 where not exists (select from worker.api_quotas k where k.api = q.api)
 order by q.api

-- name: shape
select worker.shape_quota(q.api, $2, $3) from unnest($1::text[]) as q(api) order by q.api
