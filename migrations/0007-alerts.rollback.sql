-- Forgets every alert, delivered or not.
drop function worker.raise_alert(worker.alert, text, text, uuid, uuid, bigint, jsonb);
drop table worker.alerts;
drop type worker.alert;
