-- name: look
-- What is known of an account's access token; "fresh" is whether it lasts long enough. By the database's clock.
select a.is_active, a.inactive_reason, a.access_token, a.token_version, a.environment,
       coalesce(a.access_token_expires_at > now() + least($2, a.access_token_lasts / 4), false) as fresh
  from public.ebay_accounts a where a.id = $1

-- name: take_turn
-- One of all workers refreshes a version; should it die, another may when its time is up.
update public.ebay_accounts a set refreshing_until = now() + $3
 where a.id = $1 and a.token_version = $2 and a.is_active
   and (a.refreshing_until is null or a.refreshing_until <= now())
returning case when coalesce(a.refresh_token_expires_at > now(), true) then a.refresh_token end as refresh_token,
          a.refreshing_until, a.org_id

-- name: give_turn_back
-- A turn is known by its end: no two of one account have the same.
update public.ebay_accounts a set refreshing_until = null where a.id = $1 and a.refreshing_until = $2
