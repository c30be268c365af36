import { Fault, isJsonObject, type Json } from '#std';
import { explain, say } from '#terminal';
import { localCluster } from './cluster.js';
import { ask } from './request.js';
import { findObject } from './resource.js';

export interface HistoryOptions {
  readonly namespace: string;
  readonly limit: string;
  readonly output?: string;
}
export interface WhyOptions {
  readonly namespace: string;
  readonly output?: string;
}

/** An event as the API tells it. */
interface Told {
  readonly position: number;
  readonly time: string;
  readonly type: string;
  readonly actor: string;
  readonly impersonator?: { readonly name: string };
  readonly via: string;
  readonly because?: string;
  readonly causes?: readonly number[];
  readonly causeCount?: number;
  readonly basis?: { readonly facts?: { readonly [name: string]: Json } };
  readonly changes?: readonly Changed[];
  readonly object?: { readonly resource: string; readonly namespace?: string; readonly name: string };
}
interface Changed {
  readonly field: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly isSealed?: true;
}

/** What happened to an object, the newest last, with the fields that changed. */
export async function history(object: string, { namespace, limit, output }: HistoryOptions): Promise<void> {
  await told(async () => {
    const query = `?limit=${encodeURIComponent(limit)}`;
    const { json, words } = await answerOf(object, { namespace, output, sub: `history${query}` });
    if (output === 'json') return say(JSON.stringify(json, undefined, 2));
    const { items, before } = json as unknown as { items: readonly Told[]; before?: number };
    say(words);
    if (before !== undefined) say(`(there are ${before} older events: --limit shows more)`);
    say(
      table(
        ['POSITION', 'TIME', 'EVENT', 'WHO', 'WHY'],
        items.map(rowOf),
        items.map(({ changes = [] }) => changes),
      ),
    );
  });
}

/** The event that made an object, or a field of it, as it is, and the chain of its causes. */
export async function why(object: string, field: string | undefined, options: WhyOptions): Promise<void> {
  await told(async () => {
    const { namespace, output } = options;
    const query = field === undefined ? '' : `?field=${encodeURIComponent(field)}`;
    const { json, words } = await answerOf(object, { namespace, output, sub: `why${query}` });
    if (output === 'json') return say(JSON.stringify(json, undefined, 2));
    const { steps, end } = json as unknown as { steps: readonly Told[]; end: string };
    say(`${words}${field === undefined ? '' : `, ${field}`}`);
    const rows = steps.map((step) => [...rowOf(step).slice(0, 2), objectOf(step), ...rowOf(step).slice(2)]);
    const changes = steps.map(({ changes: changed = [] }, i) => (i === 0 ? changed : []));
    say(table(['POSITION', 'TIME', 'OBJECT', 'EVENT', 'WHO', 'WHY'], rows, changes));
    say(endOf(end, steps.at(-1)));
  });
}

async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exitCode = 1;
  }
}

async function answerOf(
  object: string,
  { namespace, output, sub }: { readonly namespace: string; readonly output: string | undefined; readonly sub: string },
) {
  if (output !== undefined && output !== 'json')
    throw new Fault(`The output ${JSON.stringify(output)} is not known: leave -o out, or write -o json.`, false);
  const cluster = localCluster();
  const { path, words } = await findObject(cluster, object, namespace);
  const { code, json } = await ask(cluster, { path: `${path}/${sub}` });
  const message = isJsonObject(json) && typeof json['message'] === 'string' ? json['message'] : '';
  if (code !== 200 || !isJsonObject(json)) throw new Fault(message || `The API answered ${code}.`, false);
  return { json, words };
}

function rowOf({ position, time, type, actor, impersonator, via, because }: Told): readonly string[] {
  const who = impersonator ? `${impersonator.name} as ${actor}` : actor;
  const through = because === undefined ? ` with ${via.split(' ')[0] ?? ''}` : '';
  const name = who.replace(/^system:serviceaccount:kube-system:/, '');
  return [String(position), time, type, `${name}${through}`, because ?? ''].map(printable);
}
function objectOf({ object }: Told): string {
  if (object === undefined) return '';
  const { resource, namespace, name } = object;
  return `${resource.slice(resource.lastIndexOf('.') + 1)} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

const ENDS: Readonly<Record<string, string>> = {
  request: 'It began with the request in the last line.',
  report: 'It began with what an agent reported.',
  start: 'A loop decided that by itself, from what it found.',
  hidden: 'What led to that you may not see: it takes "get" on the subresource "history" of that object.',
  unknown: 'The log does not say what led to that.',
};
function endOf(end: string, last: Told | undefined): string {
  if (end !== 'measurement') return ENDS[end] ?? '';
  const facts = Object.entries(last?.basis?.facts ?? {}).map(([name, value]) => `  ${name} ${short(value)}`);
  return ['A loop decided that from what is not in the log:', ...facts].join('\n');
}

/** Columns as kubectl prints them; under each row the fields that it changed. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  changes: readonly (readonly Changed[])[],
): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('   ')
      .trimEnd();
  return [line(head), ...rows.flatMap((row, i) => [line(row), ...(changes[i] ?? []).map(changeLine)])].join('\n');
}
function changeLine({ field, before, after, isSealed }: Changed): string {
  if (isSealed) return `    ${field}: a secret value was set`;
  if (before === undefined) return `    ${field}: set to ${short(after)}`;
  if (after === undefined) return `    ${field}: ${short(before)} was removed`;
  return `    ${field}: ${short(before)} → ${short(after)}`;
}

/** Without what a terminal would obey: clients choose some of these texts. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '�');
}

const SHORT_MAX = 100;
function short(value: Json | undefined): string {
  // JSON escapes control characters, which a terminal would obey.
  const text = JSON.stringify(value) ?? '';
  return text.length > SHORT_MAX ? `${text.slice(0, SHORT_MAX)}…` : text;
}
