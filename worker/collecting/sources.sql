-- name: sources
select s.name, s.adapter, s.basis, s.enabled, s.disabled_reason, s.reputation_weight, s.config::text as config
  from public.sources s order by s.name

-- name: switch_off
-- Only what is still on: the first who finds out says it.
update public.sources s set enabled = false, disabled_reason = $2, updated_at = now()
 where s.name = $1 and s.enabled
returning 1
