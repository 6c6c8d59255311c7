delete from worker.rights r
 where r.object in ('table public.card_print_price_curves', 'table public.card_print_latest_price_curve',
                    'table worker.price_checks');

drop table worker.price_checks;
drop view public.card_print_latest_price_curve;
drop table public.card_print_price_curves;
drop function worker.keep_curves();
