import { zeroOf, type Change, type Kind, type KubeObject } from '#model';
import type { ServerResponse } from 'node:http';
import type { AnyResponse, Rendering } from './answer.js';
import { isGone, warningHeaders } from './answer.js';
import { contentType } from './negotiate.js';
import { objectText, partialText, shown } from './object-text.js';
import type { ServedKind } from './routes.js';
import { statusOf } from './status.js';
import type { Refusal } from '#model';
import { tableText } from './table.js';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/**
 * A watcher that has this much unread of what changes is closed: it starts again from where it was, rather than being fed with
 * gaps. What it is sent at its own pace (an initial state, a replay) never comes near.
 */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
/** A client that was told why its watch ends has so long to read it. */
const LAST_WORDS_MS = 30_000;

/**
 * Lines of a watch on their way to one client. What is written in one turn goes out in one piece; the bytes of an event are
 * made once and shared by all watchers that see it in the same form.
 */
export class WatchStream {
  private lines: Buffer[] = [];
  private linesBytes = 0;
  private scheduled = false;
  private isFirstRow = true;
  private closed = false;
  /** The last write went beyond what the connection takes at once. */
  private isFull = false;
  private readonly out: ServerResponse;

  constructor(
    response: AnyResponse,
    private readonly on: ServedKind,
    private readonly rendering: Rendering,
    private readonly onClose: () => void,
  ) {
    this.out = response as ServerResponse;
    response.on('close', () => this.finish());
    this.out.on('drain', () => (this.isFull = false));
  }

  /** Headers go out at once: a client takes a watch for running only then. */
  open(warnings: readonly string[] = []): void {
    if (isGone(this.out)) return this.finish();
    const headers: Record<string, string | string[]> = {
      'Cache-Control': 'no-cache, private',
      'Content-Type': contentType(this.rendering.form),
    };
    if (warnings.length > 0) headers['Warning'] = warningHeaders(warnings);
    this.out.writeHead(200, headers);
    this.out.flushHeaders();
  }

  event(type: EventType, object: KubeObject): void {
    const { form } = this.rendering;
    if (form.as !== 'Table')
      return this.push(sharedLine(this.on, type, object, form.as === undefined ? '' : form.asVersion));
    this.push(Buffer.from(`{"type":"${type}","object":${this.table(object)}}\n`));
  }

