-- A price a day: of each print, printing, language and currency, by its last curve of that day, or by that day's sales.
-- depends: 0016-valuations
--
-- Only what does not change goes in: curves, and sales that are mapped and not left out. So it can be thrown away and
-- made again from scratch, to the same bytes.

create table public.price_index (
    card_print_id  bigint not null references public.card_prints on delete cascade,
    variant        text not null,
    language       text not null,
    currency       char(3) not null,
    day            date not null,                           -- UTC
    price          numeric(12, 2) not null,
    basis          text not null check (basis in ('curve', 'sold')),
    samples        int not null,
    change_7d      numeric(8, 4),                           -- 0.05: five percent more than seven days before
    change_30d     numeric(8, 4),
    change_90d     numeric(8, 4),
    primary key (card_print_id, variant, language, currency, day)
);
create index price_index_by_day on public.price_index (day);

insert into worker.rights (role, object, privileges) values
    ('mintmark_operator', 'table public.price_index', 'select'),
    ('mintmark_reader', 'table public.price_index', 'select'),
    ('mintmark_worker', 'table public.price_index', 'select, insert, update, delete');
select worker.grant_roles();
