-- name: accounts
-- None of the columns that hold a ciphertext: whoever may only look does not need them.
select a.id, a.org_id, a.user_id, a.ebay_user_id, a.ebay_username, a.environment, a.marketplace_id, a.created_at,
       a.updated_at, a.connected_at, a.access_token_expires_at, a.refresh_token_expires_at, a.scopes,
       a.has_refresh_token, a.last_sync_at, a.is_active, a.inactive_reason
  from public.ebay_accounts a order by a.created_at, a.id

-- name: find_accounts
select a.id, a.token_version from public.ebay_accounts a where starts_with(a.id::text, $1) order by a.id limit 2

-- name: disable_account
select worker.disable_account($1)

-- name: disconnect_account
select worker.disconnect_account($1)

-- name: api_calls
-- $3: what a status is like, or none.
select l.id, l.at, l.account_id, coalesce(a.ebay_username, l.account_id::text) as account, l.run_id, l.job_id,
       l.request_id, l.api, l.operation, l.status, l.error_id, l.milliseconds
  from worker.api_log l left join public.ebay_accounts a on a.id = l.account_id
 where ($1::uuid is null or l.account_id = $1) and ($2::text is null or l.api = $2)
   and ($3::text is null or coalesce(l.status::text, 'none') like $3)
 order by l.id desc limit $4
