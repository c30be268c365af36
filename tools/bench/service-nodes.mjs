// How long an endpoint that changes takes to be where connections go on all of three nodes: from the API's answer to the write until
// a new connection from each of them is answered by the other server.
import { once } from 'node:events';
import { median, quantile } from './median.mjs';
import { smallProgram } from './small-program.mjs';

const NODES = 3;
const ROUNDS = 3;
/** In each round; an even number, so that each begins where the one before did. */
const SWITCHES = 300;
const WAIT_MS = 30_000;
/** Between two tries of a node: a client that never rests would take the processor from what it measures. */
const REST_MS = 2;
const SERVERS = [
  { name: 'a', port: 7001 },
  { name: 'b', port: 7002 },
];
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const SERVICES = '/api/v1/namespaces/default/services';

/** The figures that this module gives. */
export const names = ['service.endpoint_to_datapath_p99_ms'];
export const runs = 1;

export async function run() {
  const { HostCluster } = await import('../../dist/test/support/hosts/host-cluster.js');
  const { ApiClient } = await import('../../dist/test/support/api-client.js');
  const cluster = await HostCluster.start({ nodes: NODES });
  const api = await cluster.nodesReady().then(() => new ApiClient(cluster.kubeconfig));
  const call = async (method, path, body) => {
    const answer = await api.call(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.json();
  };
  const children = [];
  try {
    const { control } = cluster;
    const server = program(control.pid, SERVE, SERVERS);
    children.push(server);
    await server.said(LISTENING);
    const service = await call('POST', SERVICES, {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'bench' } },
      spec: { ports: [{ port: 80 }] },
    });
    await call('POST', SLICES, slice(control.address, SERVERS[0]));
    const clients = cluster.nodes.map((host) =>
      program(host.pid, ASK, { host: service.spec.clusterIP, restMs: REST_MS }),
    );
    children.push(...clients);
    const allAsk = (name) => Promise.all(clients.map((client) => client.ask(name)));
    await allAsk(SERVERS[0].name);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const took = [];
      for (let n = 0; n < SWITCHES; n++) {
        const to = SERVERS[(n + 1) % 2];
        await call('PUT', `${SLICES}/bench-1`, slice(control.address, to));
        const began = performance.now();
        await allAsk(to.name);
        took.push(performance.now() - began);
      }
      rounds.push(quantile(took, 0.99));
    }
    return { [names[0]]: { ...median(rounds, 'ms', 1), switches: SWITCHES, nodes: NODES } };
  } finally {
    await Promise.all(children.map((child) => child.end()));
    api.close();
    await cluster.stop();
  }
}

const slice = (address, { port }) => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' },
  metadata: { name: 'bench-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'bench' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ name: '', port, protocol: 'TCP' }],
});

const LISTENING = 'both listen';
/** Says its name to whoever connects. */
const SERVE = `
  const { createServer } = require('node:net');
  let listening = 0;
  for (const { name, port } of given)
    createServer((socket) => socket.on('error', () => {}).end(name)).listen(port, () => {
      if (++listening === given.length) console.log('${LISTENING}');
    });`;
/** Is told a name on its input, and repeats it once a new connection to the service is answered with it. */
const ASK = `
  const { connect } = require('node:net');
  const { setTimeout: sleep } = require('node:timers/promises');
  const answer = () => new Promise((resolve) => {
    const socket = connect(80, given.host);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (data) => { resolve(String(data)); socket.destroy(); });
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (name) => {
    while ((await answer()) !== name) await sleep(given.restMs);
    console.log(name);
  });`;

/** A program in the network of a host, and the lines that it is expected to say. */
function program(pid, code, given) {
  const { lines, tell, end } = smallProgram(['nsenter', `--net=/proc/${pid}/ns/net`], code, given);
  const said = async (expected) => {
    const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(WAIT_MS) });
    if (line !== expected) throw new Error(`"${line}" was said instead of "${expected}"`);
  };
  return {
    said,
    ask: (name) => {
      const answered = said(name);
      tell(name);
      return answered;
    },
    end,
  };
}
