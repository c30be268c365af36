import type { View } from '#model';
import type { ReadModel } from './read-model.js';

/** Resolves when something holds of the projection, now or after a later batch of events. */
export function untilView(
  reads: Pick<ReadModel, 'projection' | 'onChanges'>,
  holds: (view: View) => boolean,
): Promise<void> {
  if (holds(reads.projection)) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = reads.onChanges(() => {
      if (!holds(reads.projection)) return;
      stop();
      resolve();
    });
  });
}
