import { request } from 'node:https';
import { explain, say } from '#nest';
import { Fault, isJsonObject } from '#std';
import { localCluster, type Cluster } from './cluster.js';

const TIMEOUT_MS = 5_000;

/** Says whether the API answers, which version it speaks and how its nodes are; exit code 1 when it does not answer. */
export async function status(): Promise<void> {
  try {
    const cluster = localCluster();
    const version = await get(cluster, '/version');
    const nodes = await get(cluster, '/api/v1/nodes');
    say(`API    ${cluster.server} answers, ${isJsonObject(version) ? String(version['gitVersion']) : ''}`);
    const items = isJsonObject(nodes) && Array.isArray(nodes['items']) ? (nodes['items'] as unknown[]) : [];
    for (const node of items) say(`Node   ${describe(node)}`);
    if (items.length === 0) say('Node   none');
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

function get({ server, ca, certificate, key }: Cluster, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new Fault(`The API at ${server} does not answer: ${cause.message}`, true, { cause }));
    const call = request(`${server}${path}`, { ca, cert: certificate, key, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(JSON.parse(text)));
      response.on('error', fail);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    call.on('error', fail);
    call.end();
  });
}

function describe(node: unknown): string {
  if (!isJsonObject(node)) return '';
  const { metadata, status: state } = node as {
    metadata?: { name?: string };
    status?: { conditions?: { type: string; status: string }[] };
  };
  const isReady =
    state?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  return `${metadata?.name ?? ''} ${isReady ? 'is ready' : 'is not ready'}`;
}
