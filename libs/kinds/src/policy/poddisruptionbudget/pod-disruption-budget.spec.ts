import { describe, expect, it } from '@jest/globals';
import {
  specification,
  submit,
  TEST_NOW,
  testCommand,
  type Given,
  type Outcome,
  type TestCommand,
} from '#model/testing';
import type { JsonObject } from '#std';
import { podDisruptionBudgets, pods, registry } from '../../index.js';

const { given } = specification(registry);
const budgets = { kind: podDisruptionBudgets.id, apiVersion: 'policy/v1', namespace: 'n' } as const;
const selector = { matchLabels: { app: 'a' } };
const create = (spec: object, name = 'b'): TestCommand => ({
  ...{ ...budgets, verb: 'create' },
  body: { metadata: { name }, spec: { selector, ...spec } },
});
const patch = (body: JsonObject, patchType: 'merge' | 'strategic' = 'merge'): TestCommand => ({
  ...{ ...budgets, verb: 'patch', patchType, name: 'b', body },
});
const report = (status: JsonObject): TestCommand => ({ ...patch({ status }), subresource: 'status' });
const home = (): Given =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
    .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'default' } } });
const said = (ready: string): JsonObject => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: ready, lastTransitionTime: '2026-01-01T00:00:00Z' }],
});
function withPod(scenario: Given, name: string, status: JsonObject = said('True')): Given {
  const spec = { nodeName: 'nowhere', containers: [{ name: 'c', image: 'i:1' }] };
  const pod = { kind: pods.id, namespace: 'n', name } as const;
  return scenario
    .and({ ...pod, verb: 'create', body: { metadata: { name, labels: { app: 'a' } }, spec } })
    .and({ ...pod, verb: 'patch', patchType: 'merge', subresource: 'status', body: { status } });
}
const evict = (name: string, deleteOptions: object = {}): TestCommand => ({
  ...{ kind: pods.id, namespace: 'n', apiVersion: 'policy/v1', verb: 'create', name, subresource: 'eviction' },
  body: { metadata: { name }, deleteOptions } as never,
});
/** A namespace with a budget that was counted. */
const counted = (allowed: number, status: JsonObject = {}, spec: object = { minAvailable: 1 }): Given =>
  home()
    .and(create(spec))
    .and(
      report({
        observedGeneration: 1,
        disruptionsAllowed: allowed,
        currentHealthy: 3,
        desiredHealthy: 1,
        expectedPods: 4,
        ...status,
      }),
    );
const causeOf = ({ decided }: Outcome): string =>
  'refused' in decided && decided.refused ? (decided.details?.causes?.[0]?.message ?? decided.message) : 'evicted';
const statusOf = ({ view }: Given | Outcome): unknown => view.get(podDisruptionBudgets, 'n', 'b')?.status;
const podOf = ({ view }: Given | Outcome, name: string) => view.get(pods, 'n', name);

