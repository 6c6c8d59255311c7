-- name: start
select worker.start_snapshots($1)

-- name: org
select r.org_id from worker.runs r where r.id = $1
