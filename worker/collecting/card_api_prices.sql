-- name: payloads
-- What each card API said last of a print.
select m.source, m.external_id, r.payload, r.received_at
  from public.external_mappings m
 cross join lateral (
        select i.payload::text as payload, i.received_at
          from public.raw_imports i
         where i.org_id = any ($2::uuid[]) and i.source = m.source and i.kind = 'card' and i.external_id = m.external_id
         order by i.id desc limit 1) r
 where m.card_print_id = $1 and m.source in ('pokemonapi', 'tcgdex')
 order by m.source, m.external_id
