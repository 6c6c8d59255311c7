-- Who sells, what they have, and what they had on each day.
-- depends: 0014-price-curves
--
-- A seller is known by org, platform and the platform's own id for them; names are kept as they were seen last.
-- seller_inventory is what they have now, whoever told it: a collector (ask), a connected account (sync), or a file (csv).
-- inventory_snapshots holds each day of it for ninety days, and inventory_snapshot_weeks what was older, a row a week.
--
-- Snapshots begin with their org, as they are taken and looked at org by org. They have no foreign keys: a million rows a
-- day would be looked up twice each. Whoever deletes a seller deletes their snapshots, too (worker.erase_ebay_user).

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
    recent_runs           uuid[] not null default '{}',  -- the last ten that saw them: each counts once
    first_seen_at         timestamptz not null default now(),
    last_seen_at          timestamptz not null default now(),
    times_seen            int not null default 1,
    unique (platform, platform_seller_id, org_id),
    unique (org_id, id)
) with (fillfactor = 80);
create index sellers_by_name on public.sellers (platform, normalized_name);

create table public.seller_inventory (
    id                   bigint generated always as identity primary key,
    org_id               uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    seller_id            bigint not null,
    card_print_id        bigint not null references public.card_prints on delete cascade,
    treatment            text not null default 'normal',   -- the printing: normal, holofoil, …
    quantity             int not null default 1 check (quantity >= 0),
    price                numeric(12, 2) check (price >= 0),
    currency             char(3) not null default 'USD',
    platform_listing_id  text,                             -- 'sku:…' for what is in stock and not listed
    told_by              text not null default 'ask' check (told_by in ('ask', 'sync', 'csv')),
    notes                text,
    listed_at            timestamptz,
    last_verified        timestamptz not null default now(),
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    constraint seller_inventory_once unique nulls not distinct
        (org_id, seller_id, card_print_id, treatment, platform_listing_id),
    foreign key (org_id, seller_id) references public.sellers (org_id, id) on delete cascade
) with (fillfactor = 90);
create index seller_inventory_of_print on public.seller_inventory (card_print_id);

create table public.inventory_snapshots (
    org_id         uuid not null default '00000000-0000-0000-0000-000000000001',
    seller_id      bigint not null,
    card_print_id  bigint not null,
    treatment      text not null,
    currency       char(3) not null,
    snapshot_date  date not null,
    quantity       bigint not null,
    listings       int not null,                           -- rows of the inventory that it sums up
    avg_price      numeric(12, 2),                         -- of the rows that have a price
    min_price      numeric(12, 2),
    max_price      numeric(12, 2),
    created_at     timestamptz not null default now(),
    primary key (org_id, snapshot_date, seller_id, card_print_id, treatment, currency)
);

create table public.inventory_snapshot_weeks (
    org_id         uuid not null default '00000000-0000-0000-0000-000000000001',
    seller_id      bigint not null,
    card_print_id  bigint not null,
    treatment      text not null,
    currency       char(3) not null,
    week           date not null check (extract(isodow from week) = 1),  -- its Monday
    days           int not null check (days between 1 and 7),            -- of which there is a snapshot
    avg_quantity   numeric(14, 2) not null,                              -- of those days
    avg_price      numeric(12, 2),                                       -- of their averages
    min_price      numeric(12, 2),
    max_price      numeric(12, 2),
    primary key (org_id, week, seller_id, card_print_id, treatment, currency)
);

-- To find what a seller offered, when they are to be forgotten; eBay tells of a thousand closed accounts a day.
create index price_observations_of_seller on public.price_observations (seller_key) where seller is not null;

-- What a connected account has in stock: which print its SKU and title mean, so that its inventory is made of it.
alter table public.ebay_inventory_items
    add column card_print_id bigint references public.card_prints on delete set null,
    add column treatment text not null default 'normal';

do $$
declare
    name text;
begin
    foreach name in array array['sellers', 'seller_inventory', 'inventory_snapshots', 'inventory_snapshot_weeks'] loop
        execute format('alter table public.%I enable row level security, force row level security', name);
        execute format('create policy own_org on public.%I using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]))', name);
    end loop;
end $$;

-- Start a snapshot of a day in every org that has sellers and none of that day that is not over. For the clock, which
-- knows no orgs: who is confined to one may not.
create function worker.start_snapshots(the_date date) returns int
language plpgsql security definer set search_path = '' as $$
declare
    one uuid;
    started int := 0;
