-- $1 tenant, $2 type, $3 channel, $4 reason, $5 first id, $6 last id, $7 rows; null: any
select d.id, n.event_id, d.recipient_id, d.type, n.category, n.priority, n.status, d.channel, d.reason,
       (extract(epoch from n.created_at) * 1000000)::bigint,
       (extract(epoch from d.at) * 1000000)::bigint,
       (extract(epoch from n.send_at) * 1000000)::bigint,
       (extract(epoch from n.expires_at) * 1000000)::bigint
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
