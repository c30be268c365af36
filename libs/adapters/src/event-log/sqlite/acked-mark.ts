import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Fixed, so that a write never leaves a part of the one before it. */
const MARK_BYTES = 128;
export interface Acked {
  readonly position: number;
  readonly chain: string;
}

/**
 * A small file beside the log that says up to where appends were acknowledged. SQLite drops the torn end of its
 * write-ahead log without a word; held against this mark, the loss is found. It is written after each commit and before
 * the acknowledgement, so it never says more than is durable. Other processes watch it to hear of new events.
 */
export class AckedMark {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(MARK_BYTES, 0x20);

  constructor(path: string) {
    this.#file = openSync(markFile(path), 'a+');
    closeSync(this.#file);
    this.#file = openSync(markFile(path), 'r+');
    ftruncateSync(this.#file, MARK_BYTES);
  }

  write(acked: Acked): void {
    this.#bytes.fill(0x20);
    this.#bytes.write(JSON.stringify(acked), 'latin1');
    this.#bytes[MARK_BYTES - 1] = 0x0a;
    writeSync(this.#file, this.#bytes, 0, MARK_BYTES, 0);
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
  try {
    const value: unknown = JSON.parse(readFileSync(markFile(path), 'latin1'));
    if (typeof value !== 'object' || value === null || !('position' in value) || !('chain' in value)) return undefined;
    const { position, chain } = value;
    return typeof position === 'number' && typeof chain === 'string' ? { position, chain } : undefined;
  } catch {
    return undefined;
  }
}
