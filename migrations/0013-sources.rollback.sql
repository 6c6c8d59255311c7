delete from worker.rights r where r.object in ('table public.sources', 'table public.source_rules', 'table worker.collected');
delete from public.price_observations o where o.mapped_by = 'search' or o.order_id is null or o.unit_price is null or o.currency is null;

drop index public.price_observations_of_print;
drop index public.price_observations_once;
alter table public.price_observations drop constraint price_observations_status_check;
alter table public.price_observations drop constraint price_observations_priced;
alter table public.price_observations
    drop column comp, drop column source_key, drop column group_key, drop column offer_key, drop column seller_key, drop column total_cents, drop column judged_by, drop column left_out_why, drop column left_out, drop column variant,
    drop column language, drop column grade, drop column grader, drop column card_condition, drop column item_group,
    drop column seller,
    alter column unit_price set not null, alter column currency set not null;
alter table public.price_observations drop constraint price_observations_mapped_by_check;
alter table public.price_observations add constraint price_observations_mapped_by_check
    check (mapped_by in ('sku', 'external', 'title', 'manual'));
alter table public.price_observations add constraint price_observations_status_check
    check (status in ('sold', 'unpaid', 'cancelled', 'refunded', 'partially_refunded'));
create index price_observations_of_print on public.price_observations (card_print_id, observed_at)
    where card_print_id is not null;
drop table worker.collected;
drop table public.source_rules;
drop table public.sources;
drop function worker.guard_sources();
drop type public.left_out;
