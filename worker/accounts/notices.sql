-- name: erase
select worker.erase_ebay_user($1, $2, $3)

-- name: revoke
select worker.revoke_ebay_user($1, $2, $3, $4)
