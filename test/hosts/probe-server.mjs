// What a test runs on a host: it answers on port 8080, and does on a socket what it is asked to, so that no cut keeps the test from it.
import { createSocket } from 'node:dgram';
import { rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const PORT = 8080;
const socketPath = process.argv[2];
const received = {};
const datagrams = createSocket('udp4').on('message', (_data, { address }) => {
  received[address] = (received[address] ?? 0) + 1;
});
datagrams.bind(PORT);

const TASKS = {
  /** The answer of another host, and how long it took. */
  async get({ address, bytes = '0', patience = '1000' }) {
    const began = performance.now();
    const body = await fetched(address, bytes, Number(patience)).catch(({ message }) => `error: ${message}`);
    return { body: body.slice(0, 100), length: body.length, ms: performance.now() - began };
  },
  async send({ address, count }) {
    for (let i = 0; i < Number(count); i++) {
      datagrams.send('x', PORT, address);
      if (i % 8 === 7) await sleep(1);
    }
    return {};
  },
  received: ({ address }) => ({ count: received[address] ?? 0 }),
};

function fetched(address, bytes, patience) {
  return new Promise((resolve, reject) => {
    const call = get({ host: address, port: PORT, path: `/?bytes=${bytes}`, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    const late = setTimeout(() => call.destroy(new Error('no answer')), patience);
    call.on('error', reject).on('close', () => clearTimeout(late));
  });
}

createServer((request, answer) => {
  const bytes = Number(new URL(request.url, 'http://host').searchParams.get('bytes'));
  answer.end(bytes > 0 ? 'x'.repeat(bytes) : hostname());
}).listen(PORT);
rmSync(socketPath, { force: true });
createServer((request, answer) => {
  const { pathname, searchParams } = new URL(request.url, 'http://host');
  void (async () => answer.end(JSON.stringify(await TASKS[pathname.slice(1)](Object.fromEntries(searchParams)))))();
}).listen(socketPath);
