-- $1 tenant, $2 recipient, $3 status, $4 type, $5 channel, $6 first id, $7 last id, $8 rows; null: any
select id, event_id, recipient_id, type, category, priority, status, channel, reason,
       created_at, updated_at, send_at, expires_at
from notifications
where tenant = $1
  and ($2::text is null or recipient_id = $2)
  and ($3::smallint is null or status = $3)
  and ($4::text is null or type = $4)
  and ($5::smallint is null or channel = $5)
  and id >= $6::uuid
  and id < $7::uuid
order by id desc
limit $8
