-- Forgets every alert, delivered or not.
drop function worker.raise_alert(worker.alert, text, text, uuid, uuid, bigint, jsonb);
drop table worker.alert_channels, worker.alert_messages, worker.alert_deliveries, worker.alerts;
drop function worker.alert_raised();
drop function worker.enqueue_delivery();
drop type worker.alert;
