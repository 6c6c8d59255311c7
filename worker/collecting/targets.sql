-- name: find
-- Prints by their ids, by the id their first source gave them, or as source:id; in the order they were named.
select w.place, w.name, f.id
  from unnest($1::text[]) with ordinality w(name, place)
  left join lateral (
        select p.id from public.card_prints p
         where w.name ~ '^[0-9]{1,18}$' and p.id = case when w.name ~ '^[0-9]{1,18}$' then w.name::bigint end
         union all
        select p.id from public.card_prints p where p.game = 'pokemon' and p.source_card_id = w.name
         union all
        select m.card_print_id from public.external_mappings m
         where m.source = split_part(w.name, ':', 1) and m.external_id = substr(w.name, strpos(w.name, ':') + 1)
           and m.card_print_id is not null and strpos(w.name, ':') > 0
         limit 1) f on true
 order by w.place

-- name: target
select p.id, p.source_card_id, p.name, p.number, s.name as set_name, s.printed_total
  from public.card_prints p join public.card_sets s on s.id = p.set_id
 where p.id = $1

-- name: stalest
-- What is most worth a look: days since the last one, counted the more the dearer the card is. A card of 1 is worth 1.7
-- times its days, one of 100 5.6 times, one of 1,000 7.9 times; of what has no price we suppose 5; what nobody has ever
-- looked at counts as a year. What was looked at in the last hour can wait.
select p.id
  from public.card_prints p
  left join worker.collected c on c.card_print_id = p.id
  left join lateral (
        select coalesce(k.nm_median, k.lp_median, k.mp_median, k.hp_median, k.dmg_median) as price
          from public.card_print_price_curves k
         where k.card_print_id = p.id
         order by k.created_at desc limit 1) v on true
 where c.collected_at is null or c.collected_at < now() - interval '1 hour'
 order by coalesce(extract(epoch from now() - c.collected_at) / 86400, 365) * (1 + ln(1 + coalesce(v.price, 5))) desc,
          p.id
 limit $1

-- name: calls_left
-- How many prints the day's quota is good for: the least that is left of an API that will be asked, less what is kept for
-- those who wait for an answer. Null where nobody counts.
select min(greatest(0, s.remaining_calls - ceil(q.calls::bigint * q.kept_percent / 100.0)))::int
  from worker.quota_status s join worker.api_quotas q on q.api = s.api
 where s.api = any ($1::text[])

-- name: is_another_under_way
-- Whether an earlier run looks for what is stalest, and is not over.
select exists (select from worker.runs r join worker.runs mine on mine.id = $1
                where r.kind = $2 and r.org_id = mine.org_id and r.id <> mine.id and r.params ? 'stalest'
                  and r.state in ('pending', 'running', 'paused') and (r.created_at, r.id) < (mine.created_at, mine.id))

-- name: org_of_run
select r.org_id from worker.runs r where r.id = $1

-- name: note_collected
insert into worker.collected as c (card_print_id, collected_at) values ($1, now())
    on conflict (card_print_id) do update set collected_at = excluded.collected_at
