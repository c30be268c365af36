import { Projection } from '#engine';
import type { StoredEvent } from '#model';
import { foldEvent } from '#model';
import { boundOnce, notOvercommitted } from './binding.js';
import type { EventChecker, Violation } from './checker.js';
import { namespacesGoLast } from './namespaces.js';
import { rolloutBoundsHeld } from './rollout.js';

const CHECKERS: readonly EventChecker[] = [boundOnce, namespacesGoLast, notOvercommitted];

/** Replays a log, in the simulation beside the world, event by event, and lets every checker look at each. */
export class EventChecks {
  readonly violations: Violation[] = [];
  private readonly before: Projection;
  private readonly after: Projection;
  private read = 0;

  constructor(
    private readonly store: { readonly events: readonly StoredEvent[] },
    endsKeptMs?: number,
    private readonly more: readonly EventChecker[] = [rolloutBoundsHeld(() => ({}))],
  ) {
    this.before = new Projection(foldEvent, endsKeptMs);
    this.after = new Projection(foldEvent, endsKeptMs);
  }

  get events(): readonly StoredEvent[] {
    return this.store.events;
  }
  /** The log folded from its beginning: what every projection has to equal. */
  get replayed(): Projection {
    return this.after;
  }

  catchUp(): void {
    for (; this.read < this.store.events.length; this.read++) {
      const event = this.store.events[this.read];
      if (!event) break;
      const counts = event.metadata.epoch >= this.after.epoch;
      const change = this.after.apply(event);
      if (!counts && change && change.before !== change.after)
        this.violations.push({
          checker: 'a writer that was voted out changes nothing',
          message: `${event.stream} was changed in term ${event.metadata.epoch}, after term ${this.after.epoch} began`,
          position: event.position,
        });
      if (counts) {
        for (const checker of [...CHECKERS, ...this.more]) {
          const message = checker.check(event, this.before, this.after);
          if (message) this.violations.push({ checker: checker.name, message, position: event.position });
        }
      }
      this.before.apply(event);
    }
  }
}
