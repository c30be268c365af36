// What definitions of kinds cost: 500 of them, with twenty objects each, beside the same objects of one kind.
import { mkdtemp } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { freePort, startCluster } from '../cluster.mjs';
import { removeCluster } from '../remove.mjs';
import { clientOf } from './api.mjs';
import { median } from './median.mjs';

const DEFINITIONS = 500;
const OBJECTS = 20;
const AT_ONCE = 16;
const RUNS = 5;
const SETTLE_MS = 5000;
/** By then a process has collected what its start has left behind, also one that had to read the log. */
const QUIET_MS = 15_000;

/** The figures that this module gives. */
export const names = ['definitions.memory_mb_500', 'definitions.start_ratio_500'];
export const runs = 1;

/**
 * Memory of a process after its start (once it has shown discovery and the OpenAPI document of one group) with the definitions
 * and their objects, less that of an empty one; and how long a start takes with them, over one with the same content of which
 * nothing is a definition: as many objects alike of a single kind, and plain objects that have in them what the definitions say.
 */
export async function run() {
  const many = await prepared({ definitions: DEFINITIONS });
  const plain = await prepared({ definitions: 1, plain: DEFINITIONS });
  const none = await prepared({ definitions: 0 });
  try {
    const memory = [];
    const ratios = [];
    for (let n = 0; n < RUNS; n++) {
      // By turns in the order A B B A: the machine may be slower later.
      const order = n % 2 === 0 ? [many, plain] : [plain, many];
      const both = new Map();
      for (const one of order) both.set(one, await started(one));
      const with0 = await started(none);
      memory.push(both.get(many).memory - with0.memory);
      ratios.push(both.get(many).seconds / both.get(plain).seconds);
    }
    return {
      'definitions.memory_mb_500': median(memory, 'MB', 1),
      'definitions.start_ratio_500': median(ratios, 'x', 2),
    };
  } finally {
    for (const { home } of [many, plain, none]) {
      await removeCluster(home);
      rmSync(home, { recursive: true, force: true });
    }
  }
}

/** A cluster with so many definitions and plain objects and, when there is a definition, always as many of its objects; stopped. */
async function prepared({ definitions, plain = 0 }) {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
  const options = { apps: 'api', home, port: await freePort() };
  const cluster = await startCluster(options);
  const send = clientOf(cluster.kubeconfig);
  await inTurns(definitions, (n) => created(send, DEFINED, definition(n)));
  await sleep(definitions === 0 ? 0 : SETTLE_MS);
  const objects = definitions === 0 ? 0 : DEFINITIONS * OBJECTS;
  await inTurns(objects, (n) => created(send, objectsOf(n % definitions), object(n % definitions, n)));
  if (plain > 0) await created(send, DEFINED, PLAIN);
  await sleep(plain === 0 ? 0 : SETTLE_MS);
  await inTurns(plain, (n) => created(send, '/apis/bench.example/v1/plains', plainObject(definition(n))));
  await cluster.stop({ keep: true });
  return { options, home, definitions };
}

async function started({ options, definitions }) {
  const began = performance.now();
  const cluster = await startCluster(options);
  const seconds = (performance.now() - began) / 1000;
  const send = clientOf(cluster.kubeconfig);
  await read(send, '/apis', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  const groups = definitions === 0 ? ['apps'] : [groupOf(0), groupOf(definitions - 1)];
  for (const group of groups) await read(send, `/openapi/v3/apis/${group}/v1`);
  if (definitions > 0) {
    const { items } = JSON.parse(await read(send, objectsOf(definitions - 1)));
    if (items.length !== (DEFINITIONS * OBJECTS) / definitions) throw new Error(`${items.length} objects are there`);
  }
  await sleep(QUIET_MS);
  const memory = residentMb(cluster.pid);
  await cluster.stop({ keep: true });
  return { seconds, memory };
}

async function inTurns(count, work) {
  let next = 0;
  const one = async () => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function created(send, path, body) {
  const { status, text } = await send('POST', path, body);
  if (status !== 201) throw new Error(`create answered ${status}: ${text}`);
}
async function read(send, path) {
  const { status, text } = await send('GET', path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
  return text;
}

const DEFINED = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const groupOf = (n) => `g${n % 50}.bench.example`;
const pluralOf = (n) => `things${n}`;
const objectsOf = (n) => `/apis/${groupOf(n)}/v1/namespaces/default/${pluralOf(n)}`;

/** Of the size of those that operators bring: two versions, a status, columns, some fifty fields with their descriptions. */
function definition(n) {
  const field = (at) => ({
    type: 'string',
    maxLength: 63,
    description: `What field ${at} of kind ${n} is for, in a sentence.`,
  });
  const fields = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`field${at}`, field(at)]));
  const part = { type: 'object', properties: fields };
  const parts = Object.fromEntries(Array.from({ length: 4 }, (_, at) => [`part${at}`, part]));
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { ...parts, replicas: { type: 'integer', minimum: 0, default: 1 } } },
      status: {
        type: 'object',
        properties: { replicas: { type: 'integer' }, conditions: { type: 'array', items: part } },
      },
    },
  };
  const version = (name) => ({
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: schema },
    subresources: { status: {} },
    additionalPrinterColumns: [{ name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' }],
  });
  const names = { plural: pluralOf(n), singular: `thing${n}`, kind: `Thing${n}`, listKind: `Thing${n}List` };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${pluralOf(n)}.${groupOf(n)}` },
    spec: { group: groupOf(n), scope: 'Namespaced', names, versions: [version('v1'), version('v1beta1')] },
  };
}

/** Of objects that may have anything in them, and are replaced as a whole: what a definition says, which defines nothing there. */
const PLAIN = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'plains.bench.example' },
  spec: {
    group: 'bench.example',
    scope: 'Cluster',
    names: { plural: 'plains', singular: 'plain', kind: 'Plain', listKind: 'PlainList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                'x-kubernetes-preserve-unknown-fields': true,
                'x-kubernetes-map-type': 'atomic',
              },
            },
          },
        },
      },
    ],
  },
};
const plainObject = ({ metadata, spec }) => ({ apiVersion: 'bench.example/v1', kind: 'Plain', metadata, spec });

function object(n, number) {
  const fields = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`field${at}`, `value-${number}-${at}`]));
  return {
    apiVersion: `${groupOf(n)}/v1`,
    kind: `Thing${n}`,
    metadata: { name: `object-${number}` },
    spec: { part0: fields, part1: fields },
  };
}

function residentMb(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
}
