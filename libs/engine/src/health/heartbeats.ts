import type { Change, Outside } from '#model';
import { kindRef } from '#model';
import type { Clock } from '#ports';
import type { Instant } from '#std';

const NODES = kindRef('core.nodes').id;
const LEASES = kindRef('coordination.k8s.io.leases').id;
const LEASE_NAMESPACE = 'kube-node-lease';
const FOREVER_MS = 24 * 3600_000;

/**
 * When each node was last heard. Heartbeats are no events: they live here and are handed to the node-lifecycle loops as
 * facts from outside. Silence counts from the later of the last sign of life and the moment since when this observer
 * listens, so a restart or a lost bus never makes a node look dead.
 */
export class Heartbeats {
  private readonly heard = new Map<string, Instant>();
  private observingSince: Instant;
  /** What loops are told, as long as it is so: they ask before each look. */
  private told: Outside | undefined;

  constructor(private readonly clock: Clock) {
    this.observingSince = clock.now();
  }

  note(node: string): void {
    this.heard.set(node, this.clock.now());
    this.told = undefined;
  }

  /** The bus was lost and is back: nobody could be heard meanwhile. */
  reconnected(): void {
    this.observingSince = this.clock.now();
    this.told = undefined;
  }

  /**
   * A status that somebody wrote through the API is a sign of life too, and so is a node's lease that somebody renewed: so
   * nodes live that have no agent of ours.
   */
  observe(changes: readonly Change[]): void {
    for (const { kind, before, after } of changes) {
      if (kind === LEASES && after && isRenewal(before, after)) this.note(after.metadata.name);
      if (kind !== NODES || !after) continue;
      const status = (object: typeof after | undefined): unknown =>
        (object as { status?: unknown } | undefined)?.status;
      if (!before) this.note(after.metadata.name);
      else if (status(before) !== status(after) && !wroteUnknown(after)) this.note(after.metadata.name);
    }
    if (this.heard.size > 10_000) this.forgetOld();
  }

  outside(): Outside {
    this.told ??= {
      heartbeats: Object.fromEntries([...this.heard].map(([node, at]) => [node, Math.max(at, this.observingSince)])),
      observingSince: this.observingSince,
    };
    return this.told;
  }

  private forgetOld(): void {
    const limit = this.clock.now() - FOREVER_MS;
    for (const [node, at] of this.heard) if (at < limit) this.heard.delete(node);
    this.told = undefined;
  }
}

function isRenewal(before: Change['before'], after: NonNullable<Change['after']>): boolean {
  const renewTime = (lease: Change['after']): unknown =>
    (lease as { spec?: { renewTime?: unknown } } | undefined)?.spec?.renewTime;
  return after.metadata.namespace === LEASE_NAMESPACE && renewTime(before) !== renewTime(after);
}

/** The node-lifecycle loop itself wrote that the node is silent: no sign of life. */
function wroteUnknown(node: NonNullable<Change['after']>): boolean {
  const conditions = (node as { status?: { conditions?: readonly { type: string; status: string }[] } }).status
    ?.conditions;
  return conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'Unknown') ?? false;
}
