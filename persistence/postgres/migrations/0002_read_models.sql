-- What lists show. Made from the journal and never more than it.

create table notifications (
  id           uuid        primary key,
  event_hash   bigint      not null,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  send_at      timestamptz,
  expires_at   timestamptz,
  category     smallint    not null,
  priority     smallint    not null,
  status       smallint    not null check (status between 0 and 16),
  channel      smallint,
  reason       smallint    not null,
  tenant       text        not null,
  recipient_id text        not null,
  event_id     text        not null,
  type         text        not null
) with (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
create index on notifications (tenant, recipient_id, id);
create index on notifications (event_hash);
comment on table notifications is 'status has no index, and half of each page is free: updates stay in their page (HOT)';

create table dead_letters (
  id           uuid        primary key,
  at           timestamptz not null,
  channel      smallint,
  reason       smallint    not null,
  tenant       text        not null,
  recipient_id text        not null,
  type         text        not null
);

create table projector_position (
  lane     smallint primary key,
  position bigint      not null default 0,
  as_of    timestamptz not null default '-infinity'
) with (fillfactor = 50);
