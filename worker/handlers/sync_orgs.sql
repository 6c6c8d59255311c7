-- name: start
select worker.start_syncs($1)

-- name: held
-- Orgs whose sync somebody has paused: they are left alone until it goes on, or is cancelled.
select count(*)::int from worker.runs r where r.kind = 'seller_sync' and r.name = 'all sellers' and r.state = 'paused'
