import { Agent, request } from 'node:https';
import { startCluster } from '../cluster.mjs';
import { quantile } from './median.mjs';
import { accessOf, openClients } from './raw-client.mjs';

const OBJECTS = 6000;
const CLIENTS = 32;

/** The figures that this module gives. */
export const names = [
  'api.creates_per_s',
  'api.create_p50_ms',
  'api.create_p99_ms',
  'api.event_loop_delay_p99_ms',
  'api.client_cpu_percent',
];

/**
 * Creates over HTTPS by 32 clients that each wait for their answer, in a cluster that runs everything, and how long the API's
 * event loop was busy meanwhile. The clients are this process: what it took of one processor says that it is not what limits.
 */
export async function run() {
  const cluster = await startCluster();
  try {
    const { send, close } = await openClients(cluster.kubeconfig, CLIENTS);
    await send(0, 'POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
    await load(send, 'warm', 1000);
    await send(0, 'GET', '/metrics');
    const { perSecond, times, cpuPercent } = await load(send, 'run', OBJECTS);
    const metrics = await send(0, 'GET', '/metrics');
    close();
    const delay = /^shiplog_event_loop_delay_seconds\{quantile="0\.99"\} (\S+)$/m.exec(metrics.text)?.[1];
    return {
      'api.creates_per_s': { value: Math.round(perSecond), unit: '1/s' },
      'api.create_p50_ms': { value: round(quantile(times, 0.5)), unit: 'ms' },
      'api.create_p99_ms': { value: round(quantile(times, 0.99)), unit: 'ms' },
      'api.event_loop_delay_p99_ms': { value: round(Number(delay) * 1000), unit: 'ms' },
      'api.client_cpu_percent': { value: Math.round(cpuPercent), unit: '%' },
    };
  } finally {
    await cluster.stop();
  }
}

async function load(send, prefix, count) {
  const times = [];
  let next = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  const client = async (_, number) => {
    for (let n = next++; n < count; n = next++) {
      const sent = performance.now();
      const answer = await send(number, 'POST', '/api/v1/namespaces/bench/configmaps', {
        metadata: { name: `${prefix}-${n}` },
        data: { key: 'x'.repeat(200) },
      });
      if (answer.status !== 201) throw new Error(`create answered ${answer.status}: ${answer.text}`);
      times.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const took = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (1000 * count) / took, times, cpuPercent: (user + system) / 10 / took };
}

const round = (value) => Math.round(value * 100) / 100;

/** A client of the kubeconfig's cluster and user: (method, path, body) → { status, text }, and `watch`. */
export function clientOf(kubeconfig) {
  const to = accessOf(kubeconfig);
  const agent = new Agent({ ...to, keepAlive: true, maxSockets: CLIENTS });
  Object.assign(to, { agent });
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
