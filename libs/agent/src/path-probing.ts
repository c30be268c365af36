import { podNetwork } from '#loops';
import { firstHost } from '#meta';
import type { PodPath, PodWay } from '#model';
import type { Clock, PathProber, PathWord } from '#ports';

/** Milliseconds between two looks at who is to be asked. */
export const TICK_MS = 250;
/** So many nodes are asked in one look, and so many of these are left to those that go as they should. */
export const ASKED_MAX = 25;
const CALM_MIN = 5;

export interface PathProbingOptions {
  readonly clock: Clock;
  readonly prober: PathProber;
  /** Called when a path is to go another way, or is to have another spare one. */
  readonly onChange: () => void;
  readonly log?: ((line: string) => void) | undefined;
}

interface Watched {
  readonly path: PodPath;
  readonly gateway: string;
  watch: podNetwork.PathWatch;
  /** As of the last decision. */
  choice: podNetwork.PathChoice;
  dueAt: number;
  asked: number;
}

/**
 * Asks the nodes on this layer-2 network whether packets between the addresses of pods pass, and chooses ways by their answers. However
 * many there are, one look asks {@link ASKED_MAX} of them: with more, each is asked more seldom.
 */
export class PathProbing {
  /** By the node's name. */
  private readonly all = new Map<string, Watched>();
  private readonly byGateway = new Map<string, Watched>();
  /** Those that something goes on with, and the others; who was asked last is at the end. */
  private readonly urgent = new Set<Watched>();
  private readonly calm = new Set<Watched>();
  private own: string | undefined;
  private cancelTick: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly options: PathProbingOptions) {}

  /** By which way a node is to be reached; `made` is the way that there is, of an earlier life of the agent. */
  choice({ name, podCidr, address }: podNetwork.Peer, made: PodWay | undefined): podNetwork.PathChoice {
    const known = this.all.get(name);
    const isSame = known?.path.podCidr === podCidr && known.path.address === address;
    const { clock } = this.options;
    const watch = isSame ? known.watch : podNetwork.watchPath(made ?? 'route', clock.monotonic());
    return podNetwork.choiceOf(watch, clock.monotonic());
  }

  /** These paths are there now, from this node's first address. Rejects where nobody can be asked. */
  async follow(own: string, paths: readonly PodPath[]): Promise<void> {
    const probed = paths.filter(({ isProbed }) => isProbed);
    const named = new Set(probed.map(({ node }) => node));
    for (const one of [...this.all.values()]) if (!named.has(one.path.node)) this.drop(one);
    for (const path of probed) this.put(path);
    if (probed.length === 0) return this.rest();
    if (this.isStopped()) return;
    await this.options.prober.open(own, { asked: (word) => this.asked(word), answered: (word) => this.answered(word) });
    // It may have been stopped meanwhile.
    if (this.isStopped()) return this.options.prober.close();
    this.own = own;
    this.cancelTick ??= this.options.clock.after(0, () => this.tick());
  }
  stop(): void {
    this.stopped = true;
    void this.rest();
  }
  private isStopped(): boolean {
    return this.stopped;
  }
  private async rest(): Promise<void> {
    this.cancelTick?.();
    this.cancelTick = undefined;
    if (this.own === undefined) return;
    this.own = undefined;
    await this.options.prober.close();
  }

  private put(path: PodPath): void {
    const known = this.all.get(path.node);
    const isSame = known?.path.podCidr === path.podCidr && known.path.address === path.address;
    if (isSame && known.path.way === path.way && known.path.spare === path.spare) return;
    const now = this.options.clock.monotonic();
    const gateway = firstHost(path.podCidr) ?? '';
    const watch = isSame ? known.watch : podNetwork.watchPath(path.way, now);
    if (known) this.drop(known);
    // What is new is asked at once.
    const choice = isSame ? known.choice : podNetwork.choiceOf(watch, now);
    const one: Watched = { path, gateway, watch, choice, dueAt: now, asked: known?.asked ?? 0 };
    this.all.set(path.node, one);
    this.byGateway.set(gateway, one);
    this.urgent.add(one);
  }
  private drop(one: Watched): void {
    this.all.delete(one.path.node);
    if (this.byGateway.get(one.gateway) === one) this.byGateway.delete(one.gateway);
    this.urgent.delete(one);
    this.calm.delete(one);
    this.options.prober.forget(one.gateway);
  }

  private tick(): void {
    this.cancelTick = undefined;
    if (this.stopped || this.own === undefined) return;
    this.cancelTick = this.options.clock.after(TICK_MS, () => this.tick());
    const now = this.options.clock.monotonic();
    const before = firstDue(this.urgent, ASKED_MAX - CALM_MIN, now);
    const others = firstDue(this.calm, ASKED_MAX - before.length, now);
    for (const one of [...before, ...others]) this.ask(one, now);
  }
  private ask(one: Watched, now: number): void {
    const { prober } = this.options;
    const { path, gateway } = one;
    this.decide(one, now);
    // Only what the router has made is asked by: what is to be made is in the next plan.
    for (const way of podNetwork.waysToAsk(one.watch, path, now)) {
      one.watch = podNetwork.pathAsked(one.watch, way, now);
      prober.ask({ to: gateway, way, stance: podNetwork.stanceOf(one.watch, now) });
    }
    one.asked += 1;
    this.file(one, now, podNetwork.askEvery(one.watch, now));
  }
  private file(one: Watched, now: number, every: number): void {
    one.dueAt = now + every * shareFor(one.path.node, one.asked);
    const isUrgent = every < podNetwork.ASK_CALM_MS;
    (isUrgent ? this.calm : this.urgent).delete(one);
    const queue = isUrgent ? this.urgent : this.calm;
    queue.delete(one);
    queue.add(one);
  }

  private asked({ from, stance }: PathWord): podNetwork.PathWatch['theirs'] | undefined {
    const one = this.byGateway.get(from);
    if (!one) return undefined;
    const now = this.options.clock.monotonic();
    // Who asks may be anybody: what it says of itself counts when it answers, which it soon is to.
    if (stance !== one.watch.theirs) this.hasten(one, now);
    return podNetwork.stanceOf(one.watch, now);
  }
  private hasten(one: Watched, now: number): void {
    if (one.dueAt - now <= podNetwork.ASK_MS) return;
    this.file(one, now, podNetwork.ASK_MS / 4);
  }
  private answered({ from, way, stance }: PathWord): void {
    const one = this.byGateway.get(from);
    if (!one) return;
    const now = this.options.clock.monotonic();
    one.watch = podNetwork.pathAnswered(one.watch, way, stance, now);
    this.decide(one, now);
    // Until the answer was there, the next question was to come soon.
    if (podNetwork.askEvery(one.watch, now) >= podNetwork.ASK_CALM_MS && this.urgent.has(one))
      this.file(one, now, podNetwork.ASK_CALM_MS);
  }
  private decide(one: Watched, now: number): void {
    const { way } = one.watch;
    one.watch = podNetwork.decidePath(one.watch, now);
    const choice = podNetwork.choiceOf(one.watch, now);
    if (one.watch.way !== way) this.say(one);
    if (choice.way === one.choice.way && choice.spare === one.choice.spare) return;
    one.choice = choice;
    this.options.onChange();
  }
  private say({ path, gateway, watch }: Watched): void {
    const how =
      watch.way === 'vxlan'
        ? `through the overlay: the direct way to ${gateway} does not answer`
        : `by the direct way again: ${gateway} answers`;
    this.options.log?.(`pods of ${path.node} are reached ${how}`);
  }
}

/** So many of those that are due, from the front: who is there was asked longest ago. */
function firstDue(queue: ReadonlySet<Watched>, count: number, now: number): readonly Watched[] {
  const due: Watched[] = [];
  let looked = 0;
  for (const one of queue) {
    if (due.length >= count || ++looked > 4 * ASKED_MAX) break;
    if (one.dueAt <= now) due.push(one);
  }
  return due;
}

/** 0.8 to 1: keeps nodes from asking in step, and differs each time. */
function shareFor(node: string, count: number): number {
  let mark = count;
  for (let i = 0; i < node.length; i++) mark = (mark * 31 + node.charCodeAt(i)) % 65_521;
  return 0.8 + (0.2 * ((mark * 7919) % 65_521)) / 65_521;
}