  /** Tells the client that it has seen everything up to `version`; `initial` ends the initial events. */
  bookmark(version: number, initial = false): void {
    const metadata = {
      ...(initial && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
      resourceVersion: String(version),
    };
    const { kind, apiVersion } = this.on;
    const object = { ...zeroOfKind(kind), apiVersion, kind: kind.names.kind, metadata } as unknown as KubeObject;
    this.push(Buffer.from(`{"type":"BOOKMARK","object":${this.formed(object)}}\n`));
  }

  refuse(refusal: Refusal): void {
    this.push(Buffer.from(`{"type":"ERROR","object":${JSON.stringify(statusOf(refusal))}}\n`));
    this.end();
    const { out } = this;
    setTimeout(() => out.destroy(), LAST_WORDS_MS).unref();
  }

  end(): void {
    if (this.closed) return;
    this.flush();
    const { out } = this;
    // As at the end of any large answer: see sendAnswer.
    if (out.writableNeedDrain) out.once('drain', () => out.end());
    else out.end();
    this.finish();
  }

  private push(line: Buffer): void {
    if (this.closed) return;
    this.lines.push(line);
    this.linesBytes += line.length;
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => this.flush());
  }
  private flush(): void {
    this.scheduled = false;
    if (this.closed || this.lines.length === 0) return;
    const { lines } = this;
    this.lines = [];
    this.linesBytes = 0;
    this.isFull = !this.out.write(lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines));
  }
  /** Resolves with true once the client has read what was written, with false when it does not in time. */
  drained(timeoutMs: number): Promise<boolean> {
    this.flush();
    if (!this.isFull || this.closed) return Promise.resolve(!this.closed);
    return new Promise((resolve) => {
      const settle = (isDrained: boolean): void => {
        clearTimeout(late);
        this.out.off('drain', drained);
        this.out.off('close', gone);
        resolve(isDrained);
      };
      const drained = (): void => settle(true);
      const gone = (): void => settle(false);
      const late = setTimeout(gone, timeoutMs);
      this.out.on('drain', drained);
      this.out.on('close', gone);
    });
  }
  /** Bytes that the client has not read yet, as far as this process holds them. */
  get unreadBytes(): number {
    return this.out.writableLength + this.linesBytes;
  }
  /** True while the client reads as fast as it is written to. */
  get keepsUp(): boolean {
    return this.unreadBytes < UNREAD_BYTES_MAX;
  }
  /** Drops the connection without an end: the client knows that something is missing. */
  destroy(): void {
    if (this.closed) return;
    this.out.destroy();
    this.finish();
  }
  private finish(): void {
    if (this.closed) return;
    this.closed = true;
    this.lines = [];
    this.onClose();
  }

  private table(object: KubeObject): string {
    const { form, include, now } = this.rendering;
    const metadata = JSON.stringify({ resourceVersion: object.metadata.resourceVersion });
    const definitions = this.isFirstRow;
    this.isFirstRow = false;
    return tableText(this.on, [object], { version: form.asVersion, include, now: now() }, { metadata, definitions });
  }

  private formed(object: KubeObject): string {
    const { form } = this.rendering;
    if (form.as === 'Table') return this.table(object);
    return form.as === undefined ? objectText(this.on, object) : partialText(shown(this.on, object), form.asVersion);
  }
}

const zeros = new WeakMap<Kind, object>();
/** A bookmark's object has nothing but a version, and what its type writes always. */
function zeroOfKind(kind: Kind): object {
  let zero = zeros.get(kind);
  if (!zero) zeros.set(kind, (zero = zeroOf(kind.schema) as object));
  return zero;
}

const shared = new WeakMap<KubeObject, Map<string, Buffer>>();
function sharedLine(on: ServedKind, type: EventType, object: KubeObject, partialVersion: string): Buffer {
  let lines = shared.get(object);
  if (!lines) shared.set(object, (lines = new Map()));
  const key = `${type} ${on.apiVersion} ${partialVersion}`;
  let line = lines.get(key);
  if (!line) {
    const text = partialVersion === '' ? objectText(on, object) : partialText(shown(on, object), partialVersion);
    line = Buffer.from(`{"type":"${type}","object":${text}}\n`);
    lines.set(key, line);
    // Watchers see a change within the same turn; nobody needs the bytes long after it.
    setTimeout(() => lines.delete(key), 1000).unref();
  }
  return line;
}

/** What one change is to a watcher of a part of the objects. */
export function eventsOf(
  change: Change,
  sees: (object: KubeObject) => boolean,
): readonly (readonly [EventType, KubeObject])[] {
  const { before, after, position } = change;
  const saw = before !== undefined && sees(before);
  if (after) {
    if (sees(after)) return [[saw ? 'MODIFIED' : 'ADDED', after]];
    return saw ? [['DELETED', withVersion(before, position)]] : [];
  }
  if (!before) return [];
  if (!saw) return [];
  // One position shows one state: to all watchers the end shows what was last stored.
  return [['DELETED', withVersion(before, position)]];
}

const leaving = new WeakMap<KubeObject, KubeObject>();
/** An object that leaves a watcher's sight is shown as it was last seen, with the version of its leaving. */
export function withVersion(object: KubeObject, position: number): KubeObject {
  if (object.metadata.resourceVersion === String(position)) return object;
  const known = leaving.get(object);
  if (known?.metadata.resourceVersion === String(position)) return known;
  const made = { ...object, metadata: { ...object.metadata, resourceVersion: String(position) } };
  leaving.set(object, made);
  return made;
}
