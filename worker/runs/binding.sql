-- name: note_estimate
-- Unless whoever started the run has said: the first job to begin may be any of them, and know only its own share.
select worker.note_estimate(r.id, $2) from worker.runs r where r.id = $1 and r.estimated_cents = 0

-- name: pause
select set_config('mintmark.actor', worker.actor($3), true), worker.pause_run($1, $2),
       worker.log_run($1, 'error', $2, jsonb_build_object('message', $4::text))

-- name: pause_for_credential
select set_config('mintmark.actor', worker.actor($3), true), worker.pause_run($1, $2),
       worker.log_run($1, 'error', $2, jsonb_build_object('message', $4::text)),
       worker.raise_alert('credential_revoked', format('credential_revoked/%s/%s', $1, current_date), $4::text, r.org_id, r.id, $3)
  from worker.runs r where r.id = $1
