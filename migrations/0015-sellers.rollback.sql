delete from worker.rights r
 where r.object in ('table public.sellers', 'table public.seller_inventory', 'table public.inventory_snapshots',
                    'table public.inventory_snapshot_weeks');

drop table public.inventory_snapshot_weeks;
drop table public.inventory_snapshots;
drop table public.seller_inventory;
drop table public.sellers;
