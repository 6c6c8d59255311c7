-- name: quotas
select q.api, q.calls, q.used_calls, q.remaining_calls, q.resets_at from worker.quota_status q order by q.api

-- name: set_quota
select worker.set_quota($1, $2, $3, $4)
