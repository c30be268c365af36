import { describe, expect, it } from '@jest/globals';
import { MemoryLogStore } from '#adapters';
import { CREATED, streamOf, type StoredEvent } from '#model';
import type { Json, JsonObject } from '#std';
import { EventChecks } from './event-checks.js';
import { jobsAreSound } from './jobs.js';

const JOB = 'batch.jobs/default/work';
const TIME = '2026-01-01T00:00:00.000Z';
const FINALIZERS = ['batch.kubernetes.io/job-tracking'];

/** A log written by hand: what the checker must find in it. */
class Log {
  readonly events: StoredEvent[] = [];
  constructor(spec: JsonObject = {}) {
    this.put(streamOf('core.namespaces', undefined, 'default'), {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata: { name: 'default', uid: 'ns' },
    });
    const metadata = { name: 'work', namespace: 'default', uid: 'job' };
    this.put(JOB, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { parallelism: 1, ...spec }, status: {} });
  }
  /** @param view position of the view that the event was decided on; undefined: its own */
  add(
    stream: string,
    type: string,
    data: JsonObject,
    { via = 'job', view }: { via?: string; view?: number } = {},
  ): this {
    const position = this.events.length + 1;
    this.events.push({
      ...{ id: String(position), type, stream, position, data, time: TIME },
      revision: this.events.filter((event) => event.stream === stream).length,
      metadata: {
        ...{ epoch: 1, actor: 'test', via, correlationId: 'test', schemaVersion: 1 },
        ...(view !== undefined && { basis: { loop: via, key: 'default/work', view, now: TIME, build: 'test' } }),
      },
    });
    return this;
  }
  private put(stream: string, object: JsonObject): this {
    return this.add(stream, CREATED, { object });
  }
  pod(name: string, phase: string): this {
    const controller = { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: 'job', controller: true };
    const metadata = { name, namespace: 'default', uid: name, finalizers: FINALIZERS, ownerReferences: [controller] };
    return this.put(`core.pods/default/${name}`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {},
      status: { phase },
    });
  }
  succeeds(name: string): this {
    const set = [[['status', 'phase'], 'Succeeded']];
    return this.add(`core.pods/default/${name}`, 'StatusReported', { uid: name, set }, { via: 'health' });
  }
  status(status: Json, view?: number): this {
    return this.add(JOB, 'StatusReported', { uid: 'job', set: [[['status'], status]] }, { view });
  }
  untrack(name: string): this {
    return this.add(`core.pods/default/${name}`, 'MetadataChanged', { uid: name, unset: [['metadata', 'finalizers']] });
  }
  violations(): readonly string[] {
    const checks = new EventChecks(new MemoryLogStore({ events: this.events }), undefined, [jobsAreSound()]);
    checks.catchUp();
    return checks.violations.map(({ message }) => message);
  }
}
const is = (type: string): JsonObject => ({ type, status: 'True' });

describe('the checker of jobs finds', () => {
  it('nothing in a job that does all in order', () => {
    const log = new Log()
      .pod('a', 'Succeeded')
      .status({ uncountedTerminatedPods: { succeeded: ['a'] } })
      .untrack('a');
    expect(log.status({ succeeded: 1, conditions: [is('Complete')] }).violations()).toEqual([]);
  });
  it('a pod that is counted twice, and one that is never counted', () => {
    const twice = new Log()
      .pod('a', 'Succeeded')
      .status({ succeeded: 1, uncountedTerminatedPods: { succeeded: ['a'] } });
    expect(twice.violations()).toEqual(['work counts 2 successes of 1 pods']);
    expect(new Log().pod('a', 'Succeeded').untrack('a').violations()).toEqual([
      'a succeeded, and work will not count it',
    ]);
  });
  it('a failure that is counted twice, and one of a pod that runs', () => {
    const twice = new Log().pod('a', 'Failed').status({ failed: 1, uncountedTerminatedPods: { failed: ['a'] } });
    expect(twice.violations()).toEqual(['work counts 2 failures of 1 pods']);
    const runs = new Log().pod('a', 'Running').status({ uncountedTerminatedPods: { failed: ['a'] } });
    expect(runs.violations()).toEqual(['work counts 1 failures of 0 pods']);
  });
  it('a failing job that counts a success as a failure, unless it could not know of it', () => {
    const fails = { uncountedTerminatedPods: { failed: ['a'] }, conditions: [is('FailureTarget')] };
    expect(new Log().pod('a', 'Running').status(fails).violations()).toEqual([]);
    const log = (): Log => new Log().pod('a', 'Running').succeeds('a');
    const afterSuccess = log();
    expect(afterSuccess.status(fails, afterSuccess.events.length).violations()).toEqual([
      'work counts 1 failures of 0 pods',
    ]);
    const beforeSuccess = log();
    expect(beforeSuccess.status(fails, beforeSuccess.events.length - 1).violations()).toEqual([]);
  });
  it('an index that no pod completed', () => {
    const log = new Log({ completionMode: 'Indexed', completions: 3 }).status({
      succeeded: 2,
      completedIndexes: '0,1',
    });
    expect(log.violations()).toEqual(['work counts index 0, of which no pod has succeeded']);
  });
  it('pods beyond the parallelism', () => {
    expect(new Log().pod('a', 'Running').pod('b', 'Running').violations()).toEqual(['work has 2 pods, 1 allowed']);
    expect(new Log({ parallelism: 2 }).pod('a', 'Running').pod('b', 'Running').violations()).toEqual([]);
  });
  it('pods beyond the parallelism beside one that terminates on a node, and none beside one that never had a node', () => {
    const beside = (spec: JsonObject, podReplacementPolicy = 'Failed'): readonly string[] => {
      const log = new Log({ podReplacementPolicy }).pod('a', 'Pending');
      const set = [
        [['metadata', 'deletionTimestamp'], TIME],
        [['spec'], spec],
      ];
      log.add('core.pods/default/a', 'DeletionRequested', { uid: 'a', set }, { via: 'swarm' });
      return log.pod('b', 'Pending').violations();
    };
    expect(beside({ nodeName: 'node-1' })).toEqual(['work has 2 pods, 1 allowed']);
    expect(beside({ nodeName: 'node-1' }, 'TerminatingOrFailed')).toEqual([]);
    expect(beside({})).toEqual([]);
  });
  it('a job that ends both ways, begins again, or makes pods after its end', () => {
    expect(new Log().status({ conditions: [is('Complete'), is('Failed')] }).violations()).toEqual([
      'work is complete and failed',
    ]);
    const again = new Log()
      .status({ conditions: [is('Failed')] })
      .status({})
      .pod('a', 'Pending');
    expect(again.violations()).toEqual(['work was Failed and is so no more', 'work is Failed and makes a pod']);
  });
});
