-- name: reserve
select r.reservation, r.reserved_cents, r.verdict, r.until - now() as wait
  from worker.reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) r

-- name: answer
select s.cancel_requested, s.run_state
  from worker.settle($1, $2, $3, $4::bigint[], $5::worker.reservation_state[], $6::numeric[]) s
