// What both processes need: settings from the environment and a pool of database connections.
import pg from 'pg';

export const settings = {
  listen: Number(process.env.PEER_PORT ?? 0),
  redis: { path: process.env.PEER_REDIS },
  provider: process.env.PEER_PROVIDER,
  concurrency: Number(process.env.PEER_CONCURRENCY ?? 50),
};

export const queueName = 'notifications';

export function makePool(max) {
  return new pg.Pool({
    host: process.env.PEER_PGHOST,
    user: process.env.PEER_PGUSER,
    database: process.env.PEER_PGDATABASE,
    max,
  });
}

export function stopOnSignal(...closing) {
  process.once('SIGTERM', async () => {
    for (const close of closing) await close();
    process.exit(0);
  });
}
