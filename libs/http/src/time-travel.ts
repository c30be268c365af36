import type { Refusal } from '#model';
import { isRefusal } from '#model';
import type { Instant } from '#std';
import { parseDuration, parseInstant } from '#std';
import type { Backend } from './backend.js';
import { percentDecoded } from './query.js';
import { answers } from './status.js';

/** A moment of the past that a request is about. */
export interface Moment {
  readonly position: number;
  /** What ages are relative to. */
  readonly now: Instant;
}

/** Splits `/at/<moment>/rest`; undefined for all other paths. */
export function travels(path: string): { readonly moment: string; readonly rest: string } | undefined {
  if (!path.startsWith('/at/')) return undefined;
  const end = path.indexOf('/', 4);
  const text = end < 0 ? path.slice(4) : path.slice(4, end);
  return { moment: percentDecoded(text) ?? text, rest: end < 0 ? '/' : path.slice(end) };
}

/** `position:42`, an RFC 3339 time, or how long ago: `10m`, `1h30m`. */
export async function momentOf(text: string, backend: Backend): Promise<Moment | Refusal> {
  const now = backend.now();
  if (text.startsWith('position:')) return ofPosition(text.slice('position:'.length), backend);
  const instant = parseInstant(text) ?? ago(text, now);
  if (instant === undefined) {
    return answers.badRequest(
      `the moment ${JSON.stringify(text)} is not understood: write a time like 2026-01-31T12:00:00Z, a duration ago like 10m, or position:<number>`,
    );
  }
  const position = await backend.positionAt(instant);
  return isRefusal(position) ? position : { position, now: instant };
}

async function ofPosition(text: string, backend: Backend): Promise<Moment | Refusal> {
  const position = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(position)) {
    return answers.badRequest(`${JSON.stringify(text)} is not a position of the event log`);
  }
  return { position, now: (await backend.timeOf(position)) ?? backend.now() };
}
function ago(text: string, now: Instant): Instant | undefined {
  const parsed = parseDuration(text.replace(/^(\d+)d/, (_all, days: string) => `${Number(days) * 24}h`));
  return 'error' in parsed || parsed.value < 0 || text.startsWith('+') ? undefined : now - parsed.value;
}

export const unchangeable: Refusal = {
  refused: true,
  code: 405,
  reason: 'MethodNotAllowed',
  message: 'the past cannot be changed: send writes to the server address without /at/',
  details: {},
};
export function notInThePast(what: string): Refusal {
  return answers.badRequest(`${what} cannot be had from the past: ask the server address without /at/`);
}
