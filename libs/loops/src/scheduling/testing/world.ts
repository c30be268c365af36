import { nodes, pods } from '#kinds';
import { streamOf, type Change, type Decision, type KubeObject, type Submit } from '#model';
import { TestView } from '#model/testing';
import { type Pod } from '#pod';
import type { JsonObject } from '#std';
import fc from 'fast-check';

/** What may happen in a random cluster. */
export type Step =
  | {
      readonly does: 'put node';
      readonly node: number;
      readonly zone: number;
      readonly cpu: number;
      readonly bad: number;
    }
  | { readonly does: 'remove node'; readonly node: number }
  | {
      readonly does: 'create pod';
      readonly pod: number;
      readonly wants: number;
      readonly cpu: number;
      readonly priority: number;
    }
  | { readonly does: 'bind' | 'label'; readonly pod: number; readonly to: number }
  | { readonly does: 'end' | 'terminate' | 'delete'; readonly pod: number }
  | { readonly does: 'label namespace'; readonly team: number }
  | { readonly does: 'wait'; readonly ms: number }
  | { readonly does: 'look' };

const PODS = 14;
const NODES = 5;
const small = fc.nat(3);
const pod = fc.nat(PODS);
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('put node'),
      node: fc.nat(NODES),
      zone: small,
      cpu: fc.integer({ min: 1, max: 4 }),
      bad: fc.nat(6),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove node'), node: fc.nat(NODES) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('create pod'),
      pod,
      wants: fc.nat(9),
      cpu: fc.integer({ min: 1, max: 3 }),
      priority: small,
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('bind', 'label'), pod, to: fc.nat(NODES) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('end', 'terminate', 'delete'), pod }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('label namespace'), team: small }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('wait'), ms: fc.constantFrom(100, 3000, 12_000, 400_000) }) },
  { weight: 6, arbitrary: fc.constant({ does: 'look' } as const) },
) as fc.Arbitrary<Step>;

/** A cluster that such steps happen to. Every change is handed on as the runner does. */
export class World {
  readonly view = new TestView();
  now = Date.UTC(2026, 0, 1, 12);

  constructor(private readonly onChange: (change: Change) => void) {}

  take(now: Step): void {
    switch (now.does) {
      case 'put node':
        return this.write(nodeOf(now));
      case 'remove node':
        return this.gone(this.view.get(nodes, undefined, `n${now.node}`));
      case 'create pod':
        if (!this.pod(now.pod)) this.write(podOf(now));
        return;
      case 'label namespace':
        return this.write({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'other', uid: 'other', labels: { team: `t${now.team}` } },
        });
      case 'wait':
        this.now += now.ms;
        return;
      case 'look':
        return;
      default:
        return this.change(now);
    }
  }
  private change(now: Extract<Step, { readonly pod: number }>): void {
    const known = this.pod(now.pod);
    if (!known) return;
    const { metadata, spec, status } = known;
    if (now.does === 'delete') this.gone(known);
    else if (now.does === 'end') this.write({ ...known, status: { ...status, phase: 'Succeeded' } });
    else if (now.does === 'terminate')
      this.write({ ...known, metadata: { ...metadata, deletionTimestamp: '2026-01-01T12:00:00Z' } });
    else if (now.does === 'bind' && !spec.nodeName) this.write({ ...known, spec: { ...spec, nodeName: `n${now.to}` } });
    else if (now.does === 'label')
      this.write({ ...known, metadata: { ...metadata, labels: { ...metadata.labels, app: `a${now.to}` } } });
  }

  /** Does what a look has decided, as the writer would. */
  carryOut(decisions: readonly Decision[]): void {
    for (const decision of decisions) if (decision.is === 'submit') this.submit(decision);
  }
  private submit({ command, then = [] }: Submit): void {
    if (command.kind !== pods.id) return;
    const known = this.view.get(pods, command.namespace, command.name);
    if (!known) return;
    const body = command.body as JsonObject & { target?: { name: string }; status?: JsonObject };
    if (command.subresource === 'binding')
      this.write({ ...known, spec: { ...known.spec, nodeName: body.target?.name } as Pod['spec'] });
    if (command.subresource === 'status') {
      const { nominatedNodeName, conditions = [] } = body.status as {
        nominatedNodeName?: string | null;
        conditions?: object[];
      };
      const { nominatedNodeName: last, ...rest } = known.status ?? {};
      const next = nominatedNodeName === undefined ? last : (nominatedNodeName ?? undefined);
      this.write({ ...known, status: { ...rest, conditions, ...(next && { nominatedNodeName: next }) } });
    }
    if (command.verb === 'delete')
      this.write({ ...known, metadata: { ...known.metadata, deletionTimestamp: '2026-01-01T12:00:00Z' } });
    for (const next of then) this.submit(next);
  }

  private pod(number: number): Pod | undefined {
    return this.view.get(pods, namespaceOf(number), `p${number}`);
  }
  private write(object: KubeObject): void {
    const stream = streamFor(object);
    const before = this.view.stream(stream)?.object;
    const { resourceVersion: _version, ...metadata } = object.metadata;
    this.view.append(stream, before ? 'SpecChanged' : 'Created', {
      object: { ...object, metadata },
    } as unknown as JsonObject);
    this.tell(stream, before);
  }
  private gone(object: KubeObject | undefined): void {
    if (!object) return;
    const stream = streamFor(object);
    this.view.append(stream, 'Deleted', { uid: object.metadata.uid });
    this.tell(stream, object);
  }
  private tell(stream: string, before: KubeObject | undefined): void {
    const after = this.view.stream(stream)?.object;
    this.onChange({ kind: stream.slice(0, stream.indexOf('/')), position: this.view.position, before, after });
  }
}

