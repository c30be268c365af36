import { describe, expect, it } from '@jest/globals';
import { MemoryLogStore } from '#adapters';
import { CREATED, streamOf, type EventMetadata, type KubeObject, type LoopBasis, type StoredEvent } from '#model';
import type { Json, JsonObject } from '#std';
import type { EventChecker } from './checker.js';
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
