delete from worker.rights r
 where r.object in ('table public.sellers', 'table public.seller_inventory', 'table public.inventory_snapshots',
                    'table public.inventory_snapshot_weeks', 'function worker.start_snapshots');

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

drop function worker.erase_sellers(text[]);
drop function worker.start_snapshots(date);
drop index public.price_observations_of_seller;
alter table public.ebay_inventory_items drop column card_print_id, drop column treatment;
drop table public.inventory_snapshot_weeks;
drop table public.inventory_snapshots;
drop table public.seller_inventory;
drop table public.sellers;
