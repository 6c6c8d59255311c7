-- name: echo
-- A word to ourselves, on a channel that nobody else hears; and are we still heard of on the one that counts?
select pg_notify($1, ''), $2::text in (select pg_listening_channels()) as listens

-- name: call
select pg_notify($1, '')
