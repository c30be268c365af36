import { MemoryHistoryIndex } from '#adapters';
import type { KindRegistry, Command, KubeObject } from '#model';
import type { Clock, EventLog, Keys } from '#ports';
import type { Json } from '#std';
import type { CheckpointStore } from './checkpoint.js';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.js';

/** Sealing for tests: reversible, and easy to tell from clear text. */
export const testKeys: Pick<Keys, 'seal' | 'open'> = {
  seal: (uid, version, clear) => `${uid}.${version}:${Buffer.from(clear).toString('hex')}`,
  open: (uid, sealed) => {
    const [owner, hex = ''] = sealed.split(':');
    return owner?.startsWith(`${uid}.`) ? Buffer.from(hex, 'hex').toString() : undefined;
  },
};

const later = (ms: number, callback: () => void): (() => void) => {
  const timer = setTimeout(callback, Math.max(0, ms));
  return () => clearTimeout(timer);
};
const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: later,
  at: (instant, callback) => later(instant - Date.now(), callback),
};

let uids = 0;
/** A control plane over a log, for specs: real timers, counted uids. */
export function testPlane(log: EventLog, kinds: KindRegistry, more: Partial<ControlPlaneOptions> = {}): ControlPlane {
  return new ControlPlane({
    log,
    kinds,
    keys: testKeys,
    clock: realClock,
    ids: { uid: () => `uid-${++uids}`, named: (text) => `named-${text}` },
    build: 'test',
    history: new MemoryHistoryIndex(),
    soon: (callback) => setImmediate(callback),
    onFatal: (cause) => {
      throw cause;
    },
    ...more,
  });
}

export function testCreate(kind: string, object: object): Command {
  const { metadata } = object as KubeObject;
  return {
    verb: 'create',
    kind,
    apiVersion: 'v1',
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    name: metadata.name,
    body: object as Json,
    options: {},
    actor: { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
    via: 'test',
    correlationId: `request-${++uids}`,
  };
}
export function testDelete(kind: string, namespace: string | undefined, name: string): Command {
  return { ...testCreate(kind, { metadata: { name, namespace } }), verb: 'delete', body: undefined };
}
export function testPatch(kind: string, namespace: string | undefined, name: string, body: Json): Command {
  return { ...testCreate(kind, { metadata: { name, namespace } }), verb: 'patch', patchType: 'merge', body };
}

/** Checkpoints in memory, to look into and to damage. */
export class MemoryCheckpoints implements CheckpointStore {
  readonly files = new Map<number, string>();
  positions(): Promise<readonly number[]> {
    return Promise.resolve([...this.files.keys()]);
  }
  async *read(position: number): AsyncIterable<string> {
    const content = this.files.get(position) ?? '';
    // Cut where lines are not.
    for (let from = 0; from < content.length; from += 100) yield content.slice(from, from + 100);
  }
  async write(position: number, slices: AsyncIterable<string>): Promise<void> {
    let content = '';
    for await (const slice of slices) content += slice;
    this.files.set(position, content);
  }
  remove(position: number): Promise<void> {
    this.files.delete(position);
    return Promise.resolve();
  }
}