function streamFor({ kind, metadata }: KubeObject): string {
  return streamOf(`core.${kind.toLowerCase()}s`, metadata.namespace, metadata.name);
}
const namespaceOf = (pod: number): string => (pod % 4 === 3 ? 'other' : 'default');

function nodeOf({ node, zone, cpu, bad }: Extract<Step, { does: 'put node' }>): KubeObject {
  const name = `n${node}`;
  const taint = { key: 'k', effect: bad === 1 ? 'NoSchedule' : 'PreferNoSchedule' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, labels: { host: name, ...(zone > 0 && { zone: `z${zone}` }) } },
    spec: { ...(bad === 1 || bad === 2 ? { taints: [taint] } : {}), ...(bad === 3 && { unschedulable: true }) },
    status: { allocatable: { cpu: `${cpu}`, memory: '8Gi', pods: `${cpu + 2}`, ...(bad === 4 && { 'x/gpu': '1' }) } },
  };
}

function podOf({ pod: number, wants, cpu, priority }: Extract<Step, { does: 'create pod' }>): KubeObject {
  const app = `a${number % 3}`;
  const requests = { cpu: `${cpu * 400}m`, ...(wants === 9 && { 'x/gpu': '1' }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${number}`,
      namespace: namespaceOf(number),
      uid: `pod-${number}`,
      generation: 1,
      labels: { app },
    },
    spec: {
      priority,
      containers: [
        {
          name: 'c',
          image: 'i',
          resources: { requests },
          ...(wants === 1 && { ports: [{ containerPort: 80, hostPort: 80 }] }),
        },
      ],
      ...wishes(wants, app),
    },
    status: { phase: 'Pending' },
  };
}
function wishes(wants: number, app: string): object {
  const labelSelector = { matchLabels: { app } };
  const required = (term: object) => ({ requiredDuringSchedulingIgnoredDuringExecution: [term] });
  const preferred = (podAffinityTerm: object) => ({
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm }],
  });
  const spread = (whenUnsatisfiable: string) => ({
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable, labelSelector }],
  });
  switch (wants) {
    case 2:
      return { affinity: { podAntiAffinity: required({ labelSelector, topologyKey: 'host' }) } };
    case 3:
      return { affinity: { podAffinity: required({ labelSelector, topologyKey: 'zone' }) } };
    case 4:
      return spread('DoNotSchedule');
    case 5:
      return { ...spread('ScheduleAnyway'), tolerations: [{ operator: 'Exists' }] };
    case 6:
      return {
        affinity: { podAffinity: preferred({ labelSelector, topologyKey: 'zone' }) },
        nodeSelector: { zone: 'z1' },
      };
    case 7: {
      const namespaceSelector = { matchLabels: { team: 't1' } };
      return { affinity: { podAntiAffinity: required({ labelSelector, namespaceSelector, topologyKey: 'zone' }) } };
    }
    case 8:
      return {
        affinity: { podAntiAffinity: preferred({ labelSelector, topologyKey: 'host' }) },
        preemptionPolicy: 'Never',
      };
    default:
      return {};
  }
}
