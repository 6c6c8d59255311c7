-- Where prices come from, which of them are left out, and what a row of theirs was found to be.
-- depends: 0012-observations
--
-- A source has one adapter and a weight; source_rules say what of it is left out, and are read again for each job.
-- price_observations holds what a source said, and beside it what we read from that: condition, slab, language, printing,
-- and why a row is left out, if it is. Nothing is deleted: a row that is left out is evidence. What was read is marked with
-- the state of reader and rules that it was read by (judged_by): where that has changed, or where a row came in without
-- being judged, it is judged before a price is made of it.

create type public.left_out as enum (
    'junk', 'not_a_single', 'graded', 'other_language', 'other_variant', 'other_card', 'outlier', 'relist', 'seller_cap',
    'variation_group', 'running_auction', 'no_condition', 'rule'
);

create table public.sources (
    name               text primary key check (name ~ '^[a-z][a-z0-9_]{1,39}$'),
    adapter            text not null check (adapter <> ''),
    basis              text not null check (basis in ('sold', 'ask', 'guide')),
    enabled            boolean not null default true,
    disabled_reason    text,                     -- why it is not asked, for whoever looks
    reputation_weight  numeric(4, 3) not null default 0.5 check (reputation_weight > 0 and reputation_weight <= 1),
    config             jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    secret_ref         text,                     -- the name of the setting that holds its secret, never the secret
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now()
);

-- A rule is about one source, or all; about one print, or all. A row has to pass every active one.
create table public.source_rules (
    id                bigint generated always as identity primary key,
    source            text references public.sources on delete cascade,
    card_print_id     bigint references public.card_prints on delete cascade,
    include_keywords  text[] not null default '{}',  -- the title has to have one of them
    exclude_keywords  text[] not null default '{}',  -- and none of these
    min_price         numeric(12, 2),                -- of one piece, with shipping
    max_price         numeric(12, 2),
    currency          char(3),                       -- of the bounds; a row in another currency is not measured by them
    only_sellers      text[] not null default '{}',
    exclude_sellers   text[] not null default '{}',
    priority          int not null default 0,        -- of several that a row fails, the highest is named
    active            boolean not null default true,
    note              text,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    check (min_price <= max_price),
    check (num_nonnulls(min_price, max_price) = 0 or currency is not null)
);
create index source_rules_of_source on public.source_rules (source) where active;

insert into public.sources (name, adapter, basis, enabled, disabled_reason, reputation_weight, config) values
    ('ebay_browse', 'ebay_browse', 'ask', true, null, 0.6, '{"category": "183454", "marketplace": "EBAY_US", "currency": "USD"}'),
    ('ebay_insights', 'ebay_insights', 'sold', true, null, 0.9, '{"category": "183454", "marketplace": "EBAY_US", "currency": "USD"}'),
    ('ebay_seller', 'own_sales', 'sold', true, null, 1.0, '{}'),
    ('tcgplayer', 'card_api_prices', 'guide', true, null, 0.5, '{"currency": "USD"}'),
    ('cardmarket', 'card_api_prices', 'guide', true, null, 0.4, '{"currency": "EUR"}'),
    ('sales_csv', 'sales_csv', 'sold', true, null, 0.8, '{}'),
    ('ebay_finding', 'ebay_finding', 'sold', false,
     'eBay has retired the Finding API on 2025-02-05; ebay_browse (asks) and ebay_insights (sold) replace it', 0.7, '{}');

