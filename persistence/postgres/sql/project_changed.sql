-- Lines that are there. $1 .. $6 arrays of equal length.
update notifications n
set updated_at = u.updated_at, status = u.status, channel = coalesce(u.channel, n.channel),
    reason = u.reason, open = u.open
from unnest($1::uuid[], $2::timestamptz[], $3::smallint[], $4::smallint[], $5::smallint[], $6::boolean[])
  as u (id, updated_at, status, channel, reason, open)
where n.id = u.id
