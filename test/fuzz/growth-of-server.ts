import { setTimeout as sleep } from 'node:timers/promises';
import type { FuzzClient } from './client.js';
import type { FuzzRequest } from './grammar.js';
import { hostileBodies, hostileQueries } from './hostile.js';
import { cpuMs } from './watched-server.js';

/** The kernel counts in steps of 10 ms: less is no measurement. */
const MEASURABLE_MS = 60;
const FACTOR = 4;
const MARGIN = 2;
const SMALL_BYTES = 16 * 1024;
const TRIES = 4;
/** Its own, so that what is patched is not what the fuzz before made of it. */
const NAMESPACE = 'fuzz-growth';

/**
 * Sends each hostile input in growing sizes, with nothing else under way, and compares what processor time they cost the
 * whole server. Returns a sentence for each that grows faster than twice its size.
 */
export async function growthOfServer(
  client: FuzzClient,
  pid: number,
  isOver: () => boolean,
): Promise<readonly string[]> {
  const problems: string[] = [];
  await client.post('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  for (const [name, make] of inputs()) {
    if (isOver()) break;
    const ratio = await leastRatio(client, pid, make);
    if (ratio > FACTOR * MARGIN)
      problems.push(`${name}: ${SMALL_BYTES * FACTOR} bytes cost ${ratio.toFixed(1)} times as much as ${SMALL_BYTES}`);
  }
  return problems;
}

type Make = (size: number) => FuzzRequest;

function inputs(): readonly (readonly [string, Make])[] {
  const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const bodies = hostileBodies.map(({ name, method, type, make }): readonly [string, Make] => [
    name,
    (size) => ({
      ...{ method, path: method === 'POST' ? maps : `${maps}/a?fieldManager=fuzz`, about: name },
      ...{ headers: { 'content-type': type }, body: Buffer.from(make(size)) },
    }),
  ]);
  const queries = hostileQueries.map((make, i): readonly [string, Make] => [
    `query ${i}`,
    (size) => ({ method: 'GET', path: `${maps}?${make(size)}`, headers: {}, body: undefined, about: `query ${i}` }),
  ]);
  return [...bodies, ...queries];
}

async function leastRatio(client: FuzzClient, pid: number, make: Make): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < TRIES && least > FACTOR * MARGIN; i++) {
    const small = await costOf(client, pid, make(SMALL_BYTES));
    const large = await costOf(client, pid, make(SMALL_BYTES * FACTOR));
    least = Math.min(least, large / Math.max(small, 0.05));
  }
  return least;
}

/** Milliseconds of the server's processor time for one request, sent as often as it takes to measure that. */
async function costOf(client: FuzzClient, pid: number, request: FuzzRequest): Promise<number> {
  let sent = 0;
  let spent = 0;
  do {
    const before = cpuMs(pid);
    const { status } = await client.send(request);
    // Told to come back later, it cost nothing, which says nothing.
    if (status === 429) {
      await sleep(500);
      continue;
    }
    sent++;
    spent += cpuMs(pid) - before;
  } while (spent < MEASURABLE_MS && sent < 300);
  return spent / sent;
}
