-- name: keep_history
select worker.keep_history($1)

-- name: prune_events
select worker.prune_events($1, $2)

-- name: prune_items
select worker.prune_items($1, $2)

-- name: prune_ledger
select worker.prune_ledger($1, $2)

-- name: prune_days
select worker.prune_days($1)

-- name: prune_alerts
select worker.prune_alerts($1, $2)

-- name: prune_messages
-- They are counted for an hour.
delete from worker.alert_messages m where m.sent_at < now() - interval '1 day'

-- name: prune_api_log
select worker.prune_api_log($1, $2)
