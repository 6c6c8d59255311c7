-- What sellers really sold, and the rest of what their accounts tell.
-- depends: 0011-accounts
--
-- price_observations holds one row for each raw price fact, whatever its source; a connected seller's sold line item is
-- there once, whoever reads it how often, and later refunds and cancellations change its status. Of buyers nothing is
-- kept, but for whose message or dispute it is.
-- Each resource of an account has a cursor: up to when it was read in whole. It moves with the page that was stored last.

create table public.price_observations (
    id                   bigint generated always as identity primary key,
    org_id               uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    source               text not null check (source <> ''),
    basis                text not null check (basis in ('sold', 'ask', 'guide')),
    account_id           uuid references public.ebay_accounts on delete set null,
    marketplace_id       text not null,
    order_id             text,
    order_line_item_id   text,
    external_item_id     text,
    title                text,
    sku                  text,
    quantity             int not null default 1 check (quantity > 0),
    unit_price           numeric(12,2) not null check (unit_price >= 0),
    shipping             numeric(12,2) check (shipping >= 0),
    currency             char(3) not null,
    observed_at          timestamptz not null,
    listing_type         text,
    condition            text,
    status               text not null check (status in ('sold', 'unpaid', 'cancelled', 'refunded', 'partially_refunded')),
    card_print_id        bigint references public.card_prints on delete set null,
    mapped_by            text check (mapped_by in ('sku', 'external', 'title', 'manual')),
    match_score          numeric(4,3),
    match_why            text,
    candidates           jsonb not null default '[]',
    raw                  jsonb not null default '{}',
    content_hash         bytea,                   -- of what the source said, by whoever wrote it
    source_modified_at   timestamptz,             -- when the source changed it last: older says never overwrite newer ones
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    unique (source, marketplace_id, order_id, order_line_item_id)
) with (fillfactor = 90);
create index price_observations_of_print on public.price_observations (card_print_id, observed_at)
    where card_print_id is not null;
create index price_observations_of_account on public.price_observations (account_id, observed_at);
create index price_observations_to_review on public.price_observations (org_id, id) where card_print_id is null;

create table public.ebay_cursors (
    account_id  uuid not null references public.ebay_accounts on delete cascade,
    org_id      uuid not null,
    resource    text not null,
    reached     timestamptz not null,
    updated_at  timestamptz not null default now(),
    primary key (account_id, resource)
);

create table public.ebay_transactions (
    account_id        uuid not null references public.ebay_accounts on delete cascade,
    org_id            uuid not null,
    transaction_id    text not null,
    transaction_type  text not null,              -- an id is unique within its type only
    status            text,
    booking_entry     text not null check (booking_entry in ('CREDIT', 'DEBIT')),
    amount            numeric(12,2) not null,     -- its direction is the booking entry's, not a sign
    fee               numeric(12,2),
    currency          char(3) not null,
    order_id          text,
    payout_id         text,
    transaction_at    timestamptz not null,
    raw               jsonb not null default '{}',
    content_hash      bytea not null,
    updated_at        timestamptz not null default now(),
    primary key (account_id, transaction_id, transaction_type)
);

create table public.ebay_disputes (
    account_id       uuid not null references public.ebay_accounts on delete cascade,
    org_id           uuid not null,
    dispute_id       text not null,
    status           text not null,
    reason           text,
    order_id         text,
    buyer_username   text,
    amount           numeric(12,2),
    currency         char(3),
    opened_at        timestamptz not null,
    respond_by       timestamptz,
    closed_at        timestamptz,
    content_hash     bytea not null,
    updated_at       timestamptz not null default now(),
    primary key (account_id, dispute_id)
);

create table public.ebay_messages (
    account_id        uuid not null references public.ebay_accounts on delete cascade,
    org_id            uuid not null,
    conversation_id   text not null,
    message_id        text not null,              -- the latest of the conversation
    status            text,
    reference_id      text,
    reference_type    text,
    other_username    text,
    subject           text,
    body              text,                       -- only where it was asked for
    unread            int not null default 0,
    sent_at           timestamptz not null,
    content_hash      bytea not null,
    updated_at        timestamptz not null default now(),
    primary key (account_id, conversation_id)
);

create table public.ebay_inventory_items (
    account_id   uuid not null references public.ebay_accounts on delete cascade,
    org_id       uuid not null,
    sku          text not null,
    title        text,
    condition    text,
    quantity     int,
    seen_at      timestamptz not null,            -- when a whole pass saw it last
    raw          jsonb not null default '{}',
    content_hash bytea not null,
    updated_at   timestamptz not null default now(),
    primary key (account_id, sku)
);

create table public.ebay_offers (
    account_id       uuid not null references public.ebay_accounts on delete cascade,
    org_id           uuid not null,
    offer_id         text not null,
    sku              text not null,
    marketplace_id   text not null,
    format           text,
    status           text not null,
    listing_id       text,
    listing_status   text,
    price            numeric(12,2),
    currency         char(3),
    quantity         int,
    sold_quantity    int,
    seen_at          timestamptz not null,
    content_hash     bytea not null,
    updated_at       timestamptz not null default now(),
    primary key (account_id, offer_id)
);