describe('a disruption budget', () => {
  it('is born with nothing allowed', () => {
    home()
      .when(create({ minAvailable: 1 }))
      .thenEvent('Created')
      .thenObject({ metadata: { generation: 1 }, status: { disruptionsAllowed: 0, expectedPods: 0 } });
  });
  it('has a minimum or a maximum, as a number or a share', () => {
    const both = home().when(create({ minAvailable: 1, maxUnavailable: '50%' }));
    both.thenRefused(422);
    expect(causeOf(both)).toBe(
      'Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"app":"a"}},"MaxUnavailable":"50%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    );
    expect(causeOf(home().when(create({ minAvailable: -1 })))).toMatch('must be greater than or equal to 0');
    expect(causeOf(home().when(create({ maxUnavailable: '101%' })))).toMatch('must not be greater than 100%');
    expect(causeOf(home().when(create({ maxUnavailable: 'all' })))).toMatch('a valid percent string');
    expect(causeOf(home().when(create({ unhealthyPodEvictionPolicy: '' })))).toMatch('Unsupported value: ""');
    home().when(create({})).thenEvent('Created');
  });
  it('has its selector replaced by a strategic patch', () => {
    home()
      .and(create({ minAvailable: 1 }))
      .when(patch({ spec: { selector: { matchLabels: { b: 'c' } } } }, 'strategic'))
      .thenObject({ metadata: { generation: 2 }, spec: { selector: { matchLabels: { b: 'c' } } } });
  });
  it('counts nothing below zero, and says why in each condition', () => {
    const { decided } = home()
      .and(create({}))
      .when(report({ disruptionsAllowed: -1, conditions: [{ type: 'DisruptionAllowed', status: 'True' }] }));
    expect(decided).toMatchObject({
      code: 422,
      details: {
        causes: [
          { field: 'status.conditions[0].lastTransitionTime' },
          { field: 'status.conditions[0].reason' },
          { field: 'status.disruptionsAllowed' },
        ],
      },
    });
  });
});

describe('an eviction', () => {
  it('is charged to the budget before the pod goes', () => {
    const asked = withPod(counted(1), 'p').when(evict('p')).thenNothing();
    expect(asked.accepted.response).toMatchObject({ status: 'Success', code: 201 });
    expect(asked.accepted.then?.map(({ kind }) => kind)).toEqual([podDisruptionBudgets.id, pods.id]);
    const done = withPod(counted(1), 'p').and(evict('p'));
    expect(podOf(done, 'p')?.metadata.deletionTimestamp).toBeDefined();
    expect(statusOf(done)).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { p: '2026-01-01T12:00:00Z' },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', observedGeneration: 1 }],
    });
  });
  it('is refused when the budget allows none, and says why', () => {
    const why = (status: JsonObject): string => causeOf(withPod(counted(0, status), 'p').when(evict('p')));
    expect(why({})).toBe('The disruption budget b does not allow evicting pods currently');
    expect(why({ currentHealthy: 1, desiredHealthy: 2 })).toBe(
      'The disruption budget b needs 2 healthy pods and has 1 currently',
    );
    const failed = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no controller' };
    expect(why({ conditions: [{ ...failed, lastTransitionTime: '2026-01-01T00:00:00Z' }] })).toBe(
      'The disruption budget b does not allow evicting pods currently because it failed sync: no controller',
    );
    withPod(counted(0), 'p')
      .when(evict('p'))
      .thenRefused(429, "Cannot evict pod as it would violate the pod's disruption budget.");
  });
  it('is refused until the budget is counted as it is now, with a time to ask again', () => {
    const changed = withPod(counted(1), 'p').and(patch({ spec: { minAvailable: 2 } }));
    expect(changed.when(evict('p')).decided).toMatchObject({
      code: 429,
      details: {
        causes: [
          { message: 'The disruption budget b is still being processed by the server.', reason: 'DisruptionBudget' },
        ],
        retryAfterSeconds: 10,
      },
    });
  });
  it('is refused where two budgets are about the pod', () => {
    const two = withPod(counted(1).and(create({ maxUnavailable: 1 }, 'other')), 'p');
    two
      .when(evict('p'))
      .thenRefused(
        500,
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
  });
  it('of a pod that is pending, ends or has ended costs nothing', () => {
    for (const phase of ['Pending', 'Succeeded', 'Failed']) {
      const done = withPod(counted(0), 'p', { phase }).when(evict('p'));
      expect(causeOf(done)).toBe('evicted');
      expect(statusOf(done)).toMatchObject({ disruptionsAllowed: 0 });
    }
    const going = withPod(counted(1), 'p').and(evict('p'));
    expect(causeOf(going.when(evict('p')))).toBe('evicted');
  });
  it('of a running pod that is not ready is free where enough others are, or always where the budget says so', () => {
    const unready = said('False');
    expect(causeOf(withPod(counted(0), 'p', unready).when(evict('p')))).toBe('evicted');
    const few = { currentHealthy: 0 };
    expect(causeOf(withPod(counted(0, few), 'p', unready).when(evict('p')))).toMatch('needs 1 healthy pods');
    const always = { minAvailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow' };
    expect(causeOf(withPod(counted(0, few, always), 'p', unready).when(evict('p')))).toBe('evicted');
    expect(causeOf(withPod(counted(0, few, always), 'p').when(evict('p')))).toMatch('needs 1 healthy pods');
  });
  it('that is only tried changes nothing, and is refused like a real one', () => {
    const dry = { dryRun: ['All'] };
    const tried = withPod(counted(1), 'p').when(evict('p', dry));
    expect(causeOf(tried)).toBe('evicted');
    expect(statusOf(tried)).toMatchObject({ disruptionsAllowed: 1 });
    expect(podOf(tried, 'p')?.metadata.deletionTimestamp).toBeUndefined();
    withPod(counted(0), 'p').when(evict('p', dry)).thenRefused(429);
  });
  it('that fails after all leaves its charge, so that no more pods go than the budget allows', () => {
    const scenario = withPod(counted(1), 'p');
    const command = testCommand(evict('p', { preconditions: { uid: 'other' } }));
    expect(submit(registry, scenario.view, command, TEST_NOW)).toMatchObject({ refused: true, code: 409 });
    expect(statusOf(scenario)).toMatchObject({ disruptionsAllowed: 0 });
    expect(podOf(scenario, 'p')?.metadata.deletionTimestamp).toBeUndefined();
  });
  it('of pods that no budget selects asks none: other labels, no selector', () => {
    const other = home().and(create({ minAvailable: 1, selector: { matchLabels: { app: 'x' } } }));
    expect(causeOf(withPod(other, 'p').when(evict('p')))).toBe('evicted');
    const none = home().and(create({ minAvailable: 1, selector: null }));
    expect(causeOf(withPod(none, 'p').when(evict('p')))).toBe('evicted');
    const all = home().and(create({ minAvailable: 1, selector: {} }));
    expect(causeOf(withPod(all, 'p').when(evict('p')))).toMatch('still being processed');
  });
});
