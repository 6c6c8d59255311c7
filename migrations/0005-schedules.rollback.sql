-- Forgets every schedule; what they enqueued stays.
drop table worker.schedules;
drop sequence worker.schedule_editions;
