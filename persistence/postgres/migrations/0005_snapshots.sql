-- Snapshots of people, and segments that are settled: docs/adr/0105-snapshots.md.

create table snapshots (
  sequence     bigint   not null,
  partition    smallint not null,
  tenant       text     not null,
  recipient_id text     not null,
  roles        text[],
  body         bytea    not null,
  primary key (partition, tenant, recipient_id)
) with (fillfactor = 70, toast_tuple_target = 128);
alter table snapshots alter column body set storage external;
create index on snapshots (partition) where roles is not null;
comment on table snapshots is 'what the facts about a person up to sequence come to';

create table carried (
  like ledger including all,
  alone boolean not null default false,
  open  boolean not null default true
);
comment on table carried is 'facts of settled segments that a start still needs';
comment on column carried.alone is 'its segment is dropped';
comment on column carried.open is 'a start reads it; false: kept for the timeline, as it is alone';

create table segment_events (
  segment   integer     not null,
  partition smallint    not null,
  newest    timestamptz not null,
  events    bytea       not null,
  primary key (segment, partition)
);
alter table segment_events alter column events set storage external;
comment on column segment_events.events is
  '37 bytes each, in order: hash 16, notification 16, seconds since 1970 4, 1 if the event itself was kept';

alter table segments add column settled_at timestamptz, add column row_count bigint;
comment on column segments.row_count is 'of a settled one';
alter table lane_state add column settled_position bigint not null default 0;
comment on column lane_state.settled_position is 'a start reads what is behind it; before it, what was carried';

alter table notifications add column open boolean not null default false;
alter table notifications alter column open set default true;
update notifications n set open = true
  from codes c
 where c.kind = 'status' and c.code = n.status
   and c.name in ('accepted', 'scheduled', 'deferred', 'rate_limited', 'queued', 'sending', 'outcome_unknown');
comment on column notifications.open is 'a fact, an answer or a deadline may still move it';

-- -- helpers ---------------------------------------------------------------------------------------

create function refuse_tending(why text, advice text) returns void language plpgsql as $$
begin
  raise exception '%', why using errcode = 'object_in_use', hint = advice;
end $$;

create function tend_alone() returns void language plpgsql as $$
begin
  perform set_config('lock_timeout', '5s', true);
  if not pg_try_advisory_xact_lock(hashtext('carillon segments')) then
    perform refuse_tending('another session settles or drops a segment', 'try again when it is done');
  end if;
end $$;

-- Where the facts behind a segment begin, in one lane.
create function end_before(segment integer, of_lane smallint) returns bigint language plpgsql as $$
declare
  settled bigint;
  before integer;
  last bigint;
begin
  select settled_position into settled from lane_state where lane = of_lane;
  select max(number) into before from segments where number < segment and settled_at is null;
  if before is not null then
    execute format('select max(position) from %I where lane = $1', format('journal_%s', before)) into last using of_lane;
  end if;
  return greatest(settled, last);
end $$;

create function segment_rows(segment integer) returns bigint language plpgsql as $$
declare
  found bigint;
begin
  execute format(
    'select coalesce(sum(greatest(x.last - end_before($1, l.lane), 0)), 0) from lane_state l
       cross join lateral (
         select greatest((select max(position) from %I where lane = l.lane),
                         (select max(position) from ledger where lane = l.lane)) as last) x',
    format('journal_%s', segment)) into found using segment;
  return found;
end $$;
comment on function segment_rows is 'of the open one, with those of the ledger beside it; from positions, by a few looks into the indexes';

create function refuse_settled() returns trigger language plpgsql as $$
begin
  raise exception '% is settled', tg_table_name using errcode = 'undefined_table';
end $$;
comment on function refuse_settled is 'by this error a lane that was idle since the rotation finds the newest segment';

-- -- settling --------------------------------------------------------------------------------------

-- Called first, in a transaction of its own, it keeps the lock that it needs for a moment only.
create function seal_segment(segment integer) returns void language plpgsql as $$
declare
  facts text := format('journal_%s', segment);
