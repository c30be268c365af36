import type { NewEvent } from '#model';
import type { Clock, EventLog } from '#ports';
import { Fault } from '#std';
import { pause } from './delay.js';

/** The appends of one writer, each tried until its outcome is known or nobody waits for it any more. */
export class SentAppends {
  /** Ids of events whose append is waited for. */
  private readonly awaited = new Set<string>();
  /** Ids of those of which a try got no answer: they may be in the log. */
  private readonly unanswered = new Set<string>();

  constructor(private readonly options: { readonly log: EventLog; readonly clock: Clock }) {}

  isAwaited(id: string): boolean {
    return this.awaited.has(id);
  }

  /** What was appended is folded, or nobody waits for that: from now on it is like any other event. */
  forget(id: string): void {
    this.awaited.delete(id);
    this.unanswered.delete(id);
  }

  /** Whether an append that failed may be in the log all the same. It is told once. */
  takeDoubt(id: string): boolean {
    return this.unanswered.delete(id);
  }

  /**
   * The position in the log. An append whose acknowledgement was lost may have happened: the same id at the same revision again
   * gives the first result, so asking again is the way to learn it. `deadline` is on the monotonic clock.
   */
  async durably(stream: string, event: NewEvent, at: { expected: number; deadline: number }): Promise<number> {
    const { log, clock } = this.options;
    this.awaited.add(event.id);
    for (let wait = 5; ; wait = Math.min(wait * 2, 1000)) {
      try {
        const { position } = await log.append(stream, event, at.expected);
        this.unanswered.delete(event.id);
        return position;
      } catch (cause) {
        const isUnknown = cause instanceof Fault && cause.retryable;
        if (isUnknown) this.unanswered.add(event.id);
        if (!isUnknown || clock.monotonic() + wait >= at.deadline) {
          // Should it land later, it is news like any other.
          this.awaited.delete(event.id);
          throw cause;
        }
        await pause(clock, wait);
      }
    }
  }
}
