delete from worker.rights r where r.object = 'table public.sku_mappings';
drop index public.card_prints_by_name;
drop index public.card_prints_by_value;
drop table public.sku_mappings;
