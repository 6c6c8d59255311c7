delete from worker.rights r
 where r.object in ('table public.intakes', 'table public.intake_comps', 'table public.valuations');

drop table public.valuations;
drop table public.intake_comps;
drop table public.intakes;
