"""A market in rows: prints, and judged observations of them, made by the database itself."""

import psycopg

PRINTS_A_SET = 100
CATALOGUE = """
insert into public.card_sets (game, source, source_set_id, name, printed_total)
select 'pokemon', 'made', 'made' || n, 'Made ' || n, 100 from generate_series(1, %(sets)s) n;
"""
CARDS = """
insert into public.card_prints (game, source, source_card_id, set_id, name, number, number_prefix,
                                number_value, number_suffix, subtypes, types, legalities, variants)
select 'pokemon', 'made', s.source_set_id || '-' || n, s.id, 'Card ' || s.id || ' ' || n, n::text, '', n,
       '', '{}', '{}', '{}', '{normal}'
  from public.card_sets s, generate_series(1, 100) n where s.source = 'made'
"""
OBSERVATIONS = """
insert into public.price_observations
       (source, basis, marketplace_id, external_item_id, title, quantity, unit_price, shipping, currency,
        observed_at, listing_type, status, card_print_id, mapped_by, raw, seller, card_condition, language,
        variant, left_out, judged_by)
select case when m.sold then 'ebay_insights' else 'ebay_browse' end,
       case when m.sold then 'sold' else 'ask' end,
       'EBAY_US', m.n::text, p.name || ' ' || p.number || '/100 ' || coalesce(m.condition, ''), 1,
       round((exp(2 + p.id %% 50 / 12.0 + m.noise * 0.3) * m.worth)::numeric, 2), 1.5, 'USD',
       now() - m.age * interval '60 days', 'FIXED_PRICE', case when m.sold then 'sold' else 'active' end,
       p.id, 'title',
       jsonb_build_object('conditionId', '4000', 'buyingOptions', array['FIXED_PRICE'], 'country', 'US',
                          'itemWebUrl', 'https://www.example.com/itm/' || m.n, 'shipping', 'FIXED'),
       'seller_' || (m.seller * 20000)::int, m.condition, 'en', 'normal',
       case when m.condition is null then 'no_condition' when m.fate < 0.08 then 'graded'
            when m.fate < 0.2 then 'junk' end::public.left_out,
       %(judged_by)s
  from (select d.n, d.sold, d.age, d.seller, d.fate, d.noise, d.print_id, v.condition, v.worth
          from (select n, random() < 0.4 as sold, random() as age, random() as seller, random() as fate,
                       random() + random() + random() + random() - 2 as noise, random() as luck,
                       1 + floor(random() * %(prints)s)::int as print_id
                  from generate_series(1, %(rows)s) n) d
               join (values (0.0, 0.45, 'NM', 1.0), (0.45, 0.7, 'LP', 0.85), (0.7, 0.82, 'MP', 0.65),
                            (0.82, 0.88, 'HP', 0.45), (0.88, 0.92, 'DMG', 0.3), (0.92, 1.01, null, 0.9))
                    v(above, below, condition, worth) on d.luck >= v.above and d.luck < v.below) m
       join public.card_prints p on p.id = m.print_id
"""


def fill_market(
    connection: "psycopg.Connection[tuple[object, ...]]", *, prints: int, rows: int, judged_by: str | None
) -> None:
    """Make so many prints, and rows about them in no order; judged rows have been judged by ``judged_by``."""
    connection.execute(CATALOGUE, {"sets": prints // PRINTS_A_SET})
    connection.execute(CARDS)
    connection.execute(OBSERVATIONS, {"rows": rows, "prints": prints, "judged_by": judged_by})
    connection.execute("vacuum analyze public.price_observations")
    connection.execute("vacuum analyze public.card_prints")
    connection.execute("checkpoint")
