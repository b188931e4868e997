-- Lines that may be new. $1 .. $16 arrays of equal length, in the order of the columns.
insert into notifications
  (id, event_hash, created_at, updated_at, send_at, expires_at, category, priority, status, channel,
   reason, tenant, recipient_id, event_id, type, open)
select * from unnest(
  $1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
  $7::smallint[], $8::smallint[], $9::smallint[], $10::smallint[], $11::smallint[], $12::text[],
  $13::text[], $14::text[], $15::text[], $16::boolean[])
on conflict (id) do update
set updated_at = excluded.updated_at, send_at = excluded.send_at, expires_at = excluded.expires_at,
    status = excluded.status, channel = excluded.channel, reason = excluded.reason,
    open = excluded.open
