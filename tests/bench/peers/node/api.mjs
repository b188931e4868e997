// HTTP in: the event and its notification in one statement, a job in Redis, then 202.
import { Queue } from 'bullmq';
import Fastify from 'fastify';
import { makePool, queueName, settings, stopOnSignal } from './shared.mjs';

const pool = makePool(10);
const queue = new Queue(queueName, {
  connection: settings.redis,
  defaultJobOptions: {
    attempts: 3,
    backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: true,
    removeOnFail: 1000,
  },
});

// One statement, so one commit: a repeated event inserts nothing and is answered as one.
const insert = {
  name: 'insert',
  text: `with e as (
           insert into events (source, event_id, type, data) values ($1, $2, $3, $4)
           on conflict (source, event_id) do nothing returning id)
         insert into notifications (event, recipient_id, channel, status)
         select id, $5, 'sms', 'queued' from e returning id`,
};

const app = Fastify({ logger: false });
app.addContentTypeParser('application/cloudevents+json', { parseAs: 'string' },
  app.getDefaultJsonParser('error', 'error'));

app.post('/v1/events', {
  schema: {
    body: {
      type: 'object',
      required: ['specversion', 'id', 'source', 'type', 'data'],
      properties: {
        specversion: { const: '1.0' },
        id: { type: 'string' },
        source: { type: 'string' },
        type: { type: 'string' },
        data: { type: 'object', required: ['who'], properties: { who: { type: 'string' } } },
      },
    },
  },
}, async (request, reply) => {
  const { source, id, type, data } = request.body;
  const made = await pool.query(insert, [source, id, type, JSON.stringify(data), data.who]);
  if (made.rowCount === 0) return reply.code(202).send({ event_id: id, duplicate: true });
  const notification = made.rows[0].id;
  await queue.add('send', { notification, recipient: data.who, data }, { jobId: `n-${notification}` });
  return reply.code(202).send({
    event_id: id, duplicate: false, notifications: [{ id: notification, status: 'queued' }],
  });
});

stopOnSignal(() => app.close(), () => queue.close(), () => pool.end());
await queue.waitUntilReady();
await app.listen({ host: '127.0.0.1', port: settings.listen });
console.log(`peer ready http=127.0.0.1:${app.server.address().port}`);
