delete from worker.rights r
 where r.object in ('table public.intakes', 'table public.intake_comps', 'table public.valuations');

drop index public.price_observations_by_words;
drop table public.valuations;
drop function worker.keep_valuations();
drop table public.intake_comps;
drop table public.intakes;
