import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '#std';
import type { Fabric } from '../support/hosts/fabric.js';
import type { Host } from '../support/hosts/host.js';
import type { HostScene } from './host-scene.js';
import type { Trouble } from './troubles.js';

const LONGEST_MS = 25_000;
const SHORTEST_MS = 1_000;
/** An agent that is dead until a pod that must not run twice was replaced cannot stop it: its init system starts it sooner. */
const RESTART_MS = 5_000;
/** So often a pod loses a container at most: each time its next start waits twice as long. */
const KILLS_PER_POD = 2;

/**
 * Everything that can happen to hosts, their links and what runs on them. Each trouble ends before it resolves, so that what comes
 * after it is about its heal.
 */
export class HostTroubles {
  private readonly killsOfPod = new Map<string, number>();

  constructor(
    private readonly scene: HostScene,
    private readonly chance: Prng,
  ) {}

  all(): readonly Trouble[] {
    return [
      ['kill containers', () => this.killContainers('app', 3)],
      ['kill an infra container', () => this.killContainers('infra', 1)],
      ['kill an agent', () => this.killAgent()],
      ['kill the bus', () => this.scene.hosts.control.signalProgram('nats-server', 'KILL')],
      ['kill the control plane', () => this.killControlPlane()],
      ['kill an engine', () => this.killEngine()],
      ['power off a node', () => this.powerOff(this.node())],
      ['power off the control plane', () => this.powerOff(this.scene.hosts.control)],
      ['freeze an engine', () => this.freeze()],
      ['cut a node', () => this.cut(this.node())],
      ['cut the control plane', () => this.cut(this.scene.hosts.control)],
      ['cut two nodes from each other', () => this.cutPair()],
      ['cut a node one way', () => this.cutOneWay()],
      ['lose packets', () => this.lose()],
      ['slow a link', () => this.slow()],
      ['delay a link', () => this.delay()],
    ];
  }

  /** Nothing is wrong any more, whatever failed on the way. */
  async heal(): Promise<void> {
    const { hosts } = this.scene;
    await hosts.hosts.links.heal();
    for (const host of hosts.hosts.all) if (!host.isOn) await hosts.boot(host);
    for (const host of this.scene.nodes) await host.thawEngine();
  }

  private async killContainers(role: 'app' | 'infra', count: number): Promise<string> {
    const killed: string[] = [];
    const all = (
      await Promise.all(
        this.scene.nodes.map(async (host) => (await this.scene.containers(host)).map((one) => ({ host, ...one }))),
      )
    ).flat();
    for (let i = 0; i < count; i++) {
      const victims = all.filter(({ Labels }) => this.mayLose(Labels, role));
      if (victims.length === 0) break;
      const { host, Id, Labels } = this.chance.pick([...victims].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)));
      const uid = Labels['io.shiplog.pod.uid'] ?? '';
      this.killsOfPod.set(uid, (this.killsOfPod.get(uid) ?? 0) + 1);
      await host.engine('POST', `/containers/${Id}/kill`);
      killed.push(nameOf({ Labels }));
    }
    return killed.length > 0 ? killed.join(', ') : '(there is none)';
  }
  private mayLose(labels: Readonly<Record<string, string>>, role: string): boolean {
    const name = labels['io.shiplog.pod.name'] ?? '';
    const kills = this.killsOfPod.get(labels['io.shiplog.pod.uid'] ?? '') ?? 0;
    return labels['io.shiplog.container.role'] === role && !name.startsWith('client-') && kills < KILLS_PER_POD;
  }

  private async killAgent(): Promise<string> {
    const host = this.node();
    const ms = this.chance.below(RESTART_MS);
    await host.stopAgent('KILL');
    await sleep(ms);
    this.scene.hosts.startAgent(host);
    return `of ${host.name} for ${ms} ms`;
  }
  private async killControlPlane(): Promise<string> {
    const ms = this.duration();
    await this.scene.hosts.stopControlPlane('KILL');
    await sleep(ms);
    await this.scene.hosts.startControlPlane();
    return `for ${ms} ms`;
  }
  private async killEngine(): Promise<string> {
    const host = this.node();
    const ms = this.chance.below(RESTART_MS);
    await host.killEngine();
    await sleep(ms);
    await host.startEngine();
    return `of ${host.name} for ${ms} ms`;
  }
  private async powerOff(host: Host): Promise<string> {
    const ms = this.duration();
    await host.powerOff();
    await sleep(ms);
    await this.scene.hosts.boot(host);
    if (host !== this.scene.hosts.control) await this.scene.restartInside(host);
    return `${host.name} for ${ms} ms`;
  }
  private async freeze(): Promise<string> {
    const host = this.node();
    const ms = this.duration();
    await host.freezeEngine();
    await sleep(ms);
    await host.thawEngine();
    return `of ${host.name} for ${ms} ms`;
  }

  private cut({ name }: Host): Promise<string> {
    return this.onLink(name, () => this.links.cut(name));
  }
  private cutPair(): Promise<string> {
    const [a, b] = this.twoNodes();
    return this.onLink(a.name, () => this.links.cutPair(a.name, b.name), `and ${b.name}`);
  }
  private cutOneWay(): Promise<string> {
    const { control } = this.scene.hosts;
    const [a, b] = this.twoNodes();
    const [from, to] = this.chance.pick([
      [a.name, b.name],
      [a.name, control.name],
      [control.name, a.name],
      [a.name, undefined],
      [undefined, a.name],
    ] as const);
    return this.onLink(a.name, () => this.links.cutOneWay(from, to), `(from ${from ?? 'all'} to ${to ?? 'all'})`);
  }
  private lose(): Promise<string> {
    const percent = 5 + this.chance.below(40);
    const { name } = this.any();
    return this.onLink(name, () => this.links.lose(name, percent), `(${percent} %)`);
  }
  private slow(): Promise<string> {
    const megabits = 1 + this.chance.below(8);
    const { name } = this.any();
    return this.onLink(name, () => this.links.slow(name, megabits), `(${megabits} Mbit/s)`);
  }
  private delay(): Promise<string> {
    const delayMs = 5 + this.chance.below(300);
    const { name } = this.any();
    return this.onLink(name, () => this.links.delay(name, delayMs), `(${delayMs} ms)`);
  }

  /** A trouble of the link of a host, for a drawn time. Ends all that is wrong with that link. */
  private async onLink(name: string, trouble: () => Promise<void>, what = ''): Promise<string> {
    const ms = this.duration();
    await trouble();
    await sleep(ms);
    await this.links.heal(name);
    return [name, what, `for ${ms} ms`].filter((word) => word !== '').join(' ');
  }

  private get links(): Fabric {
    return this.scene.hosts.hosts.links;
  }
  private duration(): number {
    return SHORTEST_MS + this.chance.below(LONGEST_MS - SHORTEST_MS);
  }
  private node(): Host {
    return this.chance.pick([...this.scene.nodes]);
  }
  private any(): Host {
    return this.chance.pick([...this.scene.nodes, this.scene.hosts.control]);
  }
  private twoNodes(): readonly [Host, Host] {
    const first = this.node();
    return [first, this.chance.pick(this.scene.nodes.filter((host) => host !== first))];
  }
}

function nameOf({ Labels }: { readonly Labels: Readonly<Record<string, string>> }): string {
  return Labels['io.shiplog.pod.name'] ?? '';
}
