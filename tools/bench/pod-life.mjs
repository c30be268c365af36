import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The events of one pod of a Deployment, from its creation to the end of its containers, as a cluster of this build wrote them. */
const LIFE = JSON.parse(readFileSync(new URL('pod-life.json', import.meta.url), 'utf8')).map(({ type, ...rest }) => ({
  type,
  text: JSON.stringify(rest),
}));
/** So many of them are there while the pod is wanted. */
const WANTED = LIFE.findIndex(({ type }) => type === 'DeletionRequested');
const PODS_PER_SET = 10;
const FIRST = Date.UTC(2026, 0, 1);
const STEP_MS = 20;
/** Dates in the life, and the one of the pod's creation: each pod lives at its own time. */
const DATES = /2026-11-30T[0-9:]{8}(\.\d{3})?Z/g;
const BORN = Date.UTC(2026, 10, 30, 13, 0, 23);

/**
 * The events of so many pods, in the order of a log: `concurrent` of them live at a time, and the last `living` go on living.
 * Each is `{ stream, expected, event }` as `append` takes it.
 */
export function* lives({ count, living, concurrent = 1000 }) {
  const under = [];
  let next = 0;
  let at = 0;
  while (next < count || under.length > 0) {
    while (under.length < concurrent && next < count) {
      const isLiving = next >= count - living;
      under.push({ number: next++, done: 0, end: isLiving ? WANTED : LIFE.length, born: FIRST + at * STEP_MS });
    }
    for (let i = 0; i < under.length; i++) {
      const pod = under[i];
      yield step(pod, at++);
      if (pod.done < pod.end) continue;
      under[i] = under[under.length - 1];
      under.pop();
      i--;
    }
  }
}

/** How many events there are of so many pods. */
export function eventsOf({ count, living }) {
  return (count - living) * LIFE.length + living * WANTED;
}

function step(pod, at) {
  const { number, born } = pod;
  const expected = pod.done - 1;
  const { type, text } = LIFE[pod.done++];
  const set = Math.floor(number / PODS_PER_SET).toString(36);
  const name = `web-${set}-${number.toString(36)}`;
  const { afterMs: _after, ...event } = JSON.parse(
    text
      .replaceAll('$NAME', name)
      .replaceAll('$UID', uidOf(name))
      .replaceAll('$OWNER', uidOf(`set ${set}`))
      .replaceAll('$SET', set)
      .replaceAll('$IP', `10.${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`)
      .replaceAll('$CONTAINER', () => createHash('sha256').update(name).digest('hex'))
      .replaceAll(DATES, (date, ms) => dated(born + Date.parse(date) - BORN, ms === undefined)),
  );
  const stream = `core.pods/demo/${name}`;
  const time = new Date(FIRST + at * STEP_MS).toISOString();
  return { stream, expected, event: { id: uidOf(`${stream} ${expected}`), type, time, ...event } };
}

function dated(instant, inSeconds) {
  const text = new Date(instant).toISOString();
  return inSeconds ? `${text.slice(0, 19)}Z` : text;
}

function uidOf(text) {
  const h = createHash('md5').update(text).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-5${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20)}`;
}

const APPENDS_AT_ONCE = 2000;

/** Appends the events of so many pods to a log, after the election that each log begins with. */
export async function fillWithLives(log, which) {
  const metadata = { epoch: 1, actor: 'bench', via: 'bench', correlationId: 'bench', schemaVersion: 1 };
  const data = { epoch: 1, cluster: 'bench' };
  const elected = { id: uidOf('elected'), type: 'WriterElected', time: new Date(FIRST).toISOString(), data, metadata };
  await log.append('shiplog.writers/_/writer', elected, -1);
  await append(log, which);
}
/** The same for a log that has begun already. */
export async function append(log, which) {
  let pending = [];
  for (const { stream, event, expected } of lives(which)) {
    pending.push(log.append(stream, event, expected));
    if (pending.length < APPENDS_AT_ONCE) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
}
