-- Whose SKU means which print, and ways to find prints by number and by name.
-- depends: 0009-roles
--
-- A seller's SKU is a name of the seller's own: it belongs to an org and a platform. Only a verified mapping is believed;
-- one that a machine or a file has brought waits until somebody has looked at it.

create table public.sku_mappings (
    id             bigint generated always as identity primary key,
    org_id         uuid not null references public.orgs,
    platform       text not null check (platform <> ''),
    sku            text not null check (sku <> '' and sku = lower(btrim(sku))),  -- case means nothing in a SKU
    card_print_id  bigint not null references public.card_prints on delete cascade,
    variant        text,                       -- the printing, where the SKU tells it: "1stEditionHolofoil"
    verified       boolean not null default false,
    score          numeric(4, 3) check (score between 0 and 1),
    source         text not null check (source in ('manual', 'auto', 'csv')),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    unique (org_id, platform, sku)
);
create index sku_mappings_of_print on public.sku_mappings (card_print_id);
create index sku_mappings_to_verify on public.sku_mappings (org_id, platform, score) where not verified;

create index card_prints_by_value on public.card_prints (number_value, number_prefix);
create index card_prints_by_name on public.card_prints (lower(name));

alter table public.sku_mappings enable row level security, force row level security;
create policy own_org on public.sku_mappings
    using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]));

insert into worker.rights (role, object, privileges)
values ('mintmark_reader', 'table public.sku_mappings', 'select'),
       ('mintmark_operator', 'table public.sku_mappings', 'select, insert, update, delete'),
       ('mintmark_worker', 'table public.sku_mappings', 
        'select, insert, update (card_print_id, variant, verified, score, source, updated_at)');
select worker.grant_roles();
