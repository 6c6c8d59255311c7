-- Takes the catalogue away, raw imports included.
drop table public.external_mappings, public.card_prints, public.card_sets, public.raw_imports;
