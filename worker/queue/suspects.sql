-- name: crashes_in_a_row
select j.crashes_in_a_row from worker.jobs j where j.id = $1 and j.fence = $2
