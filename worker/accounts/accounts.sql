-- name: connect
-- Known by its immutable user id. One that another org has connected stays there: no row comes back.
insert into public.ebay_accounts as a (org_id, user_id, ebay_user_id, ebay_username, environment, marketplace_id, scopes)
values ($1, $2, $3, $4, $5, coalesce($6, 'EBAY_US'), $7)
on conflict (environment, ebay_user_id) do update
   set user_id = excluded.user_id, ebay_username = excluded.ebay_username, marketplace_id = coalesce($6, a.marketplace_id),
       scopes = excluded.scopes, is_active = true, inactive_reason = null, connected_at = now(), updated_at = now()
 where a.org_id = excluded.org_id
returning a.id, a.token_version, a.xmax = 0 as is_new

-- name: store
-- Under the version that was read: whoever stores second stores nothing. Where no new refresh token came, the old one
-- stays.
update public.ebay_accounts a
   set access_token = $3, access_token_expires_at = now() + $4, access_token_lasts = $4,
       refresh_token = coalesce($5, a.refresh_token),
       refresh_token_expires_at = case when $5::bytea is null then a.refresh_token_expires_at else now() + $6 end,
       token_version = a.token_version + 1, refreshing_until = null, updated_at = now()
 where a.id = $1 and a.token_version = $2 and a.is_active
returning a.token_version, a.access_token_expires_at

-- name: account
select a.id, a.org_id, a.ebay_user_id, a.ebay_username, a.environment, a.marketplace_id, a.is_active, a.inactive_reason
  from public.ebay_accounts a
 where a.id = $1 and ($2::uuid is null or a.org_id = (select r.org_id from worker.runs r where r.id = $2))

-- name: hold
select true from public.ebay_accounts a where a.id = $1 for key share

-- name: rename
update public.ebay_accounts a set ebay_username = $2, updated_at = now()
 where a.id = $1 and a.ebay_username is distinct from $2

-- name: deactivate
select worker.deactivate_account($1, $2, $3)
