-- $1 tenant, $2 type, $3 channel, $4 reason, $5 first id, $6 last id, $7 rows; null: any
select d.id, n.event_id, d.recipient_id, d.type, n.category, n.priority, n.status, d.channel, d.reason,
       n.created_at, d.at, n.send_at, n.expires_at
from dead_letters d
join notifications n on n.id = d.id
where d.tenant = $1
  and ($2::text is null or d.type = $2)
  and ($3::smallint is null or d.channel = $3)
  and ($4::smallint is null or d.reason = $4)
  and d.id >= $5::uuid
  and d.id < $6::uuid
order by d.id desc
limit $7
