import type { Change, OutsideFacts } from '#model';
import { kindRef } from '#model';
import type { Clock } from '#ports';

const NODES = kindRef('core.nodes').id;
const LEASES = kindRef('coordination.k8s.io.leases').id;
const LEASE_NAMESPACE = 'kube-node-lease';
const FOREVER_MS = 24 * 3600_000;
/** How often a process that listens says so to itself. */
export const TICK_MS = 1000;
/** Whoever was longer without a tick did not listen: it was stopped, or its machine was. */
const STOOD_STILL_MS = 2 * TICK_MS;

/**
 * When each node was last heard. Heartbeats are no events: they live here and are handed to the node-lifecycle loops as
 * facts from outside. Silence counts from the later of the last sign of life and the moment since when this observer
 * listens, and not at all while the bus is away or this process stands still, so a restart, a lost bus or a pause never makes
 * a node look dead: what arrived meanwhile is read after the timers that rang meanwhile.
 * A process may start while the bus is away: it is, until {@link connection} says otherwise.
 */
export class Heartbeats {
  /** Both on the monotonic clock: a clock that is set makes no node silent, and hides no silence. */
  private readonly heard = new Map<string, number>();
  /** Milliseconds between two heartbeats, as the agent of each node says. */
  private readonly beats = new Map<string, number>();
  private observingSince: number;
  private isAway = true;
  private tickedAt: number | undefined;

  constructor(private readonly clock: Clock) {
    this.observingSince = clock.monotonic();
  }

  note(node: string): void {
    this.heard.set(node, this.clock.monotonic());
  }

  /** A heartbeat; the next one comes `everyMs` later. An agent that does not say so is given the time that a kubelet is. */
  beat(node: string, everyMs: number | undefined): void {
    this.note(node);
    if (everyMs === undefined) this.beats.delete(node);
    else this.beats.set(node, everyMs);
  }

  /** The own bus was lost, or is back. While it is away nobody can be heard, so no silence is counted. */
  connection(isConnected: boolean): void {
    this.isAway = !isConnected;
    if (isConnected) this.observingSince = this.clock.monotonic();
  }

  /** Called every {@link TICK_MS}. */
  tick(): void {
    this.noticeStandstill();
    this.tickedAt = this.clock.monotonic();
  }
  private noticeStandstill(): void {
    const now = this.clock.monotonic();
    if (this.tickedAt === undefined || now - this.tickedAt <= STOOD_STILL_MS) return;
    this.tickedAt = this.observingSince = now;
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

  /** As instants of the wall clock that is now: loops compare them with their `now`. `heartbeats` has one for each node, `beatMs` how often it beats. */
  outside(): OutsideFacts {
    this.noticeStandstill();
    const offset = this.clock.now() - this.clock.monotonic();
    const instantOf = (at: number): number => Math.round(Math.max(at, this.observingSince) + offset);
    return {
      heartbeats: (node) => {
        const at = this.heard.get(node);
        return at === undefined ? undefined : instantOf(at);
      },
      beatMs: (node) => this.beats.get(node),
      observingSince: instantOf(this.observingSince),
      ...(this.isAway && { busAway: true }),
    };
  }

  private forgetOld(): void {
    const limit = this.clock.monotonic() - FOREVER_MS;
    for (const [node, at] of this.heard) {
      if (at >= limit) continue;
      this.heard.delete(node);
      this.beats.delete(node);
    }
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
