import { execFileSync } from 'node:child_process';
import { Agent, request } from 'node:https';
import { kubectl } from '../clients.mjs';
import { startCluster } from '../cluster.mjs';

const OBJECTS = 3000;
const CLIENTS = 32;

/** The figures that this module gives. */
export const names = ['api.creates_per_s', 'api.create_p50_ms', 'api.create_p99_ms', 'api.event_loop_delay_p99_ms'];

/** Creates over HTTPS by 32 clients that each wait for their answer, and how long the API's event loop was busy meanwhile. */
export async function run() {
  const cluster = await startCluster({ apps: 'api' });
  try {
    const send = clientOf(cluster.kubeconfig);
    await send('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
    await load(send, 'warm', 500);
    const { perSecond, times } = await load(send, 'run', OBJECTS);
    const metrics = await send('GET', '/metrics');
    const delay = /^shiplog_event_loop_delay_seconds\{quantile="0\.99"\} (\S+)$/m.exec(metrics.text)?.[1];
    return {
      'api.creates_per_s': { value: Math.round(perSecond), unit: '1/s' },
      'api.create_p50_ms': { value: at(times, 0.5), unit: 'ms' },
      'api.create_p99_ms': { value: at(times, 0.99), unit: 'ms' },
      'api.event_loop_delay_p99_ms': { value: round(Number(delay) * 1000), unit: 'ms' },
    };
  } finally {
    await cluster.stop();
  }
}

async function load(send, prefix, count) {
  const times = [];
  let next = 0;
  const started = performance.now();
  const client = async () => {
    while (next < count) {
      const name = `${prefix}-${next++}`;
      const sent = performance.now();
      const answer = await send('POST', '/api/v1/namespaces/bench/configmaps', {
        metadata: { name },
        data: { key: 'x'.repeat(200) },
      });
      if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  times.sort((a, b) => a - b);
  return { perSecond: (1000 * count) / (performance.now() - started), times };
}

const round = (value) => Math.round(value * 100) / 100;
const at = (times, share) => round(times[Math.min(times.length - 1, Math.floor(times.length * share))]);

/** A client of the kubeconfig's cluster and user: (method, path, body) → { status, text }, and `watch`. */
export function clientOf(kubeconfig) {
  const config = JSON.parse(
    execFileSync(kubectl(), ['config', 'view', '--raw', '--minify', '-o', 'json', '--kubeconfig', kubeconfig], {
      encoding: 'utf8',
    }),
  );
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const bytes = (text) => Buffer.from(text, 'base64');
  const server = new URL(cluster.server);
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CLIENTS,
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  });
  const to = { host: server.hostname, port: server.port, agent };
  const send = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers = {
        accept: 'application/json',
        ...(payload && { 'content-type': type, 'content-length': payload.length }),
      };
      const sent = request({ ...to, method, path, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  return Object.assign(send, { watch: (path, onEvent) => watch({ ...to, path }, onEvent) });
}

/** Begins a watch and resolves, once it runs, with how to end it. */
function watch(options, onEvent) {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the watch was answered ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        const lines = (text + chunk).split('\n');
        text = lines.pop();
        for (const line of lines) onEvent(JSON.parse(line));
      });
      response.on('error', () => undefined);
      resolve(() => sent.destroy());
    });
    sent.on('error', reject);
    sent.end();
  });
}
