import { describe, expect, it } from '@jest/globals';
import { streamOf, type Loop, type LoopCommand, type Submit } from '#model';
import { readyCommand, type Ready } from './loop-command.js';
import { NO_CAUSES } from './look-causes.js';
import { Projection } from './projection.js';

const loopOf = (name: string, account: string): Loop => ({
  name,
  account,
  keysOf: () => [],
  keysAtStart: () => [],
  reconcile: () => [],
});
function managerOf(account: string, options?: LoopCommand['options']): string | undefined {
  const submit: Submit = {
    is: 'submit',
    because: 'the test says so',
    command: { verb: 'create', kind: 'core.configmaps', namespace: 'default', name: 'a', ...(options && { options }) },
  };
  const view = new Projection((state, event) => state ?? { ...event, object: undefined });
  const look = { loop: loopOf('duty', account), view, key: 'key', now: 1_800_000_000_000, build: 'test' };
  const basis = { causes: NO_CAUSES, facts: undefined };
  return readyCommand(submit, { ...look, ...basis }, () => 'correlation').command.options.fieldManager;
}

describe("a loop's command", () => {
  it.each([
    ['system:kube-scheduler', 'kube-scheduler'],
    ['system:apiserver', 'kube-apiserver'],
    ['node-controller', 'kube-controller-manager'],
    ['deployment-controller', 'kube-controller-manager'],
  ])('of the account %s writes fields as %s', (account, manager) => {
    expect(managerOf(account)).toBe(manager);
    expect(managerOf(account, { dryRun: true })).toBe(manager);
  });

  it('rests on what was looked at, and on what the submits write that it follows on', () => {
    const configMap = (name: string, basedOn: readonly string[], then: readonly Submit[] = []): Submit => ({
      ...{ is: 'submit', because: 'the test says so', basedOn, then },
      command: { verb: 'patch', kind: 'core.configmaps', namespace: 'default', name },
    });
    const [a, b] = [streamOf('core.configmaps', 'default', 'a'), streamOf('core.configmaps', 'default', 'b')];
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    const look = { loop: loopOf('duty', 'duty'), view, key: 'key', now: 1_800_000_000_000, build: 'test' };
    const wish = configMap('a', [a, b], [configMap('b', [a, b], [configMap('a', [a, b])]), configMap('c', [a, b])]);
    const first = readyCommand(wish, { ...look, causes: NO_CAUSES, facts: undefined }, () => 'correlation');
    const revisions = (ready: Ready | undefined) => ready?.command.basedOn?.map(({ revision }) => revision);
    expect(revisions(first)).toEqual([-1, -1]);
    expect(first.then.map(revisions)).toEqual([
      [0, -1],
      [0, -1],
    ]);
    expect(revisions(first.then[0]?.then[0])).toEqual([0, 0]);
  });

  it('keeps a field manager that the loop names', () => {
    expect(managerOf('deployment-controller', { fieldManager: 'mine' })).toBe('mine');
  });
});
