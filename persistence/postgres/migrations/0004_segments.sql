-- Segments are rotated and dropped by hand: `select rotate_segment()`, `select drop_segment(1)`.

create function rotate_segment() returns integer language plpgsql as $$
declare
  following integer;
begin
  perform set_config('lock_timeout', '5s', true);
  select max(number) + 1 into following from segments;
  execute format('create table journal_%s (like ledger including all)', following); -- two at once: one fails
  update segments set closed_at = now() where closed_at is null;
  insert into segments (number) values (following);
  return following;
end $$;
comment on function rotate_segment is
  'opens the next journal_<n> and closes the current one; lanes write to it from their next batch on';

-- Refuses what would be missed: the arguments say otherwise.
create function drop_segment(segment integer, closed_for interval default '7 days', with_inboxes boolean default false)
returns boolean language plpgsql as $$
declare
  facts text := format('journal_%s', segment);
  found bigint;
begin
  perform set_config('lock_timeout', '5s', true);
  if not exists (select 1 from segments where number = segment and closed_at is not null) then
    return false;
  end if;
  if exists (select 1 from segments where number = segment and closed_at > now() - closed_for) then
    raise exception 'segment % was closed less than % ago', segment, closed_for
      using errcode = 'object_in_use', hint = 'repeated events are known by its facts for 7 days, and chains may still wait for reports';
  end if;
  execute format('lock table %I in access exclusive mode', facts);
  execute format(
    'select count(*) from (select lane, max(position) as last from %I group by lane) s
       join projector_position p on p.lane = s.lane where p.position < s.last', facts) into found;
  if found > 0 then
    raise exception 'the read models are behind segment %', segment
      using errcode = 'object_in_use', hint = 'try again in a moment';
  end if;
  execute format(
    'select count(distinct n.id) from notifications n
       join %I j on j.notification_id = n.id
       join codes c on c.kind = ''status'' and c.code = n.status
      where c.name in (''accepted'', ''scheduled'', ''deferred'', ''rate_limited'', ''queued'', ''sending'',
                       ''outcome_unknown'')', facts) into found;
  if found > 0 then
    raise exception 'segment % holds facts of % notifications that are not finished', segment, found
      using errcode = 'object_in_use', hint = 'drop it when they are sent, cancelled or expired';
  end if;
  if not with_inboxes then
    execute format(
      'select count(*) from %I j join codes c on c.kind = ''fact'' and c.code = j.type
        where c.name in (''in_app_posted'', ''in_app_changed'')', facts) into found;
    if found > 0 then
      raise exception 'segment % holds % facts of inboxes', segment, found
        using errcode = 'object_in_use', hint = 'drop_segment(n, with_inboxes => true) takes these messages out of the inboxes for good';
    end if;
  end if;
  execute format(
    'update partition_owner o set next_sequence = greatest(o.next_sequence, s.last + 1)
       from (select partition, max(sequence) as last from %I group by partition) s
      where s.partition = o.partition', facts);
  execute format(
    'update lane_state l set next_position = greatest(l.next_position, s.last + 1)
       from (select lane, max(position) as last from %I group by lane) s
      where s.lane = l.lane', facts);
  execute format(
    'delete from blobs b using %I j
      where b.notification_id = j.notification_id and b.position = j.position', facts);
  execute format('drop table %I', facts);
  delete from segments where number = segment;
  return true;
end $$;
comment on function drop_segment is
  'drops a closed segment with all its facts; false if it is the current one or not there';
