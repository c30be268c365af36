import type { StreamState } from '#model';
import type { Entry } from './projection-entry.js';
import { SharedParts } from './shared-parts.js';

/** So many objects of a rebuild wait to be shared: by then most short-lived ones are gone, and changes are folded in place. */
const WAITING_MAX = 4096;
/** So many are shared in a turn. */
const AT_ONCE = 256;

/** Shares the equal parts of a projection's objects: of live events at once, of a rebuild when an object has settled. */
export class Sharing {
  private readonly parts = new SharedParts();
  private readonly waiting = new Set<Entry>();

  /**
   * The state with its object's parts shared; `before` is the stream's earlier shared state. Sealed objects are not shared: the
   * table would hold clear values after their key was destroyed.
   */
  shared(state: StreamState, before?: StreamState): StreamState {
    if (!state.object || state.sealed) return state;
    const object = this.parts.share(state.object, before?.sealed ? undefined : before?.object);
    return object === state.object ? state : { ...state, object };
  }

  /** During a rebuild: shares the object of an entry once {@link WAITING_MAX} others were added. Until then it may be written to. */
  later(entry: Entry): void {
    this.waiting.delete(entry);
    if (!entry.state?.object) return;
    this.waiting.add(entry);
    if (this.waiting.size > WAITING_MAX) this.shareFirst(1);
  }
  isWaiting(entry: Entry): boolean {
    return this.waiting.has(entry);
  }
  /** Shares all that wait, in slices. */
  async finish(soon: (callback: () => void) => void): Promise<void> {
    while (this.waiting.size > 0) {
      this.shareFirst(AT_ONCE);
      await new Promise<void>(soon);
    }
  }

  private shareFirst(count: number): void {
    for (const entry of this.waiting) {
      if (count-- === 0) return;
      this.waiting.delete(entry);
      if (entry.state) entry.state = this.shared(entry.state);
    }
  }
}