alter table public.price_observations
    alter column unit_price drop not null,
    alter column currency drop not null,
    add column seller          text,             -- who offers or sold it, by the platform's name for them
    add column item_group      text,             -- the listing of many variations that it is one of
    add column card_condition  text check (card_condition in ('NM', 'LP', 'MP', 'HP', 'DMG')),
    add column grader          text,
    add column grade           text,
    add column language        text,
    add column variant         text,
    add column left_out        public.left_out,
    add column left_out_why    text,
    add column judged_by       text,             -- the state of reader and rules that judged it; null: nobody has yet
    add column total_cents     bigint generated always as
        ((round((unit_price + coalesce(shipping, 0) / quantity) * 100))::bigint) stored,  -- of one piece, with shipping
    add column seller_key      bigint generated always as (coalesce(hashtextextended(lower(seller), 0), 0)) stored,
    add column offer_key       bigint generated always as
        (coalesce(hashtextextended(lower(seller) || ' ' || lower(title), 0), 0)) stored,
    add column group_key       bigint generated always as
        (hashtextextended(coalesce(variant, '') || ' ' || coalesce(language, '') || ' ' || coalesce(currency::text, ''), 0)) stored,
    add column comp            smallint generated always as (
        case card_condition when 'NM' then 0 when 'LP' then 1 when 'MP' then 2 when 'HP' then 3 when 'DMG' then 4 else 7 end
        + 8 * case basis when 'sold' then 0 when 'ask' then 1 else 2 end
        + 32 * case when left_out is null then 0
                    else case left_out when 'junk' then 1 when 'not_a_single' then 2 when 'graded' then 3
                                       when 'other_language' then 4 when 'other_variant' then 5 when 'other_card' then 6
                                       when 'outlier' then 7 when 'relist' then 8 when 'seller_cap' then 9
                                       when 'variation_group' then 10 when 'running_auction' then 11
                                       when 'no_condition' then 12 when 'rule' then 13 end end) stored,
    add column source_key      int generated always as (hashtext(source)) stored,
    add constraint price_observations_priced check (left_out is not null or num_nulls(unit_price, currency) = 0);
-- 'search': it was found by a search for the print, and its title does not say that it is that print.
alter table public.price_observations drop constraint price_observations_mapped_by_check;
alter table public.price_observations add constraint price_observations_mapped_by_check
    check (mapped_by in ('sku', 'external', 'title', 'manual', 'search'));
alter table public.price_observations drop constraint price_observations_status_check;
alter table public.price_observations add constraint price_observations_status_check
    check (status in ('sold', 'unpaid', 'cancelled', 'refunded', 'partially_refunded', 'active', 'ended', 'guide'));
comment on column public.price_observations.total_cents is 'hundredths of the currency''s unit';
comment on column public.price_observations.comp is 'condition, basis and reason as one number: a million of them are read at once';
comment on column public.price_observations.group_key is 'the same for one printing, language and currency';
comment on column public.price_observations.offer_key is 'the same for one seller''s listings with one title';

-- An offer is known by its item: seen again, it is the same row.
create unique index price_observations_once on public.price_observations (source, marketplace_id, external_item_id)
    where order_id is null;

-- All that a curve is made of, so that it is read without the rows themselves.
drop index public.price_observations_of_print;
create index price_observations_of_print on public.price_observations (card_print_id, observed_at)
    include (id, comp, source_key, group_key, total_cents, seller_key, offer_key, judged_by)
    where card_print_id is not null;

-- They are every org's: who is confined to one may read them, and not change them. It asks who is confined in the name of
-- whoever made it: a worker, which may switch a source off, may not ask.
create function worker.guard_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    perform worker.refuse_confined('changing ' || tg_table_name);
    return null;
end $$;
create trigger guard_sources before insert or update or delete or truncate on public.sources
    for each statement execute function worker.guard_sources();
create trigger guard_sources before insert or update or delete or truncate on public.source_rules
    for each statement execute function worker.guard_sources();

-- When the market was last looked at for a print, so that what is stalest comes first.
create table worker.collected (
    card_print_id  bigint primary key references public.card_prints on delete cascade,
    collected_at   timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

insert into worker.rights (role, object, privileges)
select r.role, 'table public.' || t.name, r.privileges
  from (values ('mintmark_operator', 'select, insert, update, delete'), ('mintmark_reader', 'select'),
               ('mintmark_worker', 'select, update')) as r(role, privileges),
       unnest(array['sources', 'source_rules']) as t(name);
insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table worker.collected', 'select'),
    ('mintmark_reader', 'table worker.collected', 'select'),
    ('mintmark_worker', 'table worker.collected', 'select, insert, update');
revoke all on all functions in schema worker from public;
select worker.grant_roles();
