import { setTimeout as sleep } from 'node:timers/promises';
import type { FuzzClient } from './client.js';
import type { FuzzRequest } from './grammar.js';
import { hostileBodies, hostileQueries } from './hostile.js';
import { settledThreadsMs, threadsMs } from './watched-server.js';

/** Below this cost a ratio says nothing about the code. */
const MEASURABLE_MS = 4;
const FACTOR = 4;
const MARGIN = 2;
const SMALL_BYTES = 16 * 1024;
const TRIES = 8;
const SMALL_TRIES = 4;
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
  const all = inputs();
  let done = 0;
  for (; done < all.length && !isOver(); done++) {
    const [name, make] = all[done] as Input;
    const ratio = await leastRatio((size) => costOf(client, pid, asSomebody(make(size))));
    if (ratio > FACTOR * MARGIN)
      problems.push(`${name}: ${SMALL_BYTES * FACTOR} bytes cost ${ratio.toFixed(1)} times as much as ${SMALL_BYTES}`);
  }
  process.stdout.write(`costs of ${done} of ${all.length} hostile inputs were compared\n`);
  return problems;
}

type Make = (size: number) => FuzzRequest;
type Input = readonly [name: string, make: Make];

function inputs(): readonly Input[] {
  const maps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const bodies = hostileBodies.map(({ name, method, type, make }): Input => [
    name,
    (size) => ({
      ...{ method, path: method === 'POST' ? maps : `${maps}/a?fieldManager=fuzz`, about: name },
      ...{ headers: { 'content-type': type }, body: Buffer.from(make(size)) },
    }),
  ]);
  const queries = hostileQueries.map((make, i): Input => [
    `query ${i}`,
    (size) => ({ method: 'GET', path: `${maps}?${make(size)}`, headers: {}, body: undefined, about: `query ${i}` }),
  ]);
  return [...bodies, ...queries];
}

/**
 * The least of each size counts: collected garbage, a compiler, and what the server still does about others can only add to a
 * cost. The small size is measured several times first, since what adds to it would hide a ratio that is too large; then it takes
 * more tries only while the ratio is.
 */
async function leastRatio(costOfSize: (bytes: number) => Promise<number>): Promise<number> {
  let small = Infinity;
  let large = Infinity;
  for (let i = 1; i < SMALL_TRIES; i++) small = Math.min(small, await costOfSize(SMALL_BYTES));
  for (let i = 0; i < TRIES; i++) {
    small = Math.min(small, await costOfSize(SMALL_BYTES));
    large = Math.min(large, await costOfSize(SMALL_BYTES * FACTOR));
    // A size that was never measured, since each time it was told to come back later, says nothing.
    if (Number.isFinite(small) && (large < MEASURABLE_MS || large <= small * FACTOR * MARGIN)) return 0;
  }
  return large / Math.max(small, 0.05);
}

/** Each time somebody else: a user who has sent much that is costly is told to come back later. */
let users = 0;
function asSomebody(request: FuzzRequest): FuzzRequest {
  const headers = { 'impersonate-user': `fuzz-${users++}`, 'impersonate-group': 'system:masters' };
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** Milliseconds of the server's processor time for one request. */
async function costOf(client: FuzzClient, pid: number, request: FuzzRequest): Promise<number> {
  const before = threadsMs(pid);
  const { status } = await client.send(request);
  const spent = (await settledThreadsMs(pid)) - before;
  // One that was told to come back later says nothing, nor does a sum in which a thread has ended.
  if (status !== 429) return spent > 0 ? spent : Infinity;
  await sleep(500);
  return Infinity;
}
