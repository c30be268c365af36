import type { AssignmentChange, AssignmentSync } from '#model';
import type { NewsForNodes } from './assignments.js';

/** Sends `node.<node>.change`, or `shared.change` to all when no node is named. */
export type PublishChange = (node: string | undefined, change: AssignmentChange) => void;

/** Numbers and publishes the changes of assignments: those of each node, and those of what all nodes need alike. */
export class NumberedChanges {
  private readonly sequences = new Map<string, number>();
  /** Undefined until a node has asked for its set. */
  private shared: number | undefined;

  constructor(
    private readonly publish: PublishChange,
    private readonly onFault: (what: string, cause: unknown) => void,
  ) {}

  /**
   * The numbers of the last changes, for a set that is answered at a position. They begin with the position, which grows
   * faster: a number that an earlier life of this app gave never follows by chance on what the agent heard from that life.
   */
  at(node: string, position: number): Pick<AssignmentSync, 'sequence' | 'sharedSequence'> {
    const sequence = this.sequences.get(node) ?? position;
    this.sequences.set(node, sequence);
    this.shared ??= position;
    return { sequence, sharedSequence: this.shared };
  }

  send({ shared, own }: NewsForNodes, at: Pick<AssignmentChange, 'cluster' | 'position'>): void {
    const { cluster, position } = at;
    // First: a pod that starts now sees the Services that were there before it.
    if (shared.length > 0 && this.shared !== undefined)
      this.sendOne(undefined, { cluster, position, sequence: ++this.shared, objects: shared });
    for (const [node, objects] of own) {
      const before = this.sequences.get(node);
      // An agent that has not asked for its set yet will get it whole.
      if (before === undefined || this.shared === undefined) continue;
      const sequence = before + 1;
      this.sequences.set(node, sequence);
      this.sendOne(node, { cluster, position, sequence, sharedSequence: this.shared, objects });
    }
  }

  forget(node: string): void {
    this.sequences.delete(node);
  }

  private sendOne(node: string | undefined, change: AssignmentChange): void {
    try {
      this.publish(node, change);
    } catch (cause) {
      // The next number shows the agent that it missed this one, and it asks for a sync.
      this.onFault(`changes for ${node === undefined ? 'all nodes' : `node ${node}`}`, cause);
    }
  }
}
