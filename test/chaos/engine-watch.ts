import Docker from 'dockerode';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '#std';
import type { EngineContainer, TestCluster } from '../support/test-cluster.js';

/** A signal that somebody had the engine send to a container. */
export interface Signal {
  readonly container: string;
  readonly podUid: string;
  readonly pod: string;
  readonly role: string;
  readonly atMs: number;
}

/** So often a pod loses a container at most: each time its next start waits twice as long. */
const KILLS_PER_POD = 2;

/** The engine as a bystander sees it: who was sent a signal, and by whom. It kills containers itself, too. */
export class EngineWatch {
  private readonly docker = new Docker();
  private readonly heard: Signal[] = [];
  private readonly killed = new Set<string>();
  private readonly killsOfPod = new Map<string, number>();
  /** Pods whose network is gone: their agent must take the rest of them down. */
  private readonly uprooted = new Set<string>();
  private stream: Readable | undefined;

  constructor(private readonly cluster: TestCluster) {}

  async begin(): Promise<void> {
    const id = readFileSync(join(this.cluster.home, 'cluster'), 'utf8').trim();
    const filters = { label: [`io.shiplog.cluster=${id}`], event: ['kill'] };
    this.stream = (await this.docker.getEvents({ filters })) as Readable;
    createInterface({ input: this.stream }).on('line', (line) => this.take(line));
  }
  end(): void {
    this.stream?.destroy();
  }

  /** Signals that were not ours: an agent's. */
  get signals(): readonly Signal[] {
    return this.heard.filter(({ container, podUid }) => !this.killed.has(container) && !this.uprooted.has(podUid));
  }

  /** Kills a container of this role; none when all have had their share. */
  async killSome(chance: Prng, role: 'app' | 'infra'): Promise<string> {
    const all = (await this.cluster.containers({ infra: true })).filter(
      ({ Labels }) => Labels['io.shiplog.container.role'] === role,
    );
    const victims = all.filter((one) => (this.killsOfPod.get(podUid(one)) ?? 0) < KILLS_PER_POD);
    if (victims.length === 0) return '(there is none)';
    const victim = chance.pick([...victims].sort((a, b) => (a.Id < b.Id ? -1 : 1)));
    this.killed.add(victim.Id);
    this.killsOfPod.set(podUid(victim), (this.killsOfPod.get(podUid(victim)) ?? 0) + 1);
    if (role === 'infra') this.uprooted.add(podUid(victim));
    await this.docker
      .getContainer(victim.Id)
      .kill({ signal: 'SIGKILL' })
      .catch(() => undefined);
    return `${victim.Labels['io.shiplog.pod.name']}`;
  }

  private take(line: string): void {
    if (!line.trim()) return;
    const { Actor, timeNano } = JSON.parse(line) as {
      Actor: { ID: string; Attributes: Readonly<Record<string, string>> };
      timeNano: number;
    };
    const label = (name: string): string => Actor.Attributes[`io.shiplog.${name}`] ?? '';
    this.heard.push({
      container: Actor.ID,
      podUid: label('pod.uid'),
      pod: label('pod.name'),
      role: label('container.role'),
      atMs: timeNano / 1e6,
    });
  }
}

function podUid({ Labels }: EngineContainer): string {
  return Labels['io.shiplog.pod.uid'] ?? '';
}
