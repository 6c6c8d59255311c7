-- When the market was last looked at for a print, so that what is stalest comes first.
-- depends: 0018-traces
--
-- Prices in other currencies than a source is asked for are left out: so eBay's sources say which one that is.

create table worker.collected (
    card_print_id  bigint primary key references public.card_prints on delete cascade,
    collected_at   timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

update public.sources s set config = s.config || '{"currency": "USD"}'
 where s.adapter in ('ebay_browse', 'ebay_insights') and not s.config ? 'currency';

-- It asks who is confined in the name of whoever made it: a worker, which may switch a source off, may not ask.
create or replace function worker.guard_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform worker.refuse_confined('changing ' || tg_table_name);
    return null;
end $$;

insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table worker.collected', 'select'),
    ('mintmark_reader', 'table worker.collected', 'select'),
    ('mintmark_worker', 'table worker.collected', 'select, insert, update');
revoke all on all functions in schema worker from public;
select worker.grant_roles();