begin
  perform set_config('lock_timeout', '5s', true);
  if not exists (select from segments where number = segment and closed_at is not null) then
    perform refuse_tending(format('segment %s is not closed', segment), 'select rotate_segment() closes the current one');
  end if;
  if not exists (select from pg_trigger where tgrelid = facts::regclass and tgname = 'settled') then
    execute format('create trigger settled before insert on %I for each statement execute function refuse_settled()', facts);
  end if;
end $$;
comment on function seal_segment is 'lanes write no more to a closed segment';

-- How far each lane is settled with the segment: over its rows, and the ledger's up to the next segment's first, as far as
-- the read models and the snapshots are. The ledger also grows where the segment has no row.
create function settle_positions(segment integer, flushed bigint[]) returns void language plpgsql as $$
declare
  facts text := format('journal_%s', segment);
  following text;
  missed boolean;
begin
  execute format('select exists (select from %I where sequence > ($1)[partition + 1])', facts) into missed using flushed;
  if missed then
    perform refuse_tending(format('facts of segment %s are in no snapshot yet', segment), 'flush the people of all partitions');
  end if;
  select string_agg(format('(select min(position) from journal_%s where lane = l.lane)', number), ', ')
    into following from segments where number > segment;
  execute format(
    'create temporary table settling on commit drop as
     select l.lane, l.settled_position as begins, f.last, least(
              p.position + 1, greatest(f.last, g.last) + 1,
              (select min(position) from ledger where lane = l.lane and position > l.settled_position
                                                   and sequence > ($1)[partition + 1]), %s) - 1 as ends
       from lane_state l
       join projector_position p on p.lane = l.lane
      cross join lateral (select max(position) as last from %I where lane = l.lane) f
      cross join lateral (select max(position) as last from ledger where lane = l.lane) g', following, facts) using flushed;
  if exists (select from settling s join projector_position p on p.lane = s.lane where p.position < s.last) then
    perform refuse_tending(format('the read models are behind segment %s', segment), 'try again in a moment');
  end if;
  if exists (select from settling where ends < last) then
    perform refuse_tending(format('facts of segment %s are in no snapshot yet', segment), 'flush the people of all partitions');
  end if;
  execute format(
    'update partition_owner o set next_sequence = greatest(o.next_sequence, f.last + 1)
       from (select partition, max(sequence) as last
               from (select partition, sequence from %I
                     union all
                     select g.partition, g.sequence from settling s
                       join ledger g on g.lane = s.lane and g.position > s.begins and g.position <= s.ends) x
              group by partition) f
      where f.partition = o.partition', facts);
  update lane_state l set settled_position = greatest(l.settled_position, s.ends),
                          next_position = greatest(l.next_position, s.ends + 1)
    from settling s where s.lane = l.lane;
  drop table settling;
end $$;

create function carry_segment(segment integer) returns void language plpgsql as $$
declare
  facts text := format('journal_%s', segment);
  following text;
  day constant interval := '24 hours';
begin
  delete from carried where notification_id is null and recorded_at <= now() - day;
  delete from carried c
   where not c.alone and c.notification_id is not null
     and not exists (select from notifications n where n.id = c.notification_id and n.open);
  update carried c set open = false -- for good: what is open again is read back whole
   where c.open and c.alone and c.notification_id is not null
     and not exists (select from notifications n where n.id = c.notification_id and n.open);
  -- What went on since has its end in another segment: if its start were missing, it would be read back one by one.
  select string_agg(format('select notification_id from journal_%s', number), ' union all ')
    into following from segments where number > segment;
  execute format(
    'insert into carried select j.* from %I j
      where j.notification_id in (select id from notifications where open union all %s)', facts, following);
  execute format(
    'insert into carried select j.* from %I j join codes c on c.kind = ''fact'' and c.code = j.type
      where c.name in (''request_claimed'', ''request_answered'') and j.notification_id is null
        and j.recorded_at > now() - $1', facts) using day;
end $$;

create function pack_events(segment integer) returns void language plpgsql as $$
begin
  execute format(
    'insert into segment_events (segment, partition, newest, events)
     select $1, e.partition, max(e.recorded_at),
            string_agg(decode(e.hash, ''hex'')
                         || case when e.kept or e.notification_id is null
                                 then decode(repeat(''00'', 16), ''hex'') else uuid_send(e.notification_id) end
                         || substring(int8send(floor(extract(epoch from e.recorded_at))::bigint) from 5)
                         || case when e.kept then ''\x01''::bytea else ''\x00''::bytea end,
                       ''''::bytea order by e.position)
       from (select j.partition, j.position, j.recorded_at, j.notification_id,
                    j.body::json ->> ''dedupe'' as hash, c.name = ''event_received'' as kept
               from %I j join codes c on c.kind = ''fact'' and c.code = j.type
              where c.name in (''event_received'', ''notification_planned'', ''rescheduled'')) e
      where e.hash is not null
      group by e.partition', format('journal_%s', segment)) using segment;
  delete from segment_events where newest <= now() - interval '7 days';
end $$;

-- `flushed`: 256 numbers, by partition; no fact up to there is needed for people any more.
create function settle_segment(segment integer, flushed bigint[]) returns void language plpgsql as $$
begin
  perform tend_alone();
  if cardinality(flushed) <> 256 then
    raise exception 'a number for each of the 256 partitions is needed';
  end if;
  if exists (select from segments where number = segment and settled_at is not null) then
    perform refuse_tending(format('segment %s is settled', segment), 'nothing is left to do');
  end if;
  if exists (select from segments where number < segment and settled_at is null) then
    perform refuse_tending(format('there are segments before %s that are not settled', segment), 'settle the oldest first');
  end if;
  perform seal_segment(segment);
  perform settle_positions(segment, flushed);
  perform carry_segment(segment);
  perform pack_events(segment);
  execute format('update segments set settled_at = now(), row_count = (select count(*) from %I) where number = $1',
                 format('journal_%s', segment)) using segment;
end $$;
comment on function settle_segment is
  'a start does not read the segment any more; carillond calls it when all people are in snapshots';

-- -- dropping --------------------------------------------------------------------------------------

drop function drop_segment(integer, interval, boolean);

-- Lines of which every fact is gone. Ids are in the order of time: only old ones are looked at.
create function drop_lines(until timestamptz) returns void language sql as $$
  with gone as (
    delete from notifications
     where id < (lpad(to_hex(floor(extract(epoch from until) * 1000)::bigint + 1), 12, '0') || repeat('0', 20))::uuid
       and not open and updated_at <= until
    returning id),
  letters as (
    delete from dead_letters d using gone where d.id = gone.id),
  facts as (
    delete from carried c using gone where c.notification_id = gone.id and not c.open
    returning c.notification_id, c.position)
  delete from blobs b using facts f where b.notification_id = f.notification_id and b.position = f.position
$$;

create function drop_segment(segment integer) returns void language plpgsql as $$
declare
  facts text := format('journal_%s', segment);
  closed timestamptz;
begin
  perform tend_alone();
  select closed_at into closed from segments where number = segment and settled_at is not null;
  if not found then
    perform refuse_tending(format('segment %s is not settled', segment), 'carillond settles it when it is closed');
  end if;
  if exists (select from segments where number < segment) then
    perform refuse_tending(format('there are segments before %s', segment), 'drop the oldest first');
  end if;
  -- Opened again since it was settled: kept, so that it can be read back whole.
  execute format(
    'insert into carried select j.*, true, false from %I j
      where exists (select from notifications n where n.id = j.notification_id and n.open)
     on conflict do nothing', facts);
  execute format(
    'update carried c set alone = true from (select lane, max(position) as last from %I group by lane) s
      where c.lane = s.lane and c.position <= s.last and not c.alone', facts);
  execute format(
    'delete from blobs b using %I j
      where b.notification_id = j.notification_id and b.position = j.position
        and not exists (select from carried c where c.lane = j.lane and c.position = j.position)', facts);
  perform drop_lines(closed);
  delete from segments where number = segment;
  execute format('drop table %I', facts);
end $$;
comment on function drop_segment is
  'drops the oldest segment, if it is settled, with all its facts and the lines of what was over by then';
