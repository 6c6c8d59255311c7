-- name: open_ticket
select t.expires_at from worker.open_ticket($1, $2, $3, $4) t(expires_at)

-- name: drop_states
-- What was begun with this ticket before, and whatever nobody came back with.
delete from worker.oauth_states s where s.ticket_hash = $1 or s.expires_at < now()

-- name: add_state
insert into worker.oauth_states (state_hash, browser_hash, ticket_hash, provider, org_id, user_id, expires_at)
select $1, $2, t.ticket_hash, t.provider, t.org_id, t.user_id, now() + $5
  from worker.oauth_tickets t
 where t.ticket_hash = $3 and t.provider = $4 and t.expires_at > now()
returning expires_at

-- name: take_state
-- Gone as it is looked up, whatever else is wrong with it.
delete from worker.oauth_states s where s.state_hash = $1
returning s.browser_hash, s.ticket_hash, s.provider, s.org_id, s.user_id, s.expires_at > now() as in_time

-- name: use_ticket
-- Whoever comes second with the same ticket waits here for the first, and finds none.
delete from worker.oauth_tickets t
 where t.ticket_hash = $1 and t.provider = $2 and t.org_id = $3 and t.user_id = $4
returning t.created_at
