import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NatsAuthority, NatsBus, openFileKeys } from '#adapters';
import { appPermissions } from '#engine';

const root = process.cwd();
const CLEAR = ['clear-text-of-data', 'clear-text-of-patch', 'clear-text-of-annotation', 'clear-text-of-apply'];

interface Cluster {
  readonly home: string;
  readonly kubeconfig: string;
  output(): string;
  stop(): Promise<unknown>;
}

let cluster: Cluster;
let feed: NatsBus;
const heard: { subject: string; text: string }[] = [];
let client: string;

function kubectl(words: string[], input?: string): string {
  const { stdout, stderr } = spawnSync(client, ['--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8', input: input ?? '' });
  return `${stdout}${stderr}`;
}

/** Everything that the cluster has written, in every encoding that a clear text could hide in. */
function places(): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(cluster.home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    if (CLEAR.some((text) => encodings(text).some((encoded) => bytes.includes(encoded)))) found.push(path);
  }
  return found;
}

/** As it is, and in base64 at each of the three places that a byte can have there. */
function encodings(text: string): string[] {
  const base64 = [0, 1, 2].map((shift) => Buffer.from('x'.repeat(shift) + text).toString('base64').slice(shift === 0 ? 0 : 4, -4));
  return [text, ...base64];
}

describe('a Secret in clear', () => {
  beforeAll(async () => {
    const { startCluster } = (await import(join(root, 'tools/cluster.mjs'))) as { startCluster(options: object): Promise<Cluster> };
    client = ((await import(join(root, 'tools/clients.mjs'))) as { kubectl(): string }).kubectl();
    cluster = await startCluster({ apps: 'api,controllers,scheduler,health,feed' });
    const keys = await openFileKeys(cluster.home);
    const authority = await NatsAuthority.open(keys.store);
    const port = readFileSync(join(cluster.home, 'nats', 'port'), 'utf8').trim();
    const user = await authority.issueUser('reader', appPermissions(['reader']));
    feed = await NatsBus.connect({ url: `nats://127.0.0.1:${port}`, ca: keys.caCertificate, ...user }, { name: 'reader' });
    feed.subscribe('events.>', (data, subject) => void heard.push({ subject, text: new TextDecoder().decode(data) }));
    await sleep(300);
  }, 60_000);

  afterAll(async () => {
    await feed?.close();
    await cluster?.stop();
  }, 60_000);

  it('is in no file, on no feed and in no output, through its whole life', async () => {
    expect(kubectl(['create', 'secret', 'generic', 'marked', '--from-literal=key=clear-text-of-data'])).toBe('secret/marked created\n');
    kubectl(['patch', 'secret', 'marked', '-p', '{"stringData":{"other":"clear-text-of-patch"}}']);
    kubectl(['annotate', 'secret', 'marked', 'note=clear-text-of-annotation']);
    const applied = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'applied' }, stringData: { key: 'clear-text-of-apply' } };
    kubectl(['apply', '-f', '-'], JSON.stringify(applied));
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(applied));
    const data = Buffer.from(kubectl(['get', 'secret', 'marked', '-o', 'jsonpath={.data.key}']), 'base64').toString();
    expect(data).toBe('clear-text-of-data');
    kubectl(['delete', 'secret', 'marked']);
    await sleep(1_000);
    const subjects = heard.map(({ subject }) => subject);
    expect(subjects).toContain('events.core.secrets.default.marked.Created');
    expect(subjects).toContain('events.core.secrets.default.marked.Deleted');
    expect(places()).toEqual([]);
    const said = [cluster.output(), ...heard.map(({ text }) => text)].join('\n');
    for (const text of CLEAR) for (const encoded of encodings(text)) expect(said).not.toContain(encoded);
  }, 60_000);
});
