-- Who sells, what they have, and what they had on each day.
-- depends: 0014-price-curves
--
-- A seller is known by org, platform and the platform's own id for them; names are kept as they were seen last.
-- seller_inventory is what they have now; inventory_snapshots holds each day of it for ninety days, and
-- inventory_snapshot_weeks what was older, a row a week.

create table public.sellers (
    id                    bigint generated always as identity primary key,
    org_id                uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    platform              text not null check (platform <> ''),
    platform_seller_id    text not null check (platform_seller_id <> ''),
    display_name          text not null,
    normalized_name       text not null,              -- lower case, without blanks around; wallets too
    feedback_score        int,
    feedback_percentage   numeric(4, 1) check (feedback_percentage between 0 and 100),
    external_identifiers  jsonb not null default '{}',
    metadata              jsonb not null default '{}',
    first_seen_run        uuid,
    last_seen_run         uuid,
    first_seen_at         timestamptz not null default now(),
    last_seen_at          timestamptz not null default now(),
    times_seen            int not null default 1,
    unique (org_id, platform, platform_seller_id)
) with (fillfactor = 80);
create index sellers_by_name on public.sellers (platform, normalized_name);

create table public.seller_inventory (
    id                   bigint generated always as identity primary key,
    org_id               uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    seller_id            bigint not null references public.sellers on delete cascade,
    card_print_id        bigint not null references public.card_prints on delete cascade,
    treatment            text not null default 'normal',   -- the printing: normal, holofoil, …
    quantity             int not null default 1 check (quantity >= 0),
    price                numeric(12, 2) check (price >= 0),
    currency             char(3) not null default 'USD',
    platform_listing_id  text,
    listed_at            timestamptz,
    last_verified        timestamptz not null default now(),
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    constraint seller_inventory_once unique nulls not distinct (seller_id, card_print_id, treatment, platform_listing_id)
) with (fillfactor = 90);
create index seller_inventory_of_print on public.seller_inventory (card_print_id);

create table public.inventory_snapshots (
    org_id         uuid not null default '00000000-0000-0000-0000-000000000001',
    seller_id      bigint not null references public.sellers on delete cascade,
    card_print_id  bigint not null references public.card_prints on delete cascade,
    treatment      text not null,
    currency       char(3) not null,
    snapshot_date  date not null,
    quantity       bigint not null,
    listings       int not null,                           -- rows of the inventory that it sums up
    avg_price      numeric(12, 2),                         -- of the rows that have a price
    min_price      numeric(12, 2),
    max_price      numeric(12, 2),
    created_at     timestamptz not null default now(),
    primary key (snapshot_date, seller_id, card_print_id, treatment, currency)
);
create index inventory_snapshots_of_print on public.inventory_snapshots (card_print_id, snapshot_date);

create table public.inventory_snapshot_weeks (
    org_id         uuid not null default '00000000-0000-0000-0000-000000000001',
    seller_id      bigint not null references public.sellers on delete cascade,
    card_print_id  bigint not null references public.card_prints on delete cascade,
    treatment      text not null,
    currency       char(3) not null,
    week           date not null check (extract(isodow from week) = 1),  -- its Monday
    days           int not null check (days between 1 and 7),            -- of which there is a snapshot
    avg_quantity   numeric(14, 2) not null,
    avg_price      numeric(12, 2),
    min_price      numeric(12, 2),
    max_price      numeric(12, 2),
    primary key (week, seller_id, card_print_id, treatment, currency)
);

do $$
declare
    name text;
begin
    foreach name in array array['sellers', 'seller_inventory', 'inventory_snapshots', 'inventory_snapshot_weeks'] loop
        execute format('alter table public.%I enable row level security, force row level security', name);
        execute format('create policy own_org on public.%I using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]))', name);
    end loop;
end $$;

insert into worker.rights (role, object, privileges)
select r.role, 'table public.' || t.name, r.privileges
  from (values ('mintmark_operator', 'select'), ('mintmark_reader', 'select'),
               ('mintmark_worker', 'select, insert, update, delete')) as r(role, privileges),
       unnest(array['sellers', 'seller_inventory', 'inventory_snapshots', 'inventory_snapshot_weeks']) as t(name);
select worker.grant_roles();