begin
    perform worker.refuse_confined('start_snapshots');
    for one in select o.id from public.orgs o
                where exists (select from public.sellers s where s.org_id = o.id)
                  and not exists (select from worker.runs r
                                   where r.org_id = o.id and r.kind = 'snapshot'
                                     and r.params ->> 'date' = the_date::text
                                     and r.state in ('pending', 'running', 'paused'))
                order by 1
    loop
        perform worker.start_run('snapshot', jsonb_build_object('date', the_date), 'snapshot of ' || the_date,
                                 org_id => one);
        started := started + 1;
    end loop;
    return started;
end $$;

-- Forget sellers of eBay's: what they have, what they had, and who they are. Prices of theirs stay, and name nobody.
create function worker.erase_sellers(names text[]) returns int language plpgsql set search_path = '' as $$
declare
    one record;
    erased int := 0;
begin
    for one in select s.id, s.org_id from public.sellers s
                where s.platform = 'ebay'
                  and (s.platform_seller_id = any (names) or s.normalized_name = any (names))
                order by s.id for update
    loop
        delete from public.inventory_snapshots h
         using generate_series((select min(d.snapshot_date) from public.inventory_snapshots d where d.org_id = one.org_id),
                               (select max(d.snapshot_date) from public.inventory_snapshots d where d.org_id = one.org_id),
                               interval '1 day') as g(day)
         where h.org_id = one.org_id and h.snapshot_date = g.day::date and h.seller_id = one.id;
        delete from public.inventory_snapshot_weeks h
         using generate_series((select min(w.week) from public.inventory_snapshot_weeks w where w.org_id = one.org_id),
                               (select max(w.week) from public.inventory_snapshot_weeks w where w.org_id = one.org_id),
                               interval '7 days') as g(day)
         where h.org_id = one.org_id and h.week = g.day::date and h.seller_id = one.id;
        delete from public.seller_inventory i where i.org_id = one.org_id and i.seller_id = one.id;
        delete from public.sellers s where s.id = one.id;
        erased := erased + 1;
    end loop;
    update public.price_observations o
       set seller = null, updated_at = now()
     where o.seller_key = any (array(select hashtextextended(n.name, 0) from unnest(names) n(name)))
       and o.seller is not null and o.source like 'ebay%' and lower(o.seller) = any (names);
    return erased;
end $$;

-- As before (0012-observations), and now they are erased as a seller, too.
create or replace function worker.erase_ebay_user(the_notification text, user_id text, username text) returns int
language plpgsql security definer set search_path = '' as $$
declare
    known uuid[];
    names text[] := array_remove(array[nullif(erase_ebay_user.user_id, ''), nullif(erase_ebay_user.username, '')], null);
begin
    insert into worker.ebay_notifications (notification_id, topic, accounts)
    values (the_notification, 'MARKETPLACE_ACCOUNT_DELETION', 0)
    on conflict on constraint ebay_notifications_pkey do nothing;
    if not found then
        return 0;
    end if;
    known := array(select a.id from public.ebay_accounts a where a.ebay_user_id = erase_ebay_user.user_id order by a.id for update);
    update public.price_observations o
       set order_id = 'erased-' || o.id, order_line_item_id = 'erased', external_item_id = null, title = null, sku = null,
           seller = null, raw = '{}', candidates = '[]', account_id = null, updated_at = now()
     where o.account_id = any (known);
    delete from public.ebay_accounts a where a.id = any (known);
    if cardinality(known) > 0 then
        delete from worker.alerts a where a.alert = 'credential_revoked' and a.data ->> 'account' = any (known::text[]);
        delete from worker.run_events e where e.event = 'would' and e.data ->> 'account' = any (known::text[]);
    end if;
    delete from public.ebay_messages m where m.other_username = any (names);
    update public.ebay_disputes d set buyer_username = null, updated_at = now() where d.buyer_username = any (names);
    perform worker.erase_sellers(names || array(select lower(n.name) from unnest(names) n(name)));
    update worker.ebay_notifications n set accounts = cardinality(known) where n.notification_id = the_notification;
    return cardinality(known);
end $$;

insert into worker.rights (role, object, privileges)
select r.role, 'table public.' || t.name, r.privileges
  from (values ('mintmark_operator', 'select'), ('mintmark_reader', 'select'),
               ('mintmark_worker', 'select, insert, update, delete')) as r(role, privileges),
       unnest(array['sellers', 'seller_inventory', 'inventory_snapshots', 'inventory_snapshot_weeks']) as t(name);
insert into worker.rights (role, object, privileges)
values ('mintmark_worker', 'function worker.start_snapshots', 'execute');
revoke all on all functions in schema worker from public;
select worker.grant_roles();
