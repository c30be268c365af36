import { describe, expect, it } from '@jest/globals';
import { MemoryLogStore } from '#adapters';
import { CREATED, type StoredEvent } from '#model';
import type { Json, JsonObject } from '#std';
import { EventChecks } from './event-checks.js';
import { budgetsAreKept, uncountedBudgets } from './budgets.js';

const BUDGET = 'policy.poddisruptionbudgets/default/web';
const CHARGE: JsonObject = { b: '2026-01-01T00:00:00Z' };

/** A log written by hand: what the checker must find in it. Two pods of a deployment are ready, and one must stay. */
class Log {
  readonly events: StoredEvent[] = [];
  constructor() {
    const metadata = { name: 'default', uid: 'ns' };
    this.add('core.namespaces/_/default', CREATED, { object: { apiVersion: 'v1', kind: 'Namespace', metadata } });
    this.put('apps.deployments/default/web', 'apps/v1', 'Deployment', {}, { spec: { replicas: 2 } });
    this.put('apps.replicasets/default/web-1', 'apps/v1', 'ReplicaSet', ownedBy('Deployment', 'web'), {});
    for (const name of ['a', 'b']) this.pod(name);
    const spec = { minAvailable: 1, selector: { matchLabels: { app: 'web' } } };
    this.put(BUDGET, 'policy/v1', 'PodDisruptionBudget', { generation: 1 }, { spec });
  }
  pod(name: string): this {
    const metadata = { labels: { app: 'web' }, ...ownedBy('ReplicaSet', 'web-1') };
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    return this.put(`core.pods/default/${name}`, 'v1', 'Pod', metadata, { spec: {}, status });
  }
  /** What the loop counts, by the view of this moment unless it says otherwise. */
  counts(healthy: number, allowed: number, more: JsonObject = {}, at = 0): this {
    const status = { observedGeneration: 1, currentHealthy: healthy, desiredHealthy: 1, disruptionsAllowed: allowed };
    return this.status({ ...status, expectedPods: 2, ...more }, { via: 'disruption', at });
  }
  charges(allowed: number, disruptedPods: Json = CHARGE): this {
    const counted = { observedGeneration: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 };
    return this.status({ ...counted, disruptionsAllowed: allowed, disruptedPods }, { via: 'api', at: 0 });
  }
  evicted(name: string, budget?: string): this {
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
    const set = [
      [['metadata', 'deletionTimestamp'], '2026-01-01T00:00:00Z'],
      [['status', 'conditions', 1], condition],
    ];
    return this.add(`core.pods/default/${name}`, 'DeletionRequested', { uid: name, set, ...(budget && { budget }) });
  }
  checks(): EventChecks {
    const checker = budgetsAreKept((time) => Date.parse(time));
    const checks = new EventChecks(new MemoryLogStore({ events: this.events }), undefined, [checker]);
    checks.catchUp();
    return checks;
  }
  violations(): readonly string[] {
    return this.checks().violations.map(({ message }) => message);
  }

  private status(status: Json, { via, at }: { readonly via: string; readonly at: number }): this {
    return this.add(BUDGET, 'StatusReported', { uid: 'web', set: [[['status'], status]] }, { via, at });
  }
  private put(stream: string, apiVersion: string, kind: string, metadata: JsonObject, rest: JsonObject): this {
    const name = stream.slice(stream.lastIndexOf('/') + 1);
    const named = { name, namespace: 'default', uid: name, ...metadata };
    return this.add(stream, CREATED, { object: { apiVersion, kind, metadata: named, ...rest } });
  }
  private add(stream: string, type: string, data: JsonObject, { via = 'test', at = 0 } = {}): this {
    const position = this.events.length + 1;
    const time = new Date(Date.UTC(2026, 0, 1) + at).toISOString();
    const revision = this.events.filter((event) => event.stream === stream).length;
    const basis = { loop: via, key: 'default/web', view: position - 1, now: time, build: 'test' };
    this.events.push({
      ...{ id: String(position), type, stream, position, data, time, revision },
      metadata: { epoch: 1, actor: 'test', via, correlationId: 'test', schemaVersion: 1, basis },
    });
    return this;
  }
}
function ownedBy(kind: string, name: string): JsonObject {
  return { ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }] };
}

describe('the checker of budgets finds', () => {
  it('nothing where an eviction is counted, charged and seen', () => {
    const log = new Log().counts(2, 1).charges(0).evicted('b', 'web').counts(1, 0, { disruptedPods: null });
    expect(log.violations()).toEqual([]);
    expect(uncountedBudgets(log.checks().replayed)).toEqual([]);
  });
  it('a count that is not what the pods leave', () => {
    expect(new Log().counts(2, 2).violations()).toEqual(['web counts 2 of 1, 2 may go; there are 2 of 1, 1 may go']);
    expect(new Log().counts(3, 1).violations()).toEqual(['web counts 3 of 1, 1 may go; there are 2 of 1, 1 may go']);
  });
  it('an eviction that is not allowed, or not charged', () => {
    expect(new Log().counts(2, 1).charges(1).violations()).toEqual(['web allowed 1 evictions, and 1 after one']);
    const twice = new Log()
      .counts(2, 1)
      .charges(0)
      .charges(-1, { a: CHARGE['b'] as Json, ...CHARGE });
    expect(twice.violations()).toEqual(['web allows 0 evictions, and one is charged']);
    expect(new Log().counts(2, 1).evicted('b').violations()).toEqual(['b is ready, and goes without asking web']);
    expect(new Log().counts(2, 1).evicted('b', 'web').violations()).toEqual(['b goes, and web was not charged']);
  });
  it('an eviction that is forgotten before its pod goes, unless that takes for ever', () => {
    const forgets = (at: number): readonly string[] =>
      new Log().counts(2, 1).charges(0).counts(2, 1, { disruptedPods: null }, at).violations();
    expect(forgets(60_000)).toEqual(['web forgets the eviction of b after 60000 ms']);
    expect(forgets(121_000)).toEqual([]);
  });
  it('a budget that nobody counts, or that waits for ever', () => {
    expect(uncountedBudgets(new Log().checks().replayed)).toContain('budget web was not counted');
    const waits = new Log().counts(2, 1).charges(0).checks().replayed;
    expect(uncountedBudgets(waits)).toContain('budget web waits for b');
  });
});