create index ebay_disputes_of_buyer on public.ebay_disputes (buyer_username);
create index ebay_messages_of_other on public.ebay_messages (other_username);

-- Events of eBay's that were obeyed, by their ids: one that comes again changes nothing.
create table worker.ebay_notifications (
    notification_id  text primary key,
    topic            text not null,
    accounts         int not null,
    received_at      timestamptz not null default now()
);

-- Somebody at eBay has closed their account: erase what we know of them. As a seller: the account with its tokens and all
-- that hangs on it, and the alerts that name it; of their sales the bare price facts stay, with no word that leads to a
-- person. As a buyer: the messages and disputes of theirs. Answers how many accounts that were.
create function worker.erase_ebay_user(the_notification text, user_id text, username text) returns int
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
           raw = '{}', candidates = '[]', account_id = null, updated_at = now()
     where o.account_id = any (known);
    delete from public.ebay_accounts a where a.id = any (known);
    if cardinality(known) > 0 then
        delete from worker.alerts a where a.alert = 'credential_revoked' and a.data ->> 'account' = any (known::text[]);
        delete from worker.run_events e where e.event = 'would' and e.data ->> 'account' = any (known::text[]);
    end if;
    delete from public.ebay_messages m where m.other_username = any (names);
    update public.ebay_disputes d set buyer_username = null, updated_at = now() where d.buyer_username = any (names);
    update worker.ebay_notifications n set accounts = cardinality(known) where n.notification_id = the_notification;
    return cardinality(known);
end $$;

-- Somebody took our right back: what they had connected until then is not used any more.
create function worker.revoke_ebay_user(the_notification text, user_id text, reason text, at timestamptz) returns int
language plpgsql security definer set search_path = '' as $$
declare
    one uuid;
    revoked int := 0;
begin
    insert into worker.ebay_notifications (notification_id, topic, accounts)
    values (the_notification, 'AUTHORIZATION_REVOCATION', 0)
    on conflict on constraint ebay_notifications_pkey do nothing;
    if not found then
        return 0;
    end if;
    for one in select a.id from public.ebay_accounts a
                where a.ebay_user_id = revoke_ebay_user.user_id and a.connected_at <= revoke_ebay_user.at order by a.id
    loop
        if worker.deactivate_account(one, revoke_ebay_user.reason) then
            revoked := revoked + 1;
        end if;
    end loop;
    update worker.ebay_notifications n set accounts = revoked where n.notification_id = the_notification;
    return revoked;
end $$;

-- Start a sync in every org that has connected sellers and none of these runs that is not over. For the clock, which knows
-- no orgs: who is confined to one may not.
create function worker.start_syncs(the_environment text) returns int
language plpgsql security definer set search_path = '' as $$
declare
    one uuid;
    started int := 0;
begin
    perform worker.refuse_confined('start_syncs');
    for one in select distinct a.org_id from public.ebay_accounts a
                where a.is_active and a.environment = the_environment
                  and not exists (select from worker.runs r
                                   where r.org_id = a.org_id and r.kind = 'seller_sync' and r.name = 'all sellers'
                                     and r.state in ('pending', 'running', 'paused'))
                order by 1
    loop
        perform worker.start_run('seller_sync', name => 'all sellers', org_id => one);
        started := started + 1;
    end loop;
    return started;
end $$;

do $$
declare
    name text;
begin
    foreach name in array array['price_observations', 'ebay_cursors', 'ebay_transactions', 'ebay_disputes', 'ebay_messages',
                                'ebay_inventory_items', 'ebay_offers'] loop
        execute format('alter table public.%I enable row level security, force row level security', name);
        execute format('create policy own_org on public.%I using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]))', name);
    end loop;
end $$;

insert into worker.rights (role, object, privileges)
select r.role, 'table public.' || t.name, 'select'
  from unnest(array['mintmark_operator', 'mintmark_reader']) as r(role),
       unnest(array['price_observations', 'ebay_cursors', 'ebay_transactions', 'ebay_disputes',
                    'ebay_inventory_items', 'ebay_offers']) as t(name);

-- What people wrote to each other is for those who steer, and not for every report.
insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table public.ebay_messages', 'select'),
    ('mintmark_worker', 'table public.price_observations', 'select, insert, update'),
    ('mintmark_worker', 'table public.ebay_cursors', 'select, insert, update'),
    ('mintmark_worker', 'table public.ebay_transactions', 'select, insert, update'),
    ('mintmark_worker', 'table public.ebay_disputes', 'select, insert, update'),
    ('mintmark_worker', 'table public.ebay_messages', 'select, insert, update'),
    ('mintmark_worker', 'table public.ebay_inventory_items', 'select, insert, update, delete'),
    ('mintmark_worker', 'table public.ebay_offers', 'select, insert, update, delete'),
    ('mintmark_worker', 'table worker.ebay_notifications', 'select'),
    ('mintmark_worker', 'function worker.erase_ebay_user', 'execute'),
    ('mintmark_worker', 'function worker.revoke_ebay_user', 'execute'),
    ('mintmark_worker', 'function worker.start_syncs', 'execute');

revoke all on all functions in schema worker from public;
select worker.grant_roles();
