import { readFileSync } from 'node:fs';
import { DISK_OPERATIONS, realDisk, type Disk, type DiskOperation, type DiskWrite } from './disk.js';

const EFFECTS = ['EIO', 'ENOSPC', 'EIO-AFTER', 'TORN'] as const;
type Effect = (typeof EFFECTS)[number];

interface PlannedFault {
  readonly operation: DiskOperation;
  readonly effect: Effect;
  /** Of the operations of this kind, counted from 1: the first and the last that fail. */
  readonly first: number;
  readonly last: number;
}

/**
 * A disk for tests that fails by a plan. A plan is a list of `<operation>:<effect>@<n>`, separated by commas: the n-th
 * operation of that kind fails; `@<n>+` all from there on, `@<n>x<count>` so many. Effects: `EIO` and `ENOSPC` before anything
 * was done; `EIO-AFTER` when all was done; `TORN` when half of the bytes were written (as `EIO-AFTER` for the database).
 * `file:<path>` names a file that holds the plan and is read anew before each operation: counting begins when it changes.
 */
export class FaultyDisk implements Disk {
  readonly #source: string;
  #text = '';
  #plan: readonly PlannedFault[] = [];
  readonly #counts = new Map<DiskOperation, number>();

  constructor(source: string) {
    this.#source = source;
    if (!source.startsWith('file:')) this.#plan = planOf(source);
  }

  run<T>(operation: DiskOperation, work: () => T): T {
    const effect = this.#next(operation);
    if (effect === 'EIO' || effect === 'ENOSPC') throw databaseError(effect);
    const result = work();
    if (effect !== undefined) throw databaseError('EIO');
    return result;
  }

  write(operation: DiskOperation, what: DiskWrite): void {
    const effect = this.#next(operation);
    if (effect === 'EIO' || effect === 'ENOSPC') throw fileError(effect);
    const { bytes } = what;
    realDisk.write(operation, effect === 'TORN' ? { ...what, bytes: bytes.subarray(0, bytes.length / 2) } : what);
    if (effect !== undefined) throw fileError('EIO');
  }

  #next(operation: DiskOperation): Effect | undefined {
    this.#readPlan();
    const count = (this.#counts.get(operation) ?? 0) + 1;
    this.#counts.set(operation, count);
    const isDue = (fault: PlannedFault): boolean =>
      fault.operation === operation && count >= fault.first && count <= fault.last;
    return this.#plan.find(isDue)?.effect;
  }

  #readPlan(): void {
    if (!this.#source.startsWith('file:')) return;
    let text: string;
    try {
      text = readFileSync(this.#source.slice('file:'.length), 'utf8').trim();
    } catch {
      text = '';
    }
    if (text === this.#text) return;
    this.#text = text;
    this.#plan = planOf(text);
    this.#counts.clear();
  }
}

function planOf(text: string): PlannedFault[] {
  return text === '' ? [] : text.split(',').map((fault) => faultOf(fault.trim()));
}

function faultOf(text: string): PlannedFault {
  const [, operation, effect, n, more] = /^([a-z]+):([A-Z-]+)@(\d+)(\+|x\d+)?$/.exec(text) ?? [];
  const knownOperation = DISK_OPERATIONS.find((one) => one === operation);
  const knownEffect = EFFECTS.find((one) => one === effect);
  if (knownOperation === undefined || knownEffect === undefined)
    throw new Error(
      `"${text}" is no fault of a disk: <${DISK_OPERATIONS.join('|')}>:<${EFFECTS.join('|')}>@<n>[+|x<count>]`,
    );
  const first = Number(n);
  const last = more === undefined ? first : more === '+' ? Infinity : first + Number(more.slice(1)) - 1;
  return { operation: knownOperation, effect: knownEffect, first, last };
}

/** As `node:sqlite` throws them. */
function databaseError(effect: 'EIO' | 'ENOSPC'): Error {
  return effect === 'EIO'
    ? Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10, errstr: 'disk I/O error' })
    : Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13, errstr: 'full' });
}
/** As `node:fs` throws them. */
function fileError(code: 'EIO' | 'ENOSPC'): Error {
  return Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });
}
