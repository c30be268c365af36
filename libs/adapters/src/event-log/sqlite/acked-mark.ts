import { hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import type { Disk } from './disk.js';

/** Fixed, so that a write never leaves a part of the one before it. */
const SLOT_BYTES = 128;
const SLOTS = 2;
export interface Acked {
  readonly position: number;
  readonly chain: string;
}

/**
 * A small file beside the log that says up to where appends were acknowledged. SQLite drops the torn end of its
 * write-ahead log without a word; held against this mark, the loss is found. It is written after each commit and before
 * the acknowledgement, so it never says more than is durable. Other processes watch it to hear of new events.
 *
 * It has two slots, written in turn, each with a checksum: when a write is torn, the other slot has the mark before.
 */
export class AckedMark {
  readonly #file: number;
  readonly #disk: Disk;
  readonly #bytes = Buffer.alloc(SLOT_BYTES, 0x20);
  #slot = 0;

  constructor(path: string, disk: Disk) {
    this.#disk = disk;
    // What a mark says is in the log by now: the check of the opened log compared them.
    closeSync(openSync(markFile(path), 'a+', 0o600));
    this.#file = openSync(markFile(path), 'r+');
    ftruncateSync(this.#file, SLOT_BYTES * SLOTS);
  }

  write(acked: Acked): void {
    this.#bytes.fill(0x20);
    this.#bytes.write(JSON.stringify({ ...acked, sum: sumOf(acked) }), 'latin1');
    this.#bytes[SLOT_BYTES - 1] = 0x0a;
    this.#slot = (this.#slot + 1) % SLOTS;
    this.#disk.write('mark', { file: this.#file, bytes: this.#bytes, at: this.#slot * SLOT_BYTES });
  }

  close(): void {
    closeSync(this.#file);
  }
}

export function markFile(path: string): string {
  return `${path}-acked`;
}

/** What was acknowledged at least, or undefined when there is no mark to go by. */
export function readAcked(path: string): Acked | undefined {
  let text: string;
  try {
    text = readFileSync(markFile(path), 'latin1');
  } catch {
    return undefined;
  }
  // Marks of earlier builds are one slot without a checksum.
  const isOld = text.length === SLOT_BYTES;
  let newest: Acked | undefined;
  for (let at = 0; at < text.length; at += SLOT_BYTES) {
    const acked = ackedOf(text.slice(at, at + SLOT_BYTES), isOld);
    if (acked && acked.position >= (newest?.position ?? 0)) newest = acked;
  }
  return newest;
}

function ackedOf(text: string, isOld: boolean): Acked | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('position' in value) || !('chain' in value)) return undefined;
    const { position, chain } = value;
    if (typeof position !== 'number' || typeof chain !== 'string') return undefined;
    const isWhole = isOld || ('sum' in value && value.sum === sumOf({ position, chain }));
    return isWhole ? { position, chain } : undefined;
  } catch {
    return undefined;
  }
}

/** Not against an attacker, who could write the whole mark: against a torn write. */
function sumOf({ position, chain }: Acked): string {
  return hash('sha256', `${position} ${chain}`, 'base64url').slice(0, 12);
}
