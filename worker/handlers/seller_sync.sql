-- name: plan
-- A job for each seller of the run's org, those not synced for longest first. Two jobs of one account never run at once.
select worker.enqueue('account_sync',
                      $5::jsonb || jsonb_build_object('account_id', a.id, 'alone', $3::uuid is not null),
                      run_id => $1, concurrency_key => 'ebay_account/' || a.id,
                      priority => (select j.priority from worker.jobs j where j.id = $6)) as job
  from (select a.id
          from public.ebay_accounts a join worker.runs r on r.id = $1 and r.org_id = a.org_id
         where a.environment = $2 and (a.id = $3 or ($3::uuid is null and a.is_active))
         order by a.last_sync_at nulls first, a.id limit $4) a
