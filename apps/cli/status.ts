import { isJsonObject } from '#std';
import { explain, say } from '#terminal';
import { localCluster } from './cluster.js';
import { ask } from './request.js';

/** Says whether the API answers, which version it speaks and how its nodes are; exit code 1 when it does not answer. */
export async function status(): Promise<void> {
  try {
    const cluster = localCluster();
    const { json: version } = await ask(cluster, { path: '/version' });
    const { json: nodes } = await ask(cluster, { path: '/api/v1/nodes' });
    say(`API    ${cluster.server} answers, ${isJsonObject(version) ? String(version['gitVersion']) : ''}`);
    const items = isJsonObject(nodes) && Array.isArray(nodes['items']) ? (nodes['items'] as unknown[]) : [];
    for (const node of items) say(`Node   ${describe(node)}`);
    if (items.length === 0) say('Node   none');
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
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
