-- $1 tenant, $2 recipient, $3 status, $4 type, $5 channel, $6 first id, $7 last id, $8 rows; null: any
select id, event_id, recipient_id, type, category, priority, status, channel, reason,
       (extract(epoch from created_at) * 1000000)::bigint,
       (extract(epoch from updated_at) * 1000000)::bigint,
       (extract(epoch from send_at) * 1000000)::bigint,
       (extract(epoch from expires_at) * 1000000)::bigint
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
