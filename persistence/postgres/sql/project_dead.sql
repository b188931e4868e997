-- $1 uuid[]: notifications that are dead letters now.
insert into dead_letters (id, at, channel, reason, tenant, recipient_id, type)
select id, updated_at, channel, reason, tenant, recipient_id, type
from notifications where id = any ($1::uuid[])
on conflict (id) do update
set at = excluded.at, channel = excluded.channel, reason = excluded.reason
