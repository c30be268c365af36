// What cluster DNS answers on one processor: names among 5,000 services, over UDP, the server in a process of its own.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { quantile } from './median.mjs';

const SERVICES = 5000;
const QUESTIONS = 40_000;
/** Questions under way at a time. */
const CLIENTS = 16;
/** Of the load under which the time of an answer is measured. */
const PACED_PER_S = 5000;

/** The figures that this module gives. */
export const names = ['dns.answers_per_s', 'dns.p99_ms'];

export async function run() {
  const server = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: [] });
  try {
    const port = await new Promise((resolve, reject) => {
      server.once('message', resolve);
      server.once('exit', (code) => reject(new Error(`the name server ended with ${code}`)));
    });
    await ask(port, 5000);
    const began = performance.now();
    const busy = await usage(server);
    await ask(port, QUESTIONS);
    const seconds = (performance.now() - began) / 1000;
    const cpuSeconds = (await usage(server)) - busy;
    const times = await paced(port, PACED_PER_S);
    return {
      // The asking process takes the other processor: of the server's own, so many fit into a second.
      'dns.answers_per_s': { value: Math.round(QUESTIONS / Math.max(cpuSeconds, seconds / 2)), unit: '1/s' },
      'dns.p99_ms': { value: Math.round(quantile(times, 0.99) * 100) / 100, unit: 'ms' },
    };
  } finally {
    server.kill();
  }
}

function usage(server) {
  return new Promise((resolve) => {
    server.once('message', resolve);
    server.send('usage');
  });
}

const question = (() => {
  const made = [];
  return async (n) => {
    if (made.length === 0) {
      const { default: packet } = await import('dns-packet');
      for (let at = 0; at < 1000; at++) {
        const name = `s${(at * 37) % SERVICES}.bench.svc.cluster.local`;
        made.push(
          packet.encode({ type: 'query', id: at, flags: packet.RECURSION_DESIRED, questions: [{ type: 'A', name }] }),
        );
      }
    }
    return made[n % made.length];
  };
})();

/** So many questions, some at a time, each checked to be answered with an address. */
async function ask(port, count) {
  let next = 0;
  const client = async () => {
    const socket = await connected(port);
    for (let n = next++; n < count; n = next++) await exchanged(socket, await question(n));
    socket.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}
/** Questions at even times for two seconds; how long each took from when it was due. */
async function paced(port, perSecond) {
  const times = [];
  const began = performance.now();
  let next = 0;
  const client = async () => {
    const socket = await connected(port);
    for (let n = next++; n < perSecond * 2; n = next++) {
      const due = began + (n * 1000) / perSecond;
      const wait = due - performance.now();
      if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
      const sent = performance.now();
      await exchanged(socket, await question(n));
      times.push(performance.now() - sent);
    }
    socket.close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return times;
}
function connected(port) {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, '127.0.0.1', () => resolve(socket));
  });
}
function exchanged(socket, message) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a question got no answer within 5 s')), 5000);
    socket.once('message', (answer) => {
      clearTimeout(timer);
      if (answer.readUInt16BE(0) !== message.readUInt16BE(0) || answer.readUInt16BE(6) !== 1)
        reject(new Error('an answer without an address'));
      else resolve();
    });
    socket.send(message);
  });
}

/** The server's process: the zone of 5,000 services with 3 endpoints each. */
async function serve() {
  const [{ SocketNameServer, SystemClock }, { clusterDns }] = await Promise.all([
    import('#adapters'),
    import('#loops'),
  ]);
  const zone = new clusterDns.ClusterZone('cluster.local', ['10.96.0.10']);
  for (let n = 0; n < SERVICES; n++) {
    const metadata = { name: `s${n}`, namespace: 'bench', uid: `u${n}` };
    const clusterIP = `10.96.${1 + (n >> 8)}.${n & 255}`;
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    zone.take(`core.services/bench/s${n}`, { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP, ports } });
    zone.take(`discovery.k8s.io.endpointslices/bench/s${n}`, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': `s${n}` } },
      addressType: 'IPv4',
      endpoints: [1, 2, 3].map((at) => ({ addresses: [`10.244.${n >> 8}.${(n + at) & 255}`] })),
      ports,
    });
  }
  const addresses = { give: async () => false, take: async () => undefined, of: async () => [] };
  const server = new SocketNameServer({ clock: new SystemClock(), port: 0, addresses });
  const pods = { bridge: 'lo', cidr: '127.0.0.0/8' };
  await server.serve({ address: '127.0.0.1', pods, answer: (question) => clusterDns.answer(question, zone) });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send((user + system) / 1e6);
  });
  process.once('disconnect', () => process.exit());
  process.send(server.port);
}

if (process.argv[2] === 'serve') await serve();
