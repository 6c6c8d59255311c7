delete from worker.rights r
 where r.object like '%price_observations%' or r.object like '%ebay_cursors%'
    or r.object like '%ebay_transactions%' or r.object like '%ebay_disputes%' or r.object like '%ebay_messages%'
    or r.object like '%ebay_inventory_items%' or r.object like '%ebay_offers%' or r.object like '%ebay_notifications%'
    or r.object in ('function worker.erase_ebay_user', 'function worker.revoke_ebay_user', 'function worker.start_syncs');

drop function worker.start_syncs(text);
drop function worker.revoke_ebay_user(text, text, text, timestamptz);
drop function worker.erase_ebay_user(text, text, text);
drop table worker.ebay_notifications;
drop table public.ebay_offers;
drop table public.ebay_inventory_items;
drop table public.ebay_messages;
drop table public.ebay_disputes;
drop table public.ebay_transactions;
drop table public.ebay_cursors;
drop table public.price_observations;
