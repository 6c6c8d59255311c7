-- What a print is worth, condition by condition, and by what evidence.
-- depends: 0013-sources
--
-- A curve is never changed: a newer one stands beside it. One row is about one print in one printing, language and
-- currency; raw_json names the observations that were used and those that were left out, and why.
-- worker.price_checks says when a print was last computed, also when nothing came of it, so that twenty who ask at once
-- compute once, and a print without evidence is not computed for each of them.

create table public.card_print_price_curves (
    id             bigint generated always as identity primary key,
    card_print_id  bigint not null references public.card_prints on delete cascade,
    created_at     timestamptz not null default now(),
    variant        text not null default 'normal',
    language       text not null default 'en',
    currency       char(3) not null default 'USD',
    nm_median      numeric(12, 2), nm_floor  numeric(12, 2), nm_samples  int not null default 0,
    lp_median      numeric(12, 2), lp_floor  numeric(12, 2), lp_samples  int not null default 0,
    mp_median      numeric(12, 2), mp_floor  numeric(12, 2), mp_samples  int not null default 0,
    hp_median      numeric(12, 2), hp_floor  numeric(12, 2), hp_samples  int not null default 0,
    dmg_median     numeric(12, 2), dmg_floor numeric(12, 2), dmg_samples int not null default 0,
    confidence     int not null check (confidence between 0 and 10),  -- 0: nothing to go by
    listing_count  int not null,                                      -- observations that the prices rest on
    raw_json       jsonb not null default '{}'
) with (toast_tuple_target = 4080);  -- Evidence of the usual size stays in the row, and is not packed for each curve.
create index card_print_price_curves_of_print on public.card_print_price_curves (card_print_id, created_at desc);

create view public.card_print_latest_price_curve with (security_invoker = true) as
select distinct on (c.card_print_id, c.variant, c.language, c.currency)
       c.id, c.card_print_id, c.created_at, c.variant, c.language, c.currency,
       c.nm_median, c.nm_floor, c.nm_samples, c.lp_median, c.lp_floor, c.lp_samples, c.mp_median, c.mp_floor, c.mp_samples,
       c.hp_median, c.hp_floor, c.hp_samples, c.dmg_median, c.dmg_floor, c.dmg_samples,
       c.confidence, c.listing_count, c.raw_json
  from public.card_print_price_curves c
 order by c.card_print_id, c.variant, c.language, c.currency, c.created_at desc, c.id desc;

create table worker.price_checks (
    card_print_id  bigint primary key references public.card_prints on delete cascade,
    computed_at    timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

create function worker.keep_curves() returns trigger language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = 'MM006', message = 'a price curve is never changed: a newer one stands beside it',
        hint = 'mintmark price PRINT --force';
end $$;
create trigger keep_curves before update on public.card_print_price_curves
    for each row execute function worker.keep_curves();
-- They are every org's: whoever sees the observations of one alone may not say what a print is worth to all.
create trigger guard_curves before insert on public.card_print_price_curves
    for each statement execute function worker.guard_sources();

insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table public.card_print_price_curves', 'select'),
    ('mintmark_reader', 'table public.card_print_price_curves', 'select'),
    ('mintmark_worker', 'table public.card_print_price_curves', 'select, insert'),
    ('mintmark_operator', 'table public.card_print_latest_price_curve', 'select'),
    ('mintmark_reader', 'table public.card_print_latest_price_curve', 'select'),
    ('mintmark_worker', 'table public.card_print_latest_price_curve', 'select'),
    ('mintmark_reader', 'table worker.price_checks', 'select'),
    ('mintmark_operator', 'table worker.price_checks', 'select'),
    ('mintmark_worker', 'table worker.price_checks', 'select, insert, update');
revoke all on all functions in schema worker from public;
select worker.grant_roles();
