// A job: the recipient's row and preferences, the text, one call to the provider, the outcome.
import { UnrecoverableError, Worker } from 'bullmq';
import { Pool } from 'undici';
import { makePool, queueName, settings, stopOnSignal } from './shared.mjs';

const pool = makePool(10);
const provider = new Pool(settings.provider, { connections: settings.concurrency, pipelining: 1 });
const account = 'AC00000000000000000000000000000000';
const authorization = `Basic ${Buffer.from(`${account}:simulated`).toString('base64')}`;

const load = {
  name: 'load',
  text: `select phone, locale, timezone, sms_enabled, quiet_start, quiet_end
         from recipients where id = $1`,
};
const finish = {
  name: 'finish',
  text: `update notifications set status = $2, provider_message_id = $3, error = $4,
           attempts = attempts + 1, updated_at = now() where id = $1`,
};

function isQuiet(recipient, now) {
  if (!recipient.quiet_start) return false;
  const time = now.toLocaleTimeString('en-GB', { timeZone: recipient.timezone, hour12: false });
  const { quiet_start: start, quiet_end: end } = recipient;
  return start < end ? time >= start && time < end : time >= start || time < end;
}

async function call(recipient, text) {
  const { statusCode, body } = await provider.request({
    method: 'POST',
    path: `/2010-04-01/Accounts/${account}/Messages.json`,
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ To: recipient.phone, From: '+15550001111', Body: text }).toString(),
  });
  return { statusCode, answer: await body.json() };
}

async function send(job) {
  const { notification, recipient: id, data } = job.data;
  const found = await pool.query(load, [id]);
  const recipient = found.rows[0];
  if (!recipient?.sms_enabled)
    return pool.query(finish, [notification, 'suppressed', null, 'channel_disabled']);
  if (isQuiet(recipient, new Date())) return job.moveToDelayed(Date.now() + 60_000, job.token);
  const { statusCode, answer } = await call(
    recipient, `Hello Ann, number ${data.n} is about ${data.service}.`);
  if (statusCode === 429 || statusCode >= 500) throw new Error(`provider: ${statusCode}`);
  if (statusCode >= 400) {
    await pool.query(finish, [notification, 'failed', null, String(answer.code)]);
    throw new UnrecoverableError(`provider: ${answer.code}`);
  }
  return pool.query(finish, [notification, 'sent', answer.sid, null]);
}

const worker = new Worker(queueName, async (job) => { await send(job); }, {
  connection: settings.redis,
  concurrency: settings.concurrency,
});
worker.on('error', (error) => console.error(error.message));

stopOnSignal(() => worker.close(), () => provider.close(), () => pool.end());
await worker.waitUntilReady();
console.log('peer ready worker');
