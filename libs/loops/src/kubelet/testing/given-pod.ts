import { allContainersOf, isInit } from '#pod';
import type { Container, Pod, PodSpec } from '#pod';
import type { Instant } from '#std';
import { specHashOf } from '../hash.js';
import { planPod } from '../plan.js';
import type { PodPlan } from '../plan.js';
import { newPodRecord } from '../record.js';
import type { PodRecord } from '../record.js';
import { sandboxOf, type Observed, type Situation } from '../situation.js';

export const NOW: Instant = Date.UTC(2026, 0, 1, 12);

/** A pod of one container `c`, or what a test says of it. */
export function aPod(
  spec: Partial<PodSpec> & { readonly containers?: readonly Container[] } = {},
  metadata: Partial<Pod['metadata']> = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', uid: 'u', generation: 1, ...metadata },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'c', image: 'img:1' }],
      ...spec,
    },
  };
}

/** Given what was seen, when the loop looks, then it does this. Acts as an engine and an agent that do what they are told. */
export class GivenPod {
  record: PodRecord;
  containers: Observed[] = [];
  now = NOW;
  gone = false;
  served: Situation['served'];
  stopping: Record<string, Instant> = {};
  private ids = 0;

  constructor(public pod: Pod) {
    this.record = { ...newPodRecord(pod.metadata.uid, NOW, pod.status), volumesReady: true };
  }
  situation(): Situation {
    return {
      pod: this.pod,
      record: this.record,
      containers: this.containers,
      busy: new Set(),
      stopping: this.stopping,
      gone: this.gone,
      ...(this.served !== undefined && { served: this.served }),
      node: { name: 'n', hostIps: ['10.0.0.1'], scheme: 'docker' },
      now: this.now,
    };
  }
  look(): PodPlan {
    const plan = planPod(this.situation());
    this.record = plan.record;
    return plan;
  }
  /** Looks and does what is asked, until nothing more is asked at this moment. */
  settle(): PodPlan {
    for (let i = 0; i < 50; i++) {
      const plan = this.look();
      const rest = plan.actions.filter((a) => a.do !== 'probe' && a.do !== 'stop');
      for (const action of plan.actions) if (action.do === 'stop') this.stopping[action.id] = action.deadline;
      if (rest.length === 0) return plan;
      this.now += 1;
      for (const action of rest) {
        if (action.do === 'sandbox') this.add('POD', 'infra', action.attempt);
        else if (action.do === 'start')
          this.add(action.container, isInit(this.pod, action.container) ? 'init' : 'app', action.attempt);
        else if (action.do === 'remove') this.containers = this.containers.filter((c) => c.id !== action.id);
        else if (action.do === 'cleanup') {
          this.containers = [];
          this.record = { ...this.record, cleaned: true };
        }
      }
    }
    throw new Error('the loop never comes to rest');
  }
  /** The named containers, of the newest attempt, end with this code. */
  end(name: string, exitCode: number): this {
    const newest = this.newest(name);
    this.containers = this.containers.map((c) =>
      c.id === newest?.id && c.state === 'running' ? { ...c, state: 'exited', exitCode, finishedAt: this.now } : c,
    );
    if (newest) delete this.stopping[newest.id];
    return this;
  }
  wait(ms: number): this {
    this.now += ms;
    return this;
  }
  newest(name: string): Observed | undefined {
    return [...this.containers]
      .filter((c) => c.labels.container === name)
      .sort((a, b) => b.labels.attempt - a.labels.attempt)[0];
  }
  running(): readonly string[] {
    return this.containers
      .filter((c) => c.state === 'running' && c.labels.role !== 'infra')
      .map((c) => `${c.labels.container}/${c.labels.attempt}`);
  }
  private add(container: string, role: string, attempt: number): void {
    const spec = allContainersOf(this.pod).find((c) => c.name === container);
    this.containers.push({
      id: `id-${++this.ids}`,
      labels: { container, role, attempt, specHash: spec ? specHashOf(spec) : '' },
      state: 'running',
      createdAt: this.now,
      startedAt: this.now,
      image: spec?.image ?? '',
      imageId: 'sha256:1',
      ...(role === 'infra' ? { ips: ['10.244.0.2'] } : { sandboxId: sandboxOf(this.containers)?.id ?? '' }),
    });
  }
}
