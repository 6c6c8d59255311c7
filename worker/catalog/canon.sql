-- name: look_up_sets
-- For each set of a batch the canonical row it is about: by the source's own name for it, by its id, or,
-- when another source brought it, by name and day of release where only one set has both.
select g.place, s.id, s.source_set_id, s.source, s.name, s.printed_total, s.total
  from unnest($2::text[], $3::text[], $4::date[]) with ordinality g(external_id, name, release_date, place)
  join public.card_sets s on s.id = coalesce(
        (select m.card_set_id from public.external_mappings m
          where m.source = $1 and m.external_id = g.external_id and m.card_set_id is not null),
        (select c.id from public.card_sets c where c.game = 'pokemon' and c.source_set_id = g.external_id),
        (select min(c.id) from public.card_sets c
          where c.game = 'pokemon' and c.source <> $1 and lower(c.name) = lower(g.name)
            and c.release_date = g.release_date
         having count(*) = 1))

-- name: write_sets
with given as (
    select g.source_set_id, g.name, g.series, g.printed_total, g.total, g.ptcgo_code, g.release_date, g.legalities
      from jsonb_to_recordset($2::jsonb) as g(
           source_set_id text, name text, series text, printed_total int, total int, ptcgo_code text,
           release_date date, legalities jsonb)
)
insert into public.card_sets as s (game, source, source_set_id, name, series, printed_total, total, ptcgo_code,
                                   release_date, legalities)
select 'pokemon', $1, g.source_set_id, g.name, g.series, g.printed_total, g.total, g.ptcgo_code, g.release_date,
       g.legalities
  from given g order by g.source_set_id
    on conflict (game, source_set_id) do update
   set source = excluded.source, name = excluded.name, series = excluded.series,
       printed_total = excluded.printed_total, total = excluded.total, ptcgo_code = excluded.ptcgo_code,
       release_date = excluded.release_date, legalities = excluded.legalities, updated_at = now()
 where (s.source, s.name, s.series, s.printed_total, s.total, s.ptcgo_code, s.release_date, s.legalities)
       is distinct from (excluded.source, excluded.name, excluded.series, excluded.printed_total, excluded.total,
                         excluded.ptcgo_code, excluded.release_date, excluded.legalities)

-- name: map_sets
insert into public.external_mappings (source, external_id, card_set_id)
select $1, m.external_id, s.id
  from unnest($2::text[], $3::text[]) as m(external_id, source_set_id)
  join public.card_sets s on s.game = 'pokemon' and s.source_set_id = m.source_set_id
 order by m.external_id
    on conflict (source, external_id) where card_set_id is not null do nothing

-- name: look_up_cards
-- For each card of a batch its canonical set, and the canonical print it is about: by the source's own name for
-- it, by its id, or, when another source brought it, by set, number and name where only one print has all.
-- Each step is a look-up by index for each card (limit 1 keeps it one): a join would read the whole catalogue.
select g.place, s.id as set_id, s.name as set_name, p.id, p.source_card_id, p.source,
       p.set_id as print_set_id, p.set_name as print_set_name, p.name, p.number
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[]) with ordinality
       g(external_id, set_external_id, name, number_prefix, number_value, number_suffix, place)
  left join lateral (
        select c.id, c.name
          from public.external_mappings m join public.card_sets c on c.id = m.card_set_id
         where m.source = $1 and m.external_id = g.set_external_id and m.card_set_id is not null
         limit 1) s on true
  left join lateral (
        select c.id, c.source_card_id, c.source, c.set_id, cs.name as set_name, c.name, c.number
          from public.card_prints c join public.card_sets cs on cs.id = c.set_id
         where c.id = coalesce(
                (select m.card_print_id from public.external_mappings m
                  where m.source = $1 and m.external_id = g.external_id and m.card_print_id is not null),
                (select same.id from public.card_prints same
                  where same.game = 'pokemon' and same.source_card_id = g.external_id),
                (select min(like_it.id) from public.card_prints like_it
                  where like_it.set_id = s.id and like_it.number_prefix = g.number_prefix
                    and like_it.number_value is not distinct from g.number_value
                    and like_it.number_suffix = g.number_suffix and like_it.source <> $1
                    and lower(like_it.name) = lower(g.name)
                 having count(*) = 1))
         limit 1) p on true

