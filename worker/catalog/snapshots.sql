-- name: today
select (now() at time zone 'UTC')::date

-- name: count_sellers
select count(*)::int from public.sellers s
 where s.org_id = $1
   and exists (select from public.seller_inventory i where i.org_id = s.org_id and i.seller_id = s.id)

-- name: last_of_batch
-- The seller at whose row so many are full, or the last of all. A seller is never divided.
select coalesce((select i.seller_id from public.seller_inventory i
                  where i.org_id = $1 and i.seller_id > $2
                  order by i.seller_id offset $3 - 1 limit 1),
                (select max(i.seller_id) from public.seller_inventory i where i.org_id = $1 and i.seller_id > $2))

-- name: alone
-- Of two who take one day of one org at once the second waits, and then passes over whom the first has taken. To have the
-- rows' own key tell them apart (on conflict do nothing) costs a third more for each row. Room to sort a batch in memory.
select pg_advisory_xact_lock(hashtextextended('snapshot of ' || $1::uuid || ' ' || $2::date, 0)),
       set_config('work_mem', '64MB', true)

-- name: sellers
-- Those who have anything, and no snapshot of the day. Each is looked up by index (limit keeps it so).
select s.id
  from public.sellers s
 cross join lateral (select i.seller_id from public.seller_inventory i
                      where i.org_id = s.org_id and i.seller_id = s.id limit 1) has
  left join lateral (select t.seller_id from public.inventory_snapshots t
                      where t.org_id = s.org_id and t.snapshot_date = $2 and t.seller_id = s.id limit 1) taken on true
 where s.org_id = $1 and s.id > $3 and s.id <= $4 and taken.seller_id is null
 order by s.id

-- name: take
-- The range is there for the index; rows that come in the order of their key are written side by side.
insert into public.inventory_snapshots
       (org_id, snapshot_date, seller_id, card_print_id, treatment, currency, quantity, listings, avg_price, min_price,
        max_price)
select i.org_id, $2::date, i.seller_id, i.card_print_id, i.treatment, i.currency, sum(i.quantity), count(*), avg(i.price),
       min(i.price), max(i.price)
  from public.seller_inventory i
 where i.org_id = $1 and i.seller_id = any ($3::bigint[]) and i.seller_id > $4 and i.seller_id <= $5
   and coalesce(i.listed_at, i.created_at) < ($2::date + 1)::timestamp at time zone 'UTC'
 group by i.org_id, i.seller_id, i.card_print_id, i.treatment, i.currency
 order by i.seller_id, i.card_print_id, i.treatment, i.currency

-- name: first_week
-- A week is put together once all of its days are older than those that are kept: so it is never put together twice.
select date_trunc('week', min(t.snapshot_date))::date
  from public.inventory_snapshots t
 where t.org_id = $1 and t.snapshot_date < date_trunc('week', $2::date)::date

-- name: fold
-- The days are taken away first, so that of two who put the same week together one finds them gone.
with chosen as (
    select distinct t.seller_id from public.inventory_snapshots t
     where t.org_id = $1 and t.snapshot_date >= $2::date and t.snapshot_date < $2::date + 7 and t.seller_id > $3
     order by t.seller_id limit $4
), gone as (
    delete from public.inventory_snapshots t
     using chosen c, generate_series(0, 6) as d(place)
     where t.org_id = $1 and t.snapshot_date = $2::date + d.place and t.seller_id = c.seller_id
    returning t.seller_id, t.card_print_id, t.treatment, t.currency, t.quantity, t.avg_price, t.min_price, t.max_price
), put as (
    insert into public.inventory_snapshot_weeks
           (org_id, week, seller_id, card_print_id, treatment, currency, days, avg_quantity, avg_price, min_price, max_price)
    select $1, $2, g.seller_id, g.card_print_id, g.treatment, g.currency, count(*), avg(g.quantity), avg(g.avg_price),
           min(g.min_price), max(g.max_price)
      from gone g
     group by g.seller_id, g.card_print_id, g.treatment, g.currency
    returning 1)
select (select count(*)::int from put) as rows, (select max(c.seller_id) from chosen c) as last

-- name: is_folded
select exists (select from public.inventory_snapshot_weeks w
                where w.org_id = $1 and w.week = date_trunc('week', $2::date)::date)
