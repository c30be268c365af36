import { setTimeout as pause } from 'node:timers/promises';
import { quantityMilliValue, quantityOf, quantityValue } from '#meta';
import { Fault, isJsonObject, type JsonObject } from '#std';
import { explain, say } from '#terminal';
import { localCluster, type Cluster } from './cluster.js';
import { ask } from './request.js';
import { topTable, type Room, type Usage } from './top-table.js';

const ROOT = '/apis/metrics.k8s.io/v1beta1';
const SECONDS = 120;
const EVERY_MS = 2_000;
const CLEAR = '\x1b[H\x1b[2J';

export interface TopOptions {
  readonly namespace: string;
  readonly allNamespaces?: true;
  readonly watch?: true;
  readonly output?: string;
}

/** What nodes or pods use, and how that was in the last two minutes. With `watch` again and again until it is interrupted. */
export async function top(what: string | undefined, options: TopOptions): Promise<void> {
  for (;;) {
    try {
      const text = await topText(what ?? 'pods', options);
      say(options.watch && process.stdout.isTTY && options.output === undefined ? `${CLEAR}${text}` : text);
      process.exitCode = 0;
    } catch (cause) {
      process.stderr.write(`${explain(cause)}\n`);
      process.exitCode = 1;
      // What is away comes again; what was asked wrongly does not.
      if (cause instanceof Fault && !cause.retryable) return;
    }
    if (!options.watch) return;
    await pause(EVERY_MS);
  }
}

async function topText(what: string, { namespace, allNamespaces, output }: TopOptions): Promise<string> {
  const isOfNodes = NODES.has(what);
  if (!isOfNodes && !PODS.has(what)) throw new Fault(`Say nodes or pods; ${JSON.stringify(what)} is neither.`, false);
  if (output !== undefined && output !== 'json')
    throw new Fault(`The output ${JSON.stringify(output)} is not known: leave -o out, or write -o json.`, false);
  const cluster = localCluster();
  const within = isOfNodes || allNamespaces ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const plural = isOfNodes ? 'nodes' : 'pods';
  const json = await read(cluster, `${ROOT}${within}/${plural}?historySeconds=${SECONDS}`);
  if (json['kind'] !== 'UsageHistoryList')
    throw new Fault(
      'The metrics of this cluster come from another server, which keeps no history: use "kubectl top".',
      false,
    );
  if (output === 'json') return JSON.stringify(json, undefined, 2);
  const usages = [...(json['items'] as unknown as readonly Usage[])].sort(byPlace);
  if (usages.length === 0)
    return `Nothing is measured of ${plural}${within ? ` in the namespace ${namespace}` : ''} yet.`;
  const room = isOfNodes ? await roomOf(cluster) : undefined;
  const form = { isDrawn: process.stdout.isTTY === true, withNamespace: !isOfNodes && allNamespaces === true };
  return topTable(usages, { ...form, ...(room && { room }) });
}
const NODES = new Set(['node', 'nodes', 'no']);
const PODS = new Set(['pod', 'pods', 'po']);

function byPlace(a: Usage, b: Usage): number {
  return `${a.namespace ?? ''}/${a.name}` < `${b.namespace ?? ''}/${b.name}` ? -1 : 1;
}

async function read(cluster: Cluster, path: string): Promise<JsonObject> {
  const { code, json } = await ask(cluster, { path });
  if (code === 200 && isJsonObject(json)) return json;
  const message = isJsonObject(json) && typeof json['message'] === 'string' ? json['message'] : '';
  if (code === 404)
    throw new Fault('Nobody measures in this cluster: it has no metrics.k8s.io, which the app "scaler" brings.', true);
  throw new Fault(message || `The API answered ${code}.`, code >= 500);
}

/** What nodes have to give; undefined for who may not read that. */
async function roomOf(cluster: Cluster): Promise<Room | undefined> {
  const { code, json } = await ask(cluster, { path: '/api/v1/nodes' });
  if (code !== 200 || !isJsonObject(json) || !Array.isArray(json['items'])) return undefined;
  return new Map(
    json['items'].filter(isJsonObject).map((node) => {
      const { metadata, status } = node as { metadata?: { name?: string }; status?: { allocatable?: JsonObject } };
      const { cpu, memory } = (status?.allocatable ?? {}) as { readonly cpu?: string; readonly memory?: string };
      const room = { cpuMilli: quantityMilliValue(quantityOf(cpu)), memoryBytes: quantityValue(quantityOf(memory)) };
      return [metadata?.name ?? '', room] as const;
    }),
  );
}
