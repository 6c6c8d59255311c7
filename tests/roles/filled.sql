-- A row of an org in every table that knows orgs; :org and :mark are put in by test_tenancy.py.
with org as (
    insert into public.orgs (id, name) values (:org, :mark) returning id
), imported as (
    insert into public.raw_imports (org_id, source, kind, payload) values (:org, :mark, 'card', '{}')
)
insert into worker.alerts (key, alert, message, org_id) select :mark, 'run_failed', :mark, id from org;
select worker.start_run('demo', name => :mark, org_id => :org);
insert into worker.items (run_id, job_id, type, external_id, state)
select r.id, 1, 'card', :mark, 'completed' from worker.runs r where r.org_id = :org;
insert into worker.job_history (id, fence, run_at, created_at, run_id, priority, max_attempts, attempt,
                                crashes, state, queue, kind, payload)
select j.id + 100, 1, now(), now(), j.run_id, 0, 1, 1, 0, 'failed', 'default', 'demo', '{}'
  from worker.jobs j join worker.runs r on r.id = j.run_id where r.org_id = :org;
insert into worker.ledger (run_id, org_id, day, job_id, fence, step, api, operation, calls, highest_cents,
                           repeat)
select r.id, :org, now(), 1, 1, :mark, 'x', 'y', 1, 0, 'never' from worker.runs r where r.org_id = :org;
insert into worker.org_days (org_id, day) values (:org, now());
insert into worker.jobs (kind, queue, max_attempts, state, payload)
values ('demo', 'default', 1, 'pending', jsonb_build_object('of', :mark));
insert into worker.schedules (name, cron, timezone, kind, payload, priority, missed, edition, seen_at)
values (:mark, '* * * * *', 'UTC', 'demo', '{}', 0, 'skip', 1, now());
insert into public.ebay_accounts (org_id, user_id, ebay_user_id) values (:org, :mark, :mark);
insert into worker.oauth_tickets (ticket_hash, provider, org_id, user_id, expires_at)
values (:mark, 'ebay', :org, :mark, now());
insert into worker.oauth_states (state_hash, browser_hash, ticket_hash, provider, org_id, user_id, expires_at)
values (:mark, :mark, :mark, 'ebay', :org, :mark, now());
insert into worker.api_log (org_id, request_id, api, operation, milliseconds) values (:org, :mark, 'x', 'y', 1);
insert into public.card_sets (game, source_set_id, source, name) values ('x', left(:mark, 1), 'x', 'x');
insert into public.card_prints (game, source_card_id, source, set_id, name, number, number_prefix, number_suffix,
                                subtypes, types, legalities, variants)
select 'x', left(:mark, 1), 'x', s.id, 'x', '1', '', '', '{}', '{}', '{}', '{}'
  from public.card_sets s where s.source_set_id = left(:mark, 1);
insert into public.price_observations (org_id, source, basis, marketplace_id, title, unit_price, currency, observed_at,
                                       status, card_print_id)
select :org, 'x', 'sold', 'x', :mark, 1, 'USD', now(), 'sold', p.id
  from public.card_prints p where p.source_card_id = left(:mark, 1);
insert into public.ebay_cursors (account_id, org_id, resource, reached)
select a.id, a.org_id, :mark, now() from public.ebay_accounts a where a.org_id = :org;
insert into public.ebay_transactions (account_id, org_id, transaction_id, transaction_type, booking_entry, amount,
                                      currency, transaction_at, content_hash)
select a.id, a.org_id, :mark, 'SALE', 'CREDIT', 1, 'USD', now(), '' from public.ebay_accounts a where a.org_id = :org;
insert into public.ebay_disputes (account_id, org_id, dispute_id, status, opened_at, content_hash)
select a.id, a.org_id, :mark, 'OPEN', now(), '' from public.ebay_accounts a where a.org_id = :org;
insert into public.ebay_messages (account_id, org_id, conversation_id, message_id, sent_at, content_hash)
select a.id, a.org_id, :mark, 'x', now(), '' from public.ebay_accounts a where a.org_id = :org;
insert into public.ebay_inventory_items (account_id, org_id, sku, seen_at, content_hash)
select a.id, a.org_id, :mark, now(), '' from public.ebay_accounts a where a.org_id = :org;
insert into public.ebay_offers (account_id, org_id, offer_id, sku, marketplace_id, status, seen_at, content_hash)
select a.id, a.org_id, :mark, 'x', 'EBAY_US', 'PUBLISHED', now(), '' from public.ebay_accounts a where a.org_id = :org;
insert into public.sku_mappings (org_id, platform, sku, card_print_id, source)
select :org, 'ebay', :mark, p.id, 'manual' from public.card_prints p where p.source_card_id = left(:mark, 1);
insert into public.sellers (org_id, platform, platform_seller_id, display_name, normalized_name)
values (:org, 'x', :mark, :mark, :mark);
insert into public.seller_inventory (org_id, seller_id, card_print_id, platform_listing_id)
select :org, s.id, p.id, :mark from public.sellers s, public.card_prints p
 where s.org_id = :org and p.source_card_id = left(:mark, 1);
insert into public.inventory_snapshots (org_id, seller_id, card_print_id, treatment, currency, snapshot_date, quantity,
                                        listings)
select i.org_id, i.seller_id, i.card_print_id, :mark, 'USD', now(), 1, 1 from public.seller_inventory i where i.org_id = :org;
insert into public.inventory_snapshot_weeks (org_id, seller_id, card_print_id, treatment, currency, week, days, avg_quantity)
select i.org_id, i.seller_id, i.card_print_id, :mark, 'USD', date_trunc('week', now()), 1, 1
  from public.seller_inventory i where i.org_id = :org;
insert into public.intakes (org_id, reference, attributes) values (:org, :mark, '{}');
insert into public.intake_comps (intake_id, observation_id, org_id, left_out_why)
select i.id, o.id, :org, :mark from public.intakes i, public.price_observations o where i.org_id = :org and o.org_id = :org;
insert into public.valuations (org_id, intake_id, query, currency, comps, sold, confidence, explanation)
select :org, i.id, :mark, 'USD', 0, 0, 0, :mark from public.intakes i where i.org_id = :org
