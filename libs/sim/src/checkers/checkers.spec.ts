import { describe, expect, it } from '@jest/globals';
import { MemoryLogStore } from '#adapters';
import { Projection } from '#engine';
import {
  CREATED,
  DELETED,
  foldEvent,
  streamOf,
  type EventMetadata,
  type KubeObject,
  type LoopBasis,
  type StoredEvent,
} from '#model';
import type { Json, JsonObject } from '#std';
import { differingKinds } from '../custom-kinds.js';
import type { EventChecker } from './checker.js';
import { customObjectsAreDefined, unsettledDefinitions } from './custom-objects.js';
import { EventChecks } from './event-checks.js';
import { onlyTheReadyAreListed } from './slices.js';
import { Deletions } from './stopping.js';

const metadata = (via: string): EventMetadata => ({
  epoch: 1,
  actor: 'test',
  via,
  correlationId: 'test',
  schemaVersion: 1,
});

/** A log written by hand: what the checkers must find in it. */
class Log {
  readonly events: StoredEvent[] = [];
  constructor() {
    this.put('core.namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', uid: 'ns' } });
  }
  add(stream: string, type: string, data: JsonObject, via = 'test'): this {
    const revision = this.events.filter((event) => event.stream === stream).length;
    const position = this.events.length + 1;
    this.events.push({
      id: String(position),
      type,
      stream,
      revision,
      position,
      time: '2026-01-01T00:00:00.000Z',
      data,
      metadata: metadata(via),
    });
    return this;
  }
  put(kind: string, object: object, via?: string): this {
    const { namespace, name } = (object as KubeObject).metadata;
    return this.add(streamOf(kind, namespace, name), CREATED, { object: object as unknown as Json }, via);
  }
  violations(more?: readonly EventChecker[]): readonly string[] {
    const checks = new EventChecks(new MemoryLogStore({ events: this.events }), undefined, more);
    checks.catchUp();
    return checks.violations.map(({ checker, message }) => `${checker}: ${message}`);
  }
}
const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', uid: 'n' },
  spec: {},
  status: { allocatable: { cpu: '1', memory: '1Gi', pods: '9' } },
};
const pod = (name: string, more: object = {}, meta: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: name, ...meta },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '600m' } } }], ...more },
  status: { phase: 'Pending' },
});

