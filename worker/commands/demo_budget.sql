-- name: start
select worker.start_run('demo', $1::jsonb, 'demo budget', $2)

-- name: share
select worker.enqueue('demo', $2::jsonb, run_id => $1)

-- name: note_estimate
select worker.note_estimate($1, $2)

-- name: raise_cap
select worker.resume_run($1, $2)

-- name: books
-- What the items say, and what the payments say: each item once, each paid once.
select i.items, i.different_items, i.item_cents, l.payments, l.different_steps, l.cents, l.unanswered
  from (select count(*)::int as items, count(distinct (i.job_id, i.external_id))::int as different_items,
               coalesce(sum(i.cost_cents), 0) as item_cents
          from worker.items i where i.run_id = $1 and i.state = 'completed') i,
       (select count(*)::int as payments, count(distinct (l.job_id, l.step))::int as different_steps,
               coalesce(sum(l.cents), 0) as cents,
               count(*) filter (where l.state <> 'settled')::int as unanswered
          from worker.ledger l where l.run_id = $1) l
