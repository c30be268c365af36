import type { ContainerStatus, PodStatus } from '#pod';
import { describe, expect, it } from '@jest/globals';
import { learned } from './adopt.js';
import { aPod, GivenPod } from './testing/given-pod.js';

const told = (more: Partial<ContainerStatus>): ContainerStatus => ({
  name: 'c',
  state: {},
  lastState: {},
  ready: false,
  restartCount: 0,
  image: 'img:1',
  imageID: '',
  ...more,
});
const ended = told({
  containerID: 'docker://lost',
  state: { terminated: { exitCode: 3, finishedAt: '2026-01-01T11:59:00Z', containerID: 'docker://lost' } },
});
/** What the log says of the pod has changed. */
function tell(given: GivenPod, status: PodStatus): void {
  given.pod = { ...given.pod, status };
  given.record = learned(given.pod, given.record, given.containers);
}

describe('a late report of the agent before, of containers that were lost', () => {
  it('seed 458080199: what it says has ended is said to have ended, and the pod that is being deleted goes', () => {
    const given = new GivenPod(aPod({ restartPolicy: 'Never' }, { deletionTimestamp: '2026-01-01T12:00:00Z' }));
    given.look();
    tell(given, { phase: 'Running', containerStatuses: [ended] });
    const plan = given.settle();
    expect(plan.status.containerStatuses).toMatchObject([{ state: ended.state, containerID: 'docker://lost' }]);
    expect(plan.finished).toBe(true);
  });
  it('seed 339664748: an end that it tells of is the end, whatever this agent held to be it, and the pod goes', () => {
    const given = new GivenPod(aPod({ restartPolicy: 'Never' }, { deletionTimestamp: '2026-01-01T12:00:00Z' }));
    expect(given.settle()).toMatchObject({ finished: true, status: { phase: 'Failed' } });
    const completed = told({ ...ended, state: { terminated: { exitCode: 0, reason: 'Completed' } } });
    tell(given, { phase: 'Succeeded', containerStatuses: [completed] });
    const plan = given.settle();
    expect(plan.status).toMatchObject({ phase: 'Succeeded', containerStatuses: [{ state: completed.state }] });
    expect(plan.finished).toBe(true);
  });
  it('what it says has ended for good is not begun again', () => {
    const given = new GivenPod(aPod({ restartPolicy: 'Never' }));
    given.look();
    tell(given, { phase: 'Running', containerStatuses: [ended] });
    expect(given.settle().status.phase).toBe('Failed');
    expect(given.running()).toEqual([]);
  });
  it('what it says runs could not be found, and is begun again where it may be', () => {
    const given = new GivenPod(aPod());
    given.look();
    const state = { running: { startedAt: '2026-01-01T11:00:00Z' } };
    tell(given, { phase: 'Running', containerStatuses: [told({ containerID: 'docker://lost', state })] });
    const { status } = given.settle();
    expect(given.running()).toEqual(['c/1']);
    expect(status.containerStatuses).toMatchObject([
      { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } },
    ]);
  });
  it('a pod that had ended before anything of it ran here has ended, with its reason', () => {
    const given = new GivenPod(aPod());
    given.look();
    tell(given, { phase: 'Failed', reason: 'Evicted', message: 'no room', containerStatuses: [ended] });
    expect(given.settle().status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'no room' });
    expect(given.running()).toEqual([]);
  });
});

describe('a status in the log', () => {
  it('says nothing new of a container that was seen here', () => {
    const given = new GivenPod(aPod({ restartPolicy: 'Never' }));
    given.settle();
    const { record } = given;
    tell(given, { phase: 'Failed', containerStatuses: [ended] });
    expect(given.record).toBe(record);
    given.end('c', 0).settle();
    given.containers = [];
    const known = given.record;
    tell(given, { phase: 'Failed', containerStatuses: [ended] });
    expect(given.record).toBe(known);
  });
});
