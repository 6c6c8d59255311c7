-- name: begin
-- Up to when a resource was read in whole, and what time it is for the database.
select now() as now,
       (select c.reached from public.ebay_cursors c where c.account_id = $1 and c.resource = $2) as reached

-- name: reach
insert into public.ebay_cursors as c (account_id, org_id, resource, reached) values ($1, $2, $3, $4)
on conflict (account_id, resource) do update set reached = greatest(c.reached, excluded.reached), updated_at = now()

-- name: synced
update public.ebay_accounts a set last_sync_at = now() where a.id = $1
