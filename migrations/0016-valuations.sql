-- Things that are no card of the catalogue: what they are, and what they were found to be worth.
-- depends: 0015-sellers
--
-- An intake is a thing with its attribution; a valuation of it is never changed, a newer one stands beside it.
-- intake_comps says of each observation that was looked at for an intake whether it is one of its like, and if not, why.

create table public.intakes (
    id           bigint generated always as identity primary key,
    org_id       uuid not null default '00000000-0000-0000-0000-000000000001' references public.orgs,
    kind         text not null default 'coin' check (kind <> ''),
    reference    text,                                     -- the owner's own name for it
    attributes   jsonb not null check (jsonb_typeof(attributes) = 'object'),
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
create unique index intakes_by_reference on public.intakes (org_id, reference) where reference is not null;

create table public.intake_comps (
    intake_id       bigint not null references public.intakes on delete cascade,
    observation_id  bigint not null references public.price_observations on delete cascade,
    org_id          uuid not null default '00000000-0000-0000-0000-000000000001',
    left_out        public.left_out,
    left_out_why    text,
    seen_at         timestamptz not null default now(),
    primary key (intake_id, observation_id)
);
create index intake_comps_of_observation on public.intake_comps (observation_id);

create table public.valuations (
    id            bigint generated always as identity primary key,
    org_id        uuid not null default '00000000-0000-0000-0000-000000000001',
    intake_id     bigint not null references public.intakes on delete cascade,
    created_at    timestamptz not null default now(),
    query         text not null,
    currency      char(3) not null,
    comps         int not null,
    sold          int not null,
    p10           numeric(12, 2),
    median        numeric(12, 2),
    p90           numeric(12, 2),
    mean          numeric(12, 2),
    confidence    int not null check (confidence between 0 and 10),
    explanation   text not null,
    raw_json      jsonb not null default '{}'
);
create index valuations_of_intake on public.valuations (intake_id, created_at desc);

create function worker.keep_valuations() returns trigger language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = 'MM006', message = 'a valuation is never changed: a newer one stands beside it',
        hint = 'mintmark run start valuation ''{"intake_id": …}''';
end $$;
-- After: whose row it is, row security says first.
create trigger keep_valuations after update on public.valuations
    for each row execute function worker.keep_valuations();

-- What is in no catalogue is found by the words of its title: small ones, letters and figures apart.
create index price_observations_by_words on public.price_observations
    using gin (string_to_array(lower(regexp_replace(regexp_replace(title, '([0-9])([A-Za-z])', '\1 \2', 'g'),
                                                    '[^[:alnum:].]+', ' ', 'g')), ' '))
    where card_print_id is null;

do $$
declare
    name text;
begin
    foreach name in array array['intakes', 'intake_comps', 'valuations'] loop
        execute format('alter table public.%I enable row level security, force row level security', name);
        execute format('create policy own_org on public.%I using ((select worker.confined_to()) is null or org_id = any ((select worker.confined_to())::uuid[]))', name);
    end loop;
end $$;

insert into worker.rights (role, object, privileges) values
    ('mintmark_producer', 'table public.intakes', 'select, insert, update'),
    ('mintmark_operator', 'table public.intakes', 'select, insert, update, delete'),
    ('mintmark_operator', 'table public.intake_comps', 'select'),
    ('mintmark_operator', 'table public.valuations', 'select'),
    ('mintmark_reader', 'table public.intakes', 'select'),
    ('mintmark_reader', 'table public.intake_comps', 'select'),
    ('mintmark_reader', 'table public.valuations', 'select'),
    ('mintmark_worker', 'table public.intakes', 'select, insert, update'),
    ('mintmark_worker', 'table public.intake_comps', 'select, insert, update, delete'),
    ('mintmark_worker', 'table public.valuations', 'select, insert');
revoke all on all functions in schema worker from public;
select worker.grant_roles();
