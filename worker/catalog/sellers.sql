-- name: see
-- Only who is new, is seen by another run, or has another name or feedback is written, and locked: in the order of their
-- ids, so that two who see the same sellers wait for each other and not in a circle.
with told as (
    select t.key, coalesce(t.name, k.display_name, t.key) as name, coalesce(t.normal, k.normalized_name, lower(t.key)) as normal,
           t.score, t.percentage, t.identifiers::jsonb as identifiers, t.metadata::jsonb as metadata,
           k.id is not null
           and ($3::uuid is null or $3::uuid = any (k.recent_runs))
           and (t.name is null or k.display_name = t.name)
           and (t.score is null or k.feedback_score is not distinct from t.score)
           and (t.percentage is null or k.feedback_percentage is not distinct from t.percentage)
           and k.external_identifiers @> t.identifiers::jsonb and k.metadata @> t.metadata::jsonb as is_known
      from unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::numeric[], $9::text[], $10::text[])
           as t(key, name, normal, score, percentage, identifiers, metadata)
      left join public.sellers k on k.org_id = $1 and k.platform = $2 and k.platform_seller_id = t.key
)
insert into public.sellers as s
       (org_id, platform, platform_seller_id, display_name, normalized_name, feedback_score, feedback_percentage,
        external_identifiers, metadata, first_seen_run, last_seen_run, recent_runs, times_seen)
select $1, $2, t.key, t.name, t.normal, t.score, t.percentage, t.identifiers, t.metadata, $3::uuid, $3::uuid,
       array_remove(array[$3::uuid], null), ($3::uuid is not null)::int
  from told t
 where not t.is_known
 order by t.key collate "C"
on conflict (org_id, platform, platform_seller_id) do update
   set display_name = excluded.display_name, normalized_name = excluded.normalized_name,
       feedback_score = coalesce(excluded.feedback_score, s.feedback_score),
       feedback_percentage = coalesce(excluded.feedback_percentage, s.feedback_percentage),
       external_identifiers = s.external_identifiers || excluded.external_identifiers,
       metadata = s.metadata || excluded.metadata,
       first_seen_run = coalesce(s.first_seen_run, excluded.first_seen_run),
       last_seen_run = coalesce(excluded.last_seen_run, s.last_seen_run), last_seen_at = now(),
       times_seen = s.times_seen + (excluded.recent_runs <> '{}' and not excluded.recent_runs <@ s.recent_runs)::int,
       recent_runs = case when excluded.recent_runs <@ s.recent_runs then s.recent_runs
                          else s.recent_runs[greatest(1, cardinality(s.recent_runs) - 8):] || excluded.recent_runs end

-- name: ids
select s.platform_seller_id, s.id
  from public.sellers s
 where s.org_id = $1 and s.platform = $2 and s.platform_seller_id = any ($3::text[])

-- name: named
-- Of several with one name, who is known by another id than their name: names change hands, ids do not.
select distinct on (s.normalized_name) s.normalized_name, s.platform_seller_id
  from public.sellers s
 where s.org_id = $1 and s.platform = $2 and s.normalized_name = any ($3::text[])
 order by s.normalized_name, s.platform_seller_id = s.normalized_name, s.last_seen_at desc, s.id
