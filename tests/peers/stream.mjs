// Follows a live inbox with other people's clients over a line that keeps breaking.
//   node stream.mjs ws|sse <port> <recipient> <count>
// Prints "ready" once it is told where it stands, then one line of JSON when it has seen <count> notifications.
import net from 'node:net';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';

const [kind, port, recipient, count] = process.argv.slice(2);
const offsets = [];
let breaks = 0;
let ready = false;

function stand() {
  if (!ready) console.log('ready');
  ready = true;
}

function finish(more) {
  console.log(JSON.stringify({ offsets, breaks, ...more }));
  process.exit(0);
}

// Cuts each connection after some bytes, wherever that is.
const proxy = net.createServer((client) => {
  let left = 600 + Math.floor(Math.random() * 2500);
  const server = net.connect(Number(port), '127.0.0.1');
  const cut = () => { client.destroy(); server.destroy(); };
  client.on('data', (bytes) => server.write(bytes)).on('error', cut).on('close', cut);
  server.on('error', cut).on('close', cut).on('data', (bytes) => {
    client.write(bytes.subarray(0, left));
    left -= bytes.length;
    if (left <= 0) {
      ++breaks;
      setImmediate(cut);
    }
  });
});

function followSocket(last) {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.address().port}/${recipient}`,
    ['carillon.v1', 'bearer.token']);
  socket.on('error', () => {});
  socket.on('close', () => followSocket(last));
  socket.on('open', () => socket.send(JSON.stringify({ op: 'resume', offset: last })));
  socket.on('message', (text) => {
    const frame = JSON.parse(text);
    if (frame.op === 'hello') stand();
    if (frame.op === 'ping') socket.send('{"op":"pong"}');
    if (frame.op !== 'notification') return;
    offsets.push(frame.offset);
    last = frame.offset;
    if (offsets.length >= Number(count)) finish({ protocol: socket.protocol, extensions: socket.extensions });
  });
}

function followEvents() {
  const source = new EventSource(`http://127.0.0.1:${proxy.address().port}/${recipient}`);
  source.addEventListener('hello', stand);
  source.addEventListener('notification', (event) => {
    offsets.push(Number(event.lastEventId));
    if (offsets.length >= Number(count)) finish({});
  });
}

proxy.listen(0, '127.0.0.1', () => (kind === 'ws' ? followSocket(0) : followEvents()));
setTimeout(() => process.exit(1), 60_000);
