-- $1 partition, $2 tenants, $3 recipients: arrays of equal length.
select u.tenant, u.recipient_id, k.wrapped, coalesce(s.sequence, 0)::text, s.body
from unnest($2::text[], $3::text[]) as u (tenant, recipient_id)
left join recipient_keys k
  on k.partition = $1::smallint and k.tenant = u.tenant and k.recipient_id = u.recipient_id
left join snapshots s
  on s.partition = $1::smallint and s.tenant = u.tenant and s.recipient_id = u.recipient_id
where k.wrapped is not null or s.sequence is not null
