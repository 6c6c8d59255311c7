delete from worker.rights where object = 'table worker.collected';
drop table worker.collected;
create or replace function worker.guard_sources() returns trigger language plpgsql set search_path = '' as $$
begin
    perform worker.refuse_confined('changing ' || tg_table_name);
    return null;
end $$;
update public.sources s set config = s.config - 'currency' where s.adapter in ('ebay_browse', 'ebay_insights');