describe('the checkers find', () => {
  it('a pod that is moved to another node', () => {
    const log = new Log().put('core.pods', pod('p', { nodeName: 'a' }));
    log.add('core.pods/default/p', 'SpecChanged', { uid: 'p', set: [[['spec', 'nodeName'], 'b']] });
    expect(log.violations()).toEqual(['no pod is bound twice: core.pods/default/p moved from a to b']);
  });

  it('a node with more than it has', () => {
    const log = new Log()
      .put('core.nodes', node)
      .put('core.pods', pod('p', { nodeName: 'n' }))
      .put('core.pods', pod('q', { nodeName: 'n' }));
    expect(log.violations()).toEqual(['no node is over-committed: n: 1200m of 1 cpu is bound']);
  });

  it('a pod too many in a rollout, and a ready one that went too early', () => {
    const owner = (kind: string, name: string): object => ({
      ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
    });
    const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
    const web = (name: string): object => ({ ...pod(name, {}, owner('ReplicaSet', 'set')), ...ready });
    const log = new Log()
      .put('apps.deployments', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'default', uid: 'web' },
        spec: { replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
      })
      .put('apps.replicasets', {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'set', namespace: 'default', uid: 'set', ...owner('Deployment', 'web') },
        spec: { replicas: 2 },
      });
    for (const name of ['a', 'b', 'c']) log.put('core.pods', web(name), 'replica-set');
    expect(log.violations()).toEqual([]);
    log.put('core.pods', web('d'), 'replica-set');
    expect(log.violations()).toEqual(['rollouts stay inside their bounds: web: 4 pods, 3 allowed']);
    const byThen = (view: number): string[] => {
      const basis: LoopBasis = { loop: 'replica-set', key: 'default/set', view, now: '', build: '' };
      Object.assign(log.events.at(-1)?.metadata ?? {}, { basis });
      return [...log.violations()];
    };
    log.events.pop();
    const rest = log.events.length;
    // Decided when more were wanted, and late: right. Decided later: wrong.
    const scaled = (replicas: number): Log =>
      log.add('apps.replicasets/default/set', 'DeploymentScaled', {
        uid: 'set',
        set: [[['spec', 'replicas'], replicas]],
      });
    scaled(3);
    const more = log.events.length;
    scaled(2).put('core.pods', web('d'), 'replica-set');
    expect(byThen(more)).toEqual([]);
    expect(byThen(more + 1)).toEqual(['rollouts stay inside their bounds: web: 4 pods, 3 allowed']);
    log.events.splice(rest);
    const deleted = (): Log => {
      for (const name of ['a', 'b']) log.add(`core.pods/default/${name}`, 'Deleted', { uid: name }, 'replica-set');
      return log;
    };
    expect(deleted().violations()).toEqual([
      'rollouts stay inside their bounds: web: 1 available pods left, 2 must be',
    ]);
    log.events.splice(rest);
    const desired = { 'deployment.kubernetes.io/desired-replicas': '0' };
    log.add('apps.replicasets/default/set', 'DeploymentScaled', {
      ...{ uid: 'set', set: [[['metadata', 'annotations'], desired]] },
    });
    expect(deleted().violations()).toEqual([]);
  });

  it('a namespace that goes before what is in it, and what is created in none', () => {
    const map = (name: string, namespace: string): object => ({ metadata: { name, namespace, uid: name } });
    const log = new Log().put('core.configmaps', map('a', 'default'));
    log
      .add(streamOf('core.namespaces', undefined, 'default'), 'Deleted', { uid: 'ns' })
      .put('core.configmaps', map('b', 'default'));
    expect(log.violations()).toEqual([
      'a namespace goes last: namespace default was deleted with core.configmaps in it',
      'a namespace goes last: core.configmaps/default/b was created in a namespace that does not exist',
    ]);
  });

  it('a slice that lists a pod which was not ready when that was decided', () => {
    const conditions = (status: string): JsonObject => ({ conditions: [{ type: 'Ready', status }] });
    const log = new Log().put('core.pods', { ...pod('p'), status: conditions('True') });
    const ready = log.events.length;
    log.add('core.pods/default/p', 'StatusReported', { uid: 'p', set: [[['status'], conditions('False')]] });
    const slice = (view: number): object => {
      const endpoints = [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { name: 'p', uid: 'p' } }];
      log.put('discovery.k8s.io.endpointslices', {
        ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', endpoints },
        metadata: { name: `at-${view}`, namespace: 'default', uid: `at-${view}` },
      });
      const basis: LoopBasis = { loop: 'endpoint-slice', key: 'default/web', view, now: '', build: '' };
      return Object.assign(log.events.at(-1)?.metadata ?? {}, { basis });
    };
    slice(ready);
    expect(log.violations([onlyTheReadyAreListed()])).toEqual([]);
    slice(ready + 1);
    expect(log.violations([onlyTheReadyAreListed()])).toEqual([
      'slices list the ready pods: discovery.k8s.io.endpointslices/default/at-3 lists p, not ready at 3',
    ]);
  });

  it('whether a pod may be stopped', () => {
    const log = new Log().put('core.pods', pod('p')).put('core.pods', pod('q')).put('core.pods', pod('r'));
    log.add('core.pods/default/p', 'DeletionRequested', {
      uid: 'p',
      set: [[['metadata', 'deletionTimestamp'], '2026-01-01T00:00:00Z']],
    });
    log.add('core.pods/default/q', 'Deleted', { uid: 'q' });
    const deletions = new Deletions(new MemoryLogStore({ events: log.events }));
    expect([deletions.has('p'), deletions.has('q'), deletions.has('r')]).toEqual([true, true, false]);
  });
});

