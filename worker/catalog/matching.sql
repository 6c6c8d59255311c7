-- name: mapped
-- What is mapped already: by a verified SKU of the org, by the platform's own id, or by a SKU that is the id of a card.
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix,
       g.place, k.variant, k.card_print_id is not null as by_sku, m.card_print_id is not null as made
  from unnest($3::text[], $4::text[]) with ordinality g(sku, external_id, place)
  left join lateral (
        select s.card_print_id, s.variant from public.sku_mappings s
         where s.org_id = $1 and s.platform = $2 and s.sku = lower(g.sku) and s.verified
         limit 1) k on true
  left join lateral (
        select e.card_print_id from public.external_mappings e
         where e.source = $2 and e.external_id = g.external_id and e.card_print_id is not null
         limit 1) m on true
  left join lateral (
        select min(e.card_print_id) as card_print_id from public.external_mappings e
         where e.source in ('pokemonapi', 'tcgdex') and e.external_id = g.sku and e.card_print_id is not null
        having min(e.card_print_id) = max(e.card_print_id)) c on true
 cross join lateral (
        select o.id, o.source_card_id, o.set_id, o.name, o.number_prefix, o.number_value, o.number_suffix
          from public.card_prints o
         where o.id = coalesce(k.card_print_id, m.card_print_id, c.card_print_id)
         limit 1) p

-- name: sets
select s.id, s.source_set_id, s.name, s.series, s.printed_total, s.ptcgo_code,
       extract(year from s.release_date)::int as year
  from public.card_sets s
 order by s.id

-- name: candidates
-- The prints that a page of titles may mean: by set and number; by a number that no set stands beside; by set and name
-- where there is no number. Each is a look-up by index (limit keeps it one). Besides them: which of the titles' words are
-- names of Pokémon, as rows that have a word and nothing else.
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix, null::text as word
  from unnest($1::bigint[], $2::text[], $3::int[]) k(set_id, prefix, value)
 cross join lateral (
        select c.id, c.source_card_id, c.set_id, c.name, c.number_prefix, c.number_value, c.number_suffix
          from public.card_prints c
         where c.set_id = k.set_id and c.number_prefix = k.prefix and c.number_value = k.value
         limit 20) p
 union all
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix, null
  from unnest($4::text[], $5::int[]) k(prefix, value)
 cross join lateral (
        select c.id, c.source_card_id, c.set_id, c.name, c.number_prefix, c.number_value, c.number_suffix
          from public.card_prints c
         where c.number_prefix = k.prefix and c.number_value = k.value
         limit 50) p
 union all
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix, null
  from unnest($6::text[]) k(letter)
 cross join lateral (
        select c.id, c.source_card_id, c.set_id, c.name, c.number_prefix, c.number_value, c.number_suffix
          from public.card_prints c
         where c.number_prefix = k.letter and c.number_value is null
         limit 50) p
 union all
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix, null
  from unnest($7::int[], $8::text[]) k(value, words)
 cross join lateral (
        select c.id, c.source_card_id, c.set_id, c.name, c.number_prefix, c.number_value, c.number_suffix
          from public.card_prints c
         where c.number_prefix = '' and c.number_value = k.value
           and split_part(translate(lower(c.name), '-', ' '), ' ', 1) = any (string_to_array(k.words, ' '))
         limit 50) p
 union all
select p.id, p.source_card_id, p.set_id, p.name, p.number_prefix, p.number_value, p.number_suffix, null
  from unnest($9::bigint[], $10::text[]) k(set_id, words)
 cross join lateral (
        select c.id, c.source_card_id, c.set_id, c.name, c.number_prefix, c.number_value, c.number_suffix
          from public.card_prints c
         where c.set_id = k.set_id
           and split_part(translate(lower(c.name), '-', ' '), ' ', 1) = any (string_to_array(k.words, ' '))
         limit 20) p
 union all
select null, null, null, null, null, null, null, w.word
  from unnest($11::text[]) w(word)
 where exists (select from public.card_prints c where lower(c.name) = w.word and c.supertype = 'Pokémon')

-- name: remember
-- What has been verified is not overwritten by what has not.
insert into public.sku_mappings as m (org_id, platform, sku, card_print_id, variant, verified, source, score)
values ($1, $2, lower($3), $4, $5, $6, $7, $8)
    on conflict (org_id, platform, sku) do update
   set card_print_id = excluded.card_print_id, variant = excluded.variant, verified = excluded.verified,
       source = excluded.source, score = excluded.score, updated_at = now()
 where not m.verified or excluded.verified
