-- Facts about deliveries are in journal_<n>, facts about people in the ledger; both have one form.
-- Columns of fixed width come first, so that nothing is lost to alignment.

create table meta (
  name  text primary key,
  value text not null
);
comment on table meta is 'lanes (fixed when the database is made), fingerprint of the master key';

create table codes (
  kind text     not null,
  code smallint not null,
  name text     not null,
  primary key (kind, code)
);
comment on table codes is 'the names of the numbers in other tables; append only';

create table ledger (
  sequence        bigint      not null,
  position        bigint      not null,
  recorded_at     timestamptz not null,
  notification_id uuid,
  partition       smallint    not null,
  lane            smallint    not null,
  type            smallint    not null,
  schema          smallint    not null,
  tenant          text        not null,
  body            text        not null,
  sealed          bytea,
  trace           text
);
alter table ledger alter column sealed set storage external; -- ciphertext does not compress
create unique index on ledger (lane, position);
create index on ledger (notification_id) where notification_id is not null;
comment on column ledger.sequence is 'dense per partition, over journal and ledger together';
comment on column ledger.position is 'dense per lane, over journal and ledger together';

create table segments (
  number     integer primary key,
  created_at timestamptz not null default now(),
  closed_at  timestamptz
);

create table journal_1 (like ledger including all);
insert into segments (number) values (1);

create table lane_state (
  lane          smallint primary key,
  next_position bigint not null default 1
);
comment on column lane_state.next_position is 'at least this: kept when segments are dropped';

create table node_lease (
  node       text primary key,
  epoch      bigint not null,
  expires_at timestamptz not null,
  holder     text not null,
  unique (node, epoch) -- makes epoch a key column: a bump conflicts with for key share, a renewal not
) with (fillfactor = 50);

create table partition_owner (
  partition     smallint primary key check (partition between 0 and 255),
  node          text,
  next_sequence bigint not null default 1
) with (fillfactor = 50);
comment on column partition_owner.next_sequence is 'at least this: kept when segments are dropped';

create table recipient_keys (
  partition    smallint not null,
  tenant       text     not null,
  recipient_id text     not null,
  wrapped      bytea    not null,
  primary key (partition, tenant, recipient_id)
);

create table blobs (
  notification_id uuid   not null,
  position        bigint not null,
  sealed          bytea  not null,
  primary key (notification_id, position)
);
alter table blobs alter column sealed set storage external;