describe('the checker of custom objects finds', () => {
  const DEFINITIONS = 'apiextensions.k8s.io.customresourcedefinitions';
  const definition = (condition: string, spec: object = {}): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.sim.example.com', uid: 'd' },
    spec: {
      group: 'sim.example.com',
      names: { plural: 'boats', kind: 'Boat' },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true },
          schema: { openAPIV3Schema: { properties: { spec: { properties: { size: { default: 1, maximum: 9 } } } } } },
        },
      ],
      ...spec,
    },
    status: { conditions: [{ type: condition, status: 'True' }] },
  });
  const boat = (name: string, spec: object, apiVersion = 'sim.example.com/v1'): object => ({
    ...{ apiVersion, kind: 'Boat', metadata: { name, namespace: 'default', uid: name }, spec },
  });
  const found = (log: Log) =>
    log
      .violations([customObjectsAreDefined])
      .map((message) => message.replace('a custom object is as its definition says: ', ''));
  const BOATS = 'sim.example.com.boats';

  it('one without a definition, one before it is established, one while it goes', () => {
    expect(found(new Log().put(BOATS, boat('a', { size: 1 })))).toEqual([
      `${BOATS}/default/a was written without a definition`,
    ]);
    const early = new Log().put(DEFINITIONS, definition('NamesAccepted')).put(BOATS, boat('a', { size: 1 }));
    expect(found(early)).toEqual([`${BOATS}/default/a was written before its definition was established`]);
    const established = definition('Established') as { readonly status: { readonly conditions: readonly object[] } };
    const conditions = [...established.status.conditions, { type: 'Terminating', status: 'True' }];
    const late = new Log()
      .put(DEFINITIONS, { ...established, status: { conditions } })
      .put(BOATS, boat('a', { size: 1 }));
    expect(found(late)).toEqual([`${BOATS}/default/a was created while its definition goes`]);
  });

  it('one of another version, with a field too many, without a default, too large', () => {
    const log = new Log()
      .put(DEFINITIONS, definition('Established'))
      .put(BOATS, boat('a', { size: 9 }))
      .put(BOATS, boat('b', { size: 1 }, 'sim.example.com/v2'))
      .put(BOATS, boat('c', { size: 1, colour: 'red' }))
      .put(BOATS, boat('d', {}))
      .put(BOATS, boat('e', { size: 10 }));
    expect(found(log)).toEqual([
      `${BOATS}/default/b was stored as sim.example.com/v2, not as v1`,
      `${BOATS}/default/c was stored with colour, which its version does not have`,
      `${BOATS}/default/d was stored without the default of size`,
      `${BOATS}/default/e was stored with size 10, of which 9 is the most`,
    ]);
  });

  it('a definition that goes before its objects', () => {
    const log = new Log()
      .put(DEFINITIONS, definition('Established'))
      .put(BOATS, boat('a', { size: 9 }))
      .add(streamOf(DEFINITIONS, undefined, 'boats.sim.example.com'), DELETED, { uid: 'd' });
    expect(found(log)).toEqual(['boats.sim.example.com went before 1 of its objects']);
    const view = new Projection(foldEvent);
    for (const event of log.events) view.apply(event);
    expect(unsettledDefinitions(view, view.entries())).toEqual([`${BOATS}/default/a outlived its definition`]);
  });

  it('a definition that never makes its kind, and one that stays', () => {
    const stays = definition('Established') as { readonly metadata: object };
    const view = new Projection(foldEvent);
    const at = '2026-01-01T00:00:00Z';
    const log = new Log()
      .put(DEFINITIONS, definition('Other'))
      .put(DEFINITIONS, { ...stays, metadata: { name: 'ships.sim.example.com', uid: 's', deletionTimestamp: at } });
    for (const event of log.events) view.apply(event);
    expect(unsettledDefinitions(view, view.entries())).toEqual([
      'boats.sim.example.com is not established, and nobody has its names',
      'ships.sim.example.com is still being deleted',
    ]);
  });
});

describe('what is served of custom kinds', () => {
  it('is told apart where definitions differ, objects differ or one is missing', () => {
    const kinds = new Map<string, Json>([
      ['a', { size: 1 }],
      ['b', { size: 1 }],
      ['c', { size: 1 }],
    ]);
    const others = new Map<string, Json>([
      ['a', { size: 1 }],
      ['b', { size: 2 }],
      ['d', { size: 1 }],
    ]);
    expect(differingKinds(kinds, others)).toEqual(['b', 'c', 'd']);
  });
});