-- name: write_prints
-- A row that says what is canonical already is not written anew. A print that another worker has made meanwhile,
-- be it the same or in another set, is not touched either: its id is missing from the answer, and the batch is
-- decided anew.
with given as materialized (
    select g.source_card_id, g.set_id, g.name, g.number, g.number_prefix, g.number_value,
           g.number_suffix, g.supertype, g.subtypes, g.types, g.hp, g.rarity, g.artist, g.regulation_mark,
           g.legalities, g.variants
      from jsonb_to_recordset($2::jsonb) as g(
           source_card_id text, set_id bigint, name text, number text, number_prefix text,
           number_value int, number_suffix text, supertype text, subtypes text[], types text[], hp int,
           rarity text, artist text, regulation_mark text, legalities jsonb, variants text[])
), written as (
    insert into public.card_prints as p (game, source, source_card_id, set_id, name, number, number_prefix,
        number_value, number_suffix, supertype, subtypes, types, hp, rarity, artist, regulation_mark, legalities,
        variants)
    select 'pokemon', $1, g.source_card_id, g.set_id, g.name, g.number, g.number_prefix, g.number_value,
           g.number_suffix, g.supertype, g.subtypes, g.types, g.hp, g.rarity, g.artist, g.regulation_mark,
           g.legalities, g.variants
      from given g order by g.source_card_id
        on conflict (game, source_card_id) do update
       set source = excluded.source, name = excluded.name, number = excluded.number,
           number_prefix = excluded.number_prefix, number_value = excluded.number_value,
           number_suffix = excluded.number_suffix, supertype = excluded.supertype, subtypes = excluded.subtypes,
           types = excluded.types, hp = excluded.hp, rarity = excluded.rarity, artist = excluded.artist,
           regulation_mark = excluded.regulation_mark, legalities = excluded.legalities,
           variants = excluded.variants,
           updated_at = now()
     where p.set_id = excluded.set_id
       and (p.source, p.name, p.number, p.number_prefix, p.number_value, p.number_suffix, p.supertype, p.subtypes,
            p.types, p.hp, p.rarity, p.artist, p.regulation_mark, p.legalities, p.variants)
           is distinct from
           (excluded.source, excluded.name, excluded.number, excluded.number_prefix, excluded.number_value,
            excluded.number_suffix, excluded.supertype, excluded.subtypes, excluded.types, excluded.hp,
            excluded.rarity, excluded.artist, excluded.regulation_mark, excluded.legalities, excluded.variants)
    returning p.id, p.source_card_id
), there as (
    select w.id, w.source_card_id from written w
     union
    select p.id, g.source_card_id
      from given g cross join lateral (
           select c.id from public.card_prints c
            where c.game = 'pokemon' and c.source_card_id = g.source_card_id and c.set_id = g.set_id
            limit 1) p
), mapped as (
    insert into public.external_mappings (source, external_id, card_print_id)
    select $1, m.external_id, t.id
      from unnest($3::text[], $4::text[]) as m(external_id, source_card_id)
      join there t on t.source_card_id = m.source_card_id
     order by m.external_id
        on conflict (source, external_id) where card_print_id is not null do nothing
)
select t.source_card_id from there t

-- name: map_prints
insert into public.external_mappings (source, external_id, card_print_id)
select $1, m.external_id, m.print_id from unnest($2::text[], $3::bigint[]) as m(external_id, print_id)
 order by m.external_id
    on conflict (source, external_id) where card_print_id is not null do nothing

-- name: totals_off
-- Sets that hold another number of cards than their source says.
select s.source_set_id, s.name, s.total, count(p.id)::int as counted
  from public.card_sets s join public.card_prints p on p.set_id = s.id
 where s.source = $1
 group by s.id having s.total is distinct from count(p.id)
 order by s.source_set_id limit $2
