-- name: keep_history
select worker.keep_history($1)

-- name: prune_events
delete from worker.run_events e
 where e.at < now() - $1::interval
   and exists (select from worker.runs r where r.id = e.run_id and r.state in ('completed', 'failed', 'cancelled'))
