import { closeSync, existsSync, fdatasync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { RecordedEvent } from './store.js';

const sync = promisify(fdatasync);

/** The stand-in server's events on disk, a line of JSON each; a line that was cut by a crash is cut off. */
export class EventFile {
  readonly #path: string;
  readonly #file: number;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+');
  }

  read(): RecordedEvent[] {
    const text = readFileSync(this.#path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#bytes = Buffer.byteLength(whole);
    ftruncateSync(this.#file, this.#bytes);
    return whole
      .split('\n')
      .slice(0, -1)
      .map((line) => fromLine(line));
  }

  async write(events: readonly RecordedEvent[]): Promise<void> {
    const lines = Buffer.from(events.map(toLine).join(''));
    for (let written = 0; written < lines.length;) {
      written += writeSync(this.#file, lines, written, lines.length - written, this.#bytes + written);
    }
    this.#bytes += lines.length;
    await sync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function toLine(event: RecordedEvent): string {
  const { data, metadata, ...rest } = event;
  return `${JSON.stringify({ ...rest, data: Buffer.from(data).toString('base64'), metadata: Buffer.from(metadata).toString('base64') })}\n`;
}

function fromLine(line: string): RecordedEvent {
  const { data, metadata, ...rest } = JSON.parse(line) as Omit<RecordedEvent, 'data' | 'metadata'> & {
    data: string;
    metadata: string;
  };
  return { ...rest, data: Buffer.from(data, 'base64'), metadata: Buffer.from(metadata, 'base64') };
}
