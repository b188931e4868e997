// Makes the tables and the recipients, once.
import { makePool } from './shared.mjs';

const pool = makePool(1);
await pool.query(`
  create table recipients (
    id text primary key, phone text not null, locale text not null, timezone text not null,
    sms_enabled boolean not null default true, quiet_start text, quiet_end text);
  create table events (
    id bigserial primary key, source text not null, event_id text not null, type text not null,
    data jsonb not null, received_at timestamptz not null default now(),
    unique (source, event_id));
  create table notifications (
    id bigserial primary key, event bigint not null references events,
    recipient_id text not null, channel text not null, status text not null,
    attempts int not null default 0, provider_message_id text, error text,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now());
  create index on notifications (recipient_id, created_at);`);
await pool.query(
  `insert into recipients (id, phone, locale, timezone)
   select 'p-' || lpad(n::text, 7, '0'), '+4366' || lpad(n::text, 8, '0'), 'en', 'Europe/Vienna'
   from generate_series(0, $1::int - 1) n`,
  [Number(process.env.PEER_RECIPIENTS ?? 1000)],
);
await pool.end();
