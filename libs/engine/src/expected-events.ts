import type { Change, Command } from '#model';
import type { ReadModel } from './read-model.js';

/** A command on its way: the change that it made, once this process has read that in the log. */
export interface Expected {
  readonly change: Change | undefined;
  /** Resolves when its event is read, if that counts. */
  readonly seen: Promise<void>;
}

/** Finds the events of commands that are on their way. An event of a writer that was voted out is none: it does not count. */
export class ExpectedEvents {
  private readonly expected = new Map<string, { change: Change | undefined; seen: Promise<void>; done: () => void }>();

  constructor(reads: Pick<ReadModel, 'onChanges'>) {
    reads.onChanges((changes, events) => {
      if (this.expected.size === 0) return;
      for (const { position, metadata } of events) {
        const waiting = this.expected.get(metadata.correlationId);
        if (!waiting || waiting.change) continue;
        waiting.change = changes.find((change) => change.position === position);
        if (waiting.change) waiting.done();
      }
    });
  }

  add({ correlationId }: Command): Expected {
    const { promise: seen, resolve: done } = Promise.withResolvers<void>();
    const waiting = { change: undefined, seen, done };
    this.expected.set(correlationId, waiting);
    return waiting;
  }
  remove({ correlationId }: Command): void {
    this.expected.delete(correlationId);
  }
}
