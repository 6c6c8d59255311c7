-- name: start
select worker.start_run('seller_sync', $1::jsonb, $2)

-- name: alert
select a.message from worker.alerts a where a.alert = 'credential_revoked' order by a.id desc limit 1

-- name: sellers
select a.ebay_username, case when a.is_active then 'active' else a.inactive_reason end as state, a.last_sync_at,
       count(o.id)::int as line_items, count(o.card_print_id)::int as with_print,
       count(*) filter (where o.status in ('sold', 'partially_refunded'))::int as sales
  from public.ebay_accounts a left join public.price_observations o on o.account_id = a.id
 where a.environment = $1
 group by a.id order by a.ebay_username

-- name: prints
select p.name, p.number, s.name as set_name, count(*)::int as sales
  from public.price_observations o join public.card_prints p on p.id = o.card_print_id
       join public.card_sets s on s.id = p.set_id
 where o.status in ('sold', 'partially_refunded')
 group by p.id, s.id order by count(*) desc, p.id limit $1
