-- name: log_call
insert into worker.api_log (org_id, account_id, run_id, job_id, request_id, api, operation, status, error_id, milliseconds)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
