import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RotatedFileOptions {
  readonly folder: string;
  /** `audit`: lines go to `audit.log`, full files are `audit-<time>.log`. */
  readonly name: string;
  /** Size of one file. */
  readonly bytesMax: number;
  /** Files kept, the current one included. */
  readonly filesMax: number;
  /** Lines that wait for the disk. */
  readonly queueBytesMax: number;
  readonly onProblem: (problem: string) => void;
}

const CHUNK_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 1_000;
const CLOSE_MS = 2_000;
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

interface Line {
  readonly text: string;
  readonly bytes: number;
}

/**
 * Lines in a file that only its owner may read, rotated by size, so that all of its files together are bounded. Writing never
 * waits: lines queue up to a limit, what comes beyond is dropped and counted. A line is whole or not there.
 */
export class RotatedFile {
  lost = 0;
  written = 0;
  private readonly queue: Line[] = [];
  private queueBytes = 0;
  private file: { readonly handle: FileHandle; size: number } | undefined;
  private draining: Promise<void> | undefined;
  private closed = false;
  private toldProblem = '';
  private lostBefore = 0;

  constructor(private readonly options: RotatedFileOptions) {}

  write(text: string): void {
    const line = { text: `${text}\n`, bytes: Buffer.byteLength(text) + 1 };
    if (this.closed || this.queueBytes + line.bytes > this.options.queueBytesMax) {
      this.drop();
      return;
    }
    this.queue.push(line);
    this.queueBytes += line.bytes;
    this.draining ??= this.drain().finally(() => (this.draining = undefined));
  }

  private drop(): void {
    this.lost++;
    if (this.toldProblem !== '') return;
    this.toldProblem = 'too slow';
    this.options.onProblem(`${this.path}: the disk is too slow, lines are lost`);
  }

  /** Waits for what was taken, but not for ever. */
  async close(): Promise<void> {
    this.closed = true;
    const stop = new AbortController();
    const late = sleep(CLOSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    await Promise.race([this.draining, late]);
    stop.abort();
    this.lost += this.queue.length;
    this.queue.length = 0;
    await this.file?.handle.close().catch(() => undefined);
  }

  private async drain(): Promise<void> {
    while (this.queue.length > 0) {
      const chunk = this.nextChunk();
      try {
        await this.append(chunk);
        this.taken(chunk);
      } catch (cause) {
        await this.failed(cause);
      }
    }
  }

  /** Lines that are written in one call, and into one file. */
  private nextChunk(): readonly Line[] {
    let bytes = 0;
    const chunk: Line[] = [];
    for (const line of this.queue) {
      if (chunk.length > 0 && bytes + line.bytes > Math.min(CHUNK_BYTES_MAX, this.options.bytesMax)) break;
      chunk.push(line);
      bytes += line.bytes;
    }
    return chunk;
  }

  private async append(chunk: readonly Line[]): Promise<void> {
    const bytes = Buffer.from(chunk.map(({ text }) => text).join(''), 'utf8');
    this.file ??= await this.opened();
    if (this.file.size > 0 && this.file.size + bytes.length > this.options.bytesMax) {
      await this.rotate(this.file.handle);
      this.file = await this.opened();
    }
    const { handle, size } = this.file;
    try {
      for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
    } catch (cause) {
      // A full disk takes the beginning of a line: it is taken back, so that no line is cut or doubled.
      await handle.truncate(size).catch(() => undefined);
      throw cause;
    }
    this.file.size += bytes.length;
  }

  private async opened(): Promise<{ handle: FileHandle; size: number }> {
    await mkdir(this.options.folder, { recursive: true, mode: 0o700 });
    const handle = await open(this.path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    await handle.chmod(0o600);
    const { size } = await handle.stat();
    if (size === 0) return { handle, size };
    // A crash may have left a line without its end.
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    if (last.toString() === '\n') return { handle, size };
    await handle.write('\n');
    return { handle, size: size + 1 };
  }

  private async rotate(handle: FileHandle): Promise<void> {
    const { folder, name, filesMax } = this.options;
    await handle.close().catch(() => undefined);
    this.file = undefined;
    const old = await this.rotated();
    const time = `${new Date().toISOString().replaceAll(':', '-')}.000000`;
    // Names sort by age, also when the clock was set back.
    const newest = old.at(-1);
    const wanted = `${name}-${time}.log`;
    await rename(this.path, join(folder, newest !== undefined && newest >= wanted ? after(newest) : wanted));
    for (const file of old.slice(0, Math.max(0, old.length + 2 - filesMax))) await unlink(join(folder, file));
  }

  private async rotated(): Promise<readonly string[]> {
    const { folder, name } = this.options;
    const files = await readdir(folder);
    return files.filter((file) => file.startsWith(`${name}-`) && file.endsWith('.log')).sort();
  }

  private taken(chunk: readonly Line[]): void {
    this.queue.splice(0, chunk.length);
    for (const { bytes } of chunk) this.queueBytes -= bytes;
    this.written += chunk.length;
    if (this.toldProblem === '' || this.queueBytes > this.options.queueBytesMax / 2) return;
    const lost = this.lost - this.lostBefore;
    this.lostBefore = this.lost;
    this.toldProblem = '';
    this.options.onProblem(`${this.path} is written again; ${lost} lines were lost`);
  }

  private async failed(cause: unknown): Promise<void> {
    const problem = cause instanceof Error ? cause.message : String(cause);
    if (problem !== this.toldProblem) this.options.onProblem(`${this.path} cannot be written: ${problem}`);
    this.toldProblem = problem;
    await this.file?.handle.close().catch(() => undefined);
    this.file = undefined;
    if (this.closed) {
      this.lost += this.queue.length;
      this.queue.length = 0;
      return;
    }
    await sleep(RETRY_MS, undefined, { ref: false });
  }

  private get path(): string {
    return join(this.options.folder, `${this.options.name}.log`);
  }
}

/** A name that sorts right after another file's. */
function after(file: string): string {
  const [, base = file, count = '0'] = /^(.*)\.(\d{6})\.log$/.exec(file) ?? [];
  return `${base}.${String(Number(count) + 1).padStart(6, '0')}.log`;
}
