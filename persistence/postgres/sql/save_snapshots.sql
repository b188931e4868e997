-- $1 partition, $2 .. $6 arrays of equal length; roles as the text of an array. In one order: two
-- statements never wait for each other crosswise.
insert into snapshots (partition, sequence, tenant, recipient_id, roles, body)
select $1::smallint, u.sequence, u.tenant, u.recipient_id, u.roles::text[], u.body
from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[])
  as u (sequence, tenant, recipient_id, roles, body)
order by u.tenant, u.recipient_id
on conflict (partition, tenant, recipient_id) do update
set sequence = excluded.sequence, roles = excluded.roles, body = excluded.body
where snapshots.sequence < excluded.sequence
