-- name: note_estimate
-- Unless whoever started the run has said: the first job to begin may be any of them, and know only its own share.
select n.estimated_cents
  from worker.runs r
  join worker.jobs j on j.id = $3 and j.fence = $4 and j.state = 'running'
       cross join lateral worker.note_estimate(r.id, $2) n
 where r.id = $1 and r.estimated_cents = 0

-- name: pause
select set_config('mintmark.actor', worker.actor(j.id), true), worker.pause_run($1, $2),
       worker.log_run($1, 'error', $2, jsonb_build_object('message', $4::text))
  from worker.jobs j where j.id = $3 and j.fence = $5 and j.state = 'running'

-- name: pause_for_credential
select set_config('mintmark.actor', worker.actor(j.id), true), worker.pause_run($1, $2),
       worker.log_run($1, 'error', $2, jsonb_build_object('message', $4::text)),
       worker.raise_alert('credential_revoked', format('credential_revoked/%s/%s', $1, current_date), $4::text,
                          r.org_id, r.id, j.id)
  from worker.jobs j join worker.runs r on r.id = $1
 where j.id = $3 and j.fence = $5 and j.state = 'running'
