// What services cost: until a change of endpoints is where connections go, what changes and starts cost among 5,000 services,
// and what a connection costs more than a direct one.
import { spawn, spawnSync } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { freePort, startCluster } from '../cluster.mjs';
import { median, quantile } from './median.mjs';
import { openClients } from './raw-client.mjs';

const SERVICES = 5000;
const BACKENDS = 3;
const SWITCHES = 100;
const CONNECTIONS = 2000;
const NAMESPACE = 'shiplog-bench';
const WITHIN = ['nsenter', `--net=/run/netns/${NAMESPACE}`];
const PLACE = { cluster: 'benchmark', node: 'bench', pods: undefined };

/** The figures that this module gives. */
export const names = [
  'service.endpoint_to_datapath_p99_ms',
  'service.one_change_of_5000_ms',
  'service.full_load_5000_ms',
  'service.connect_overhead_us.nftables',
];
export const runs = 1;

export async function run() {
  return { ...(await inNamespace()), ...(await throughCluster()) };
}

/** The packet filter alone, in a network namespace of its own. */
async function inNamespace() {
  const { NftablesDataplane } = await import('#adapters');
  spawnSync('ip', ['netns', 'delete', NAMESPACE]);
  const ip = (...words) => spawnSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  ip('netns', 'add', NAMESPACE);
  try {
    ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up');
    ip('-n', NAMESPACE, 'addr', 'add', '10.1.1.1/32', 'dev', 'lo');
    ip('-n', NAMESPACE, 'route', 'add', '10.96.0.0/16', 'dev', 'lo');
    const dataplane = new NftablesDataplane({ within: WITHIN });
    await dataplane.open(PLACE);
    const all = Array.from({ length: SERVICES }, (_, i) => frontend(i, BACKENDS));
    const timed = async (work) => {
      const began = performance.now();
      await work();
      return performance.now() - began;
    };
    const loads = [];
    for (let n = 0; n < 5; n++) loads.push(await timed(() => dataplane.replace(all)));
    const changes = [];
    for (let n = 0; n < 50; n++)
      changes.push(await timed(() => dataplane.apply({ changed: [frontend(n * 37, n % 2 === 0 ? 2 : 4)], gone: [] })));
    await dataplane.apply({ changed: [{ ...frontend(1, 1), backends: [backend('10.1.1.1', 8080)] }], gone: [] });
    const overheads = await connections();
    return {
      'service.one_change_of_5000_ms': median(changes, 'ms', 1),
      'service.full_load_5000_ms': median(loads, 'ms', 0),
      'service.connect_overhead_us.nftables': median(overheads, 'us', 1),
    };
  } finally {
    spawnSync('ip', ['netns', 'delete', NAMESPACE]);
  }
}

/** Connections to a service and direct ones in turn: how much longer the median of the former is, in five rounds. */
function connections() {
  const { address } = frontend(1, 1);
  const code = `
    const { createServer, connect } = require('node:net');
    const once = (host, port) => new Promise((resolve, reject) => {
      const began = process.hrtime.bigint();
      const socket = connect(port, host, () => { const took = Number(process.hrtime.bigint() - began) / 1000; socket.resetAndDestroy(); resolve(took); });
      socket.once('error', reject);
    });
    const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    createServer((socket) => socket.on('error', () => {})).listen(8080, '10.1.1.1', async () => {
      for (let round = 0; round < 6; round++) {
        const direct = [], led = [];
        for (let i = 0; i < ${CONNECTIONS}; i++) { direct.push(await once('10.1.1.1', 8080)); led.push(await once('${address}', 80)); }
        if (round > 0) console.log(middle(led) - middle(direct));
      }
      process.exit(0);
    });`;
  const [program, ...words] = [...WITHIN, process.execPath, '-e', code];
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  return new Promise((resolve) => child.once('close', () => resolve(text.trim().split('\n').map(Number))));
}

/** From the API's answer to a write of an EndpointSlice until a new connection goes where it says. */
async function throughCluster() {
  const servers = [await serverOf('a'), await serverOf('b')];
  const cluster = await startCluster({ port: await freePort(), env: { SHIPLOG_NODE: 'bench' } });
  try {
    const client = await openClients(cluster.kubeconfig, 1);
    const call = async (method, path, body) => {
      const { status, text } = await client.send(0, method, path, body);
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
      return JSON.parse(text);
    };
    const at = (name) => ({
      metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': 'bench' } },
    });
    const service = await call('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'bench' },
      spec: { ports: [{ port: 80 }] },
    });
    const slice = (i) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      ...at('bench-1'),
      addressType: 'IPv4',
      endpoints: [{ addresses: [servers[i].address] }],
      ports: [{ name: '', port: servers[i].port, protocol: 'TCP' }],
    });
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    await call('POST', slices, slice(0));
    const { clusterIP } = service.spec;
    await until(async () => (await whoAnswers(clusterIP)) === 'a');
    const took = [];
    for (let n = 1; n <= SWITCHES; n++) {
      await call('PUT', `${slices}/bench-1`, slice(n % 2));
      const began = performance.now();
      await until(async () => (await whoAnswers(clusterIP)) === servers[n % 2].name);
      took.push(performance.now() - began);
    }
    client.close();
    const value = Math.round(quantile(took, 0.99) * 10) / 10;
    return { 'service.endpoint_to_datapath_p99_ms': { value, unit: 'ms', switches: SWITCHES, nodes: 1 } };
  } finally {
    await cluster.stop();
    for (const { server } of servers) server.close();
  }
}

async function serverOf(name) {
  const { hostAddress } = await import('#nest');
  const server = createServer((socket) => socket.on('error', () => undefined).end(name));
  const address = hostAddress();
  await new Promise((resolve) => server.listen(0, address, resolve));
  return { server, name, address, port: server.address().port };
}
function whoAnswers(host) {
  return new Promise((resolve) => {
    const socket = connect(80, host);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (data) => resolve(String(data)));
    socket.once('error', ({ code }) => resolve(code));
    socket.once('close', () => resolve(undefined));
  });
}
async function until(isTrue) {
  for (const end = performance.now() + 30_000; performance.now() < end;) if (await isTrue()) return;
  throw new Error('connections did not go where the EndpointSlice says within 30 s');
}

const backend = (address, port) => ({ address, port, isLocal: false });
function frontend(i, count) {
  const address = `10.96.${8 + (i >> 8)}.${i & 255}`;
  const backends = Array.from({ length: count }, (_, n) => backend(`10.244.${i >> 8}.${i & 255}`, 8000 + n));
  return {
    key: `${address}/TCP/80`,
    address,
    protocol: 'TCP',
    port: 80,
    service: `default/s${i}:`,
    isExternal: false,
    backends,
    affinitySeconds: undefined,
    hidesClient: false,
    whenEmpty: 'reject',
    sourceRanges: undefined,
    answeredBy: undefined,
  };
}
