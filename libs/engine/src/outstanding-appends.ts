import { kindInRole, streamOf, type Kind, type KindRegistry, type KubeObject } from '#model';

/** The stream of the namespace of an object; undefined if it has none. */
export function namespaceStream(kinds: Pick<KindRegistry, 'all'>, { metadata }: KubeObject): string | undefined {
  const kind = metadata.namespace === undefined ? undefined : kindInRole(kinds, 'namespace');
  return kind && streamOf(kind.id, undefined, metadata.namespace ?? '');
}

/**
 * Appends that were decided and whose outcome is not known yet, in the order of their decisions. Waiting for all that were
 * decided so far costs the same however many there are.
 */
export class OutstandingAppends {
  private next = 0;
  /** Ordered by number, since a number is added when it is given out. */
  private readonly open = new Set<number>();
  private waiting: { readonly upTo: number; readonly done: () => void }[] = [];

  /** The newest of each stream. */
  private readonly newest = new Map<string, Promise<unknown>>();
  /** Creations, and what waits for one: later appends of their streams wait for them. */
  private readonly held = new Map<string, Promise<unknown>>();

  /** Registers an append of a stream until it is settled. */
  note<T>(stream: string, isHeld: boolean, append: Promise<T>): Promise<T> {
    const settled = this.track(append).finally(() => {
      if (this.newest.get(stream) === settled) this.newest.delete(stream);
      if (this.held.get(stream) === settled) this.held.delete(stream);
    });
    this.newest.set(stream, settled);
    if (isHeld) this.held.set(stream, settled);
    return settled;
  }
  /** The newest append of a stream that is under way. */
  of(stream: string): Promise<unknown> | undefined {
    return this.newest.get(stream);
  }

  /**
   * Appends under way that what is decided now rests on. The creation of the name itself: whether the log knows an older stream
   * of it is not known before, and revisions counted from none could be its own. That of the namespace, if it has one: nothing
   * may be in the log in one that never comes to be. What defines the kind, if something does: an object is in the log after
   * the definition by which it was decided, and before the next one.
   */
  before(
    stream: string,
    { kind, namespace }: { readonly kind: Kind | undefined; readonly namespace: string | undefined },
  ): readonly Promise<unknown>[] {
    const all = kind?.defines && this.settled();
    if (all) return [all];
    const definition = kind?.definedIn === undefined ? undefined : this.newest.get(kind.definedIn);
    const created = [stream, ...(namespace === undefined ? [] : [namespace])].flatMap(
      (one) => this.held.get(one) ?? [],
    );
    return definition ? [...created, definition] : created;
  }

  /** Registers an append until it is settled, whatever its outcome. */
  async track<T>(append: Promise<T>): Promise<T> {
    const number = this.next++;
    this.open.add(number);
    try {
      return await append;
    } finally {
      this.open.delete(number);
      this.wake();
    }
  }

  /** Resolves when every append that is tracked now is settled; undefined when there is none. */
  settled(): Promise<void> | undefined {
    if (this.open.size === 0) return undefined;
    return new Promise((done) => this.waiting.push({ upTo: this.next, done }));
  }

  private wake(): void {
    if (this.waiting.length === 0) return;
    const [first = Infinity] = this.open;
    // They are in the order of their numbers.
    const blocked = this.waiting.findIndex(({ upTo }) => upTo > first);
    const ready = this.waiting.splice(0, blocked === -1 ? this.waiting.length : blocked);
    for (const { done } of ready) done();
  }
}
