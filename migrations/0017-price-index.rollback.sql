delete from worker.rights r where r.object = 'table public.price_index';

drop table public.price_index;
