import type { ReadModel } from './read-model.js';

/** So many of the last commands are remembered, and up to twice as many. */
const COMMANDS_MIN = 4096;

/** The commands that were carried out last. One of them that arrives again is not carried out again. */
export class RecentCommands {
  private newer = new Set<string>();
  private older: ReadonlySet<string> = new Set();

  /** Those whose events are read are among them. */
  constructor(reads: Pick<ReadModel, 'onChanges'>) {
    reads.onChanges((changes, events) => {
      let next = 0;
      // Both are in the log's order; an event without a change does not count.
      for (const { position, metadata } of events) {
        if (changes[next]?.position !== position) continue;
        next++;
        this.add(metadata.correlationId);
      }
    });
  }

  has(id: string): boolean {
    return this.newer.has(id) || this.older.has(id);
  }

  add(id: string): void {
    this.newer.add(id);
    if (this.newer.size < COMMANDS_MIN) return;
    this.older = this.newer;
    this.newer = new Set();
  }
}
