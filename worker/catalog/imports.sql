-- name: store
-- Content that came in before comes in no more.
insert into public.raw_imports (source, kind, external_id, set_hint, payload, content_hash)
select $1, $2, i.external_id, i.set_hint, i.payload, i.content_hash
  from unnest($3::text[], $4::text[], $5::jsonb[], $6::bytea[]) as i(external_id, set_hint, payload, content_hash)
    on conflict do nothing
returning 1

-- name: count_pending
select count(*)::int from public.raw_imports r where r.source = $1 and r.status = 'pending'

-- name: take
-- The next pending rows, past those that another worker holds.
select r.id, r.external_id, r.set_hint, r.payload
  from public.raw_imports r
 where r.source = $1 and r.kind = $2 and r.status = 'pending' and r.id > $3
 order by r.id limit $4
   for update skip locked

-- name: take_patiently
-- The same, but waiting for other workers: before saying that nothing moves, everything has been looked at.
select r.id, r.external_id, r.set_hint, r.payload
  from public.raw_imports r
 where r.source = $1 and r.kind = $2 and r.status = 'pending' and r.id > $3
 order by r.id limit $4
   for update

-- name: take_again
-- Rows that were worked before, whatever came of them then.
select r.id, r.external_id, r.set_hint, r.payload
  from public.raw_imports r
 where r.source = $1 and r.kind = $2 and r.id = any($3::bigint[])
 order by r.id
   for update

-- name: settle
update public.raw_imports r set status = s.status, notes = s.notes, processed_at = now()
  from unnest($1::bigint[], $2::text[], $3::text[]) as s(id, status, notes)
 where r.id = s.id
