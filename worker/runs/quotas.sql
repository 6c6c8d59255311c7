-- name: announce
select worker.set_quota(q.api, q.calls) from unnest($1::text[], $2::int[]) as q(api, calls) order by q.api

-- name: assume
select worker.set_quota(q.api, q.calls)
  from unnest($1::text[], $2::int[]) as q(api, calls)
 where not exists (select from worker.api_quotas k where k.api = q.api)
 order by q.api

-- name: shape
select worker.shape_quota(q.api, $2, $3) from unnest($1::text[]) as q(api) order by q.api

-- name: ours
-- What each provider has surely had of ours in its day: what is still held may be on its way.
select q.api, q.resets_at, q.used_calls - coalesce(h.calls, 0)::int as calls
  from worker.api_quotas q
       left join (select l.api, l.quota_resets_at, sum(l.calls) as calls
                    from worker.ledger l where l.state = 'held' group by l.api, l.quota_resets_at) h
         on h.api = q.api and h.quota_resets_at = q.resets_at

-- name: reconcile
select worker.reconcile_quota($1, $2, $3, $4, $5, $6, $7)
