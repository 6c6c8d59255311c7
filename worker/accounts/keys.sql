-- name: keys_in_use
-- What names a ciphertext's key stands at its beginning: a byte, the length of its id, the id.
select c.head, count(distinct c.id)::int as accounts
  from (select a.id, case when length(t.secret) > 1 then substring(t.secret for 2 + get_byte(t.secret, 1))
                          else t.secret end as head
          from public.ebay_accounts a cross join lateral (values (a.access_token), (a.refresh_token)) t(secret)
         where t.secret is not null) c
 group by c.head

-- name: under_other_keys
-- Locked in the order of their ids, for as long as a batch takes: whoever stores tokens meanwhile waits for it.
select a.id, a.access_token, a.refresh_token
  from public.ebay_accounts a
 where a.id > $1 and (substring(a.access_token for $3) <> $2 or substring(a.refresh_token for $3) <> $2)
 order by a.id limit $4 for no key update

-- name: renew
update public.ebay_accounts a set access_token = $2, refresh_token = $3 where a.id = $1
