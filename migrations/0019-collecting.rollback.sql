delete from worker.rights where object = 'table worker.collected';
drop table worker.collected;
update public.sources s set config = s.config - 'currency' where s.adapter in ('ebay_browse', 'ebay_insights');
