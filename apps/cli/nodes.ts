import { Fault, isJsonObject, type JsonObject } from '#std';
import { say } from '#terminal';
import { localCluster } from './cluster.js';
import { renewConfig, withAdmission } from './node.js';
import { ask } from './request.js';

const PATH = '/api/v1/nodes';

/** Shows the nodes, and until when each may be on the bus. */
export async function listNodes(): Promise<void> {
  await withAdmission(async (admission) => {
    const { json } = await ask(localCluster(), { path: PATH });
    const items = isJsonObject(json) && Array.isArray(json['items']) ? (json['items'] as unknown[]) : [];
    const revoked = new Set(admission.revoked());
    const rows = items.filter(isJsonObject).map((node) => {
      const name = text(part(node, 'metadata')['name']);
      const until = admission.endOf(name);
      const credential = until === undefined ? '-' : `until ${new Date(until).toISOString().slice(0, 16)}Z`;
      return [name, readinessOf(node), addressOf(node), revoked.has(name) ? 'revoked' : credential];
    });
    const table = [['NAME', 'STATUS', 'ADDRESS', 'CREDENTIAL'], ...rows];
    const widths = [0, 1, 2].map((i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
    for (const row of table)
      say(
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
      );
  });
}

/** Takes a node out of the cluster: its credentials end, its connection is closed, its Node is deleted. */
export async function removeNode(typed: string): Promise<void> {
  const name = typed.toLowerCase();
  await withAdmission(async (admission, { home, authority }) => {
    const cluster = localCluster();
    const path = `${PATH}/${encodeURIComponent(name)}`;
    const isKnown = (await ask(cluster, { path })).code === 200;
    if (!isKnown && admission.keysOf(name).length === 0) throw new Fault(`There is no node ${name}.`, false);
    admission.remove(name);
    await renewConfig(home, authority);
    const { code, json } = await ask(cluster, { method: 'DELETE', path });
    if (code !== 200 && code !== 404)
      throw new Fault(
        `The credentials of ${name} have ended, but its Node was not deleted: ${isJsonObject(json) ? text(json['message']) : code}`,
        false,
      );
    say(`The node ${name} is removed: its credentials have ended. It can join again by a token.`);
    say(`On that machine "npx shiplog down" removes what is left there, with its containers.`);
  });
}

function readinessOf(node: JsonObject): string {
  const { conditions } = part(node, 'status');
  const all = (Array.isArray(conditions) ? (conditions as unknown[]) : []).filter(isJsonObject);
  const status = all.find(({ type }) => type === 'Ready')?.['status'];
  return status === 'True' ? 'Ready' : status === 'False' ? 'NotReady' : 'Unknown';
}
function addressOf(node: JsonObject): string {
  const { addresses } = part(node, 'status');
  const all = (Array.isArray(addresses) ? (addresses as unknown[]) : []).filter(isJsonObject);
  return text(all.find(({ type }) => type === 'InternalIP')?.['address']) || '-';
}
function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
