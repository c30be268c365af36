import { describe, expect, test } from '@jest/globals';
import { cronJobs, jobs, type CronJob, type CronJobStatus, type Job } from '#kinds';
import { toTime, type JsonObject } from '#std';
import { TestCluster, incidentsIn } from '../shared/testing/index.js';
import { cronJob } from './index.js';

const MINUTE_MS = 60_000;
function makeCronJob(cluster: TestCluster, spec: Partial<CronJob['spec']> = {}): CronJob {
  return cluster.put<CronJob>({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        metadata: { labels: { from: 'tick' }, annotations: { note: 'x' } },
        spec: {
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }] } },
        },
      },
      ...spec,
    },
  } as unknown as CronJob);
}
const clusterOf = () => new TestCluster([cronJob]);
function statusIn(cluster: TestCluster): CronJobStatus {
  return cluster.view.get(cronJobs, 'default', 'tick')?.status ?? {};
}
const jobsIn = (cluster: TestCluster): readonly Job[] => cluster.view.list(jobs, 'default');
const namesIn = (cluster: TestCluster): readonly string[] => jobsIn(cluster).map(({ metadata }) => metadata.name);
const nameAt = (at: number): string => `tick-${at / MINUTE_MS}`;
/** As the job controller says it. */
function finish(cluster: TestCluster, name: string, type: 'Complete' | 'Failed' = 'Complete'): void {
  const at = toTime(cluster.now);
  const condition = { status: 'True', reason: 'R', message: 'm', lastProbeTime: at, lastTransitionTime: at };
  const interim = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const status: JsonObject = {
    startTime: at,
    conditions: [{ ...condition, type: interim }],
  };
  cluster.edit(jobs, 'default', name, { status });
  const last: JsonObject = {
    ...(type === 'Complete' && { completionTime: at }),
    conditions: [
      { ...condition, type: interim },
      { ...condition, type },
    ],
  };
  cluster.edit(jobs, 'default', name, { status: last });
  cluster.settle();
}

describe('a CronJob', () => {
  test('makes a job at each of its times, named for the minute', () => {
    const cluster = clusterOf();
    const made = makeCronJob(cluster);
    cluster.settle();
    expect(jobsIn(cluster)).toEqual([]);
    expect(cluster.nextWake).toBe(cluster.now + MINUTE_MS);
    cluster.pass(MINUTE_MS);
    const [first] = jobsIn(cluster);
    expect(first?.metadata).toMatchObject({
      name: nameAt(cluster.now),
      labels: { from: 'tick' },
      annotations: { note: 'x', 'batch.kubernetes.io/cronjob-scheduled-timestamp': toTime(cluster.now) },
      ownerReferences: [{ kind: 'CronJob', name: 'tick', uid: made.metadata.uid, controller: true }],
    });
    expect(statusIn(cluster)).toEqual({
      active: [
        {
          kind: 'Job',
          namespace: 'default',
          name: first?.metadata.name,
          uid: first?.metadata.uid,
          apiVersion: 'batch/v1',
        },
      ],
      lastScheduleTime: toTime(cluster.now),
    });
    cluster.pass(MINUTE_MS);
    expect(namesIn(cluster)).toHaveLength(2);
    finish(cluster, first?.metadata.name ?? '');
    expect(statusIn(cluster)).toMatchObject({ lastSuccessfulTime: toTime(cluster.now) });
    expect(statusIn(cluster).active).toHaveLength(1);
    expect(incidentsIn(cluster, 'CronJob')).toEqual([
      `SawCompletedJob: Saw completed job: ${first?.metadata.name}, condition: Complete (1)`,
      ...namesIn(cluster).map((name) => `SuccessfulCreate: Created job ${name} (1)`),
    ]);
  });

  test('keeps as many finished jobs as its limits say', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 });
    cluster.settle();
    for (const type of ['Complete', 'Failed', 'Complete'] as const) {
      cluster.pass(MINUTE_MS);
      finish(cluster, nameAt(cluster.now), type);
    }
    expect(namesIn(cluster)).toEqual([nameAt(cluster.now)]);
    expect(incidentsIn(cluster, 'CronJob').filter((one) => one.startsWith('SuccessfulDelete'))).toHaveLength(2);
  });

  test('starts none while another one runs, when it forbids that', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { concurrencyPolicy: 'Forbid' });
    cluster.settle().pass(MINUTE_MS);
    const first = nameAt(cluster.now);
    cluster.pass(MINUTE_MS);
    expect(namesIn(cluster)).toEqual([first]);
    expect(incidentsIn(cluster, 'CronJob')[0]).toContain('JobAlreadyActive');
    finish(cluster, first);
    expect(namesIn(cluster)).toEqual([first, nameAt(cluster.now)]);
  });

  test('replaces the one that runs', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { concurrencyPolicy: 'Replace' });
    cluster.settle().pass(MINUTE_MS).pass(MINUTE_MS);
    expect(namesIn(cluster)).toEqual([nameAt(cluster.now)]);
    expect(statusIn(cluster).active).toHaveLength(1);
    expect(incidentsIn(cluster, 'CronJob').some((one) => one.startsWith('MissingJob'))).toBe(false);
  });

  test('makes up for the newest of the times that it missed, however many', () => {
    const cluster = clusterOf();
    makeCronJob(cluster);
    cluster.settle();
    cluster.now += 150 * MINUTE_MS + 20_000;
    cluster.pass(0);
    expect(namesIn(cluster)).toEqual([nameAt(cluster.now - 20_000)]);
    expect(incidentsIn(cluster, 'CronJob')).toContainEqual(
      expect.stringContaining('TooManyMissedTimes: too many missed start times.'),
    );
  });

  test('starts none later than its deadline, and none while it is suspended', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { startingDeadlineSeconds: 10, suspend: true });
    cluster.settle().pass(MINUTE_MS);
    cluster.now += 20_000;
    cluster.edit(cronJobs, 'default', 'tick', { spec: { suspend: false } });
    cluster.settle();
    expect(jobsIn(cluster)).toEqual([]);
    cluster.pass(40_000);
    expect(namesIn(cluster)).toEqual([nameAt(cluster.now)]);
  });

  test('goes by the clocks of its time zone', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { schedule: '30 21 * * *', timeZone: 'Asia/Tokyo' });
    cluster.settle().pass(30 * MINUTE_MS);
    expect(jobsIn(cluster)[0]?.metadata.annotations).toMatchObject({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T21:30:00+09:00',
    });
  });

  test('wakes for an interval at its end, also after a restart in the middle of it', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { schedule: '@every 1h' });
    const end = cluster.now + 60 * MINUTE_MS;
    cluster.now += 59 * MINUTE_MS;
    cluster.settle();
    expect(cluster.nextWake).toBe(end);
    cluster.pass(MINUTE_MS);
    expect(namesIn(cluster)).toEqual([nameAt(end)]);
  });

  test('makes one job when two controllers decide, and when one dies in between', () => {
    const cluster = clusterOf();
    makeCronJob(cluster);
    cluster.now += MINUTE_MS;
    const [one, other] = [cluster.decide(cronJob, 'default/tick'), cluster.decide(cronJob, 'default/tick')];
    // The first dies before the status says so.
    const creation = one.decisions.find((decision) => decision.is === 'submit');
    if (creation?.is !== 'submit') throw new Error('no job is made');
    const { then: _then, ...alone } = creation;
    cluster.carryOut({ ...one, decisions: [alone] });
    cluster.carryOut(other);
    cluster.settle();
    expect(namesIn(cluster)).toEqual([nameAt(cluster.now)]);
    expect(statusIn(cluster).active).toHaveLength(1);
    expect(statusIn(cluster).lastScheduleTime).toBe(toTime(cluster.now));
  });

  /** A controller makes the job of this minute and dies before the status says so. */
  function makeJobAndDie(cluster: TestCluster): string {
    cluster.now += MINUTE_MS;
    const batch = cluster.decide(cronJob, 'default/tick');
    const creation = batch.decisions.find((decision) => decision.is === 'submit');
    if (creation?.is !== 'submit') throw new Error('no job is made');
    const { then: _then, ...alone } = creation;
    cluster.carryOut({ ...batch, decisions: [alone] });
    return nameAt(cluster.now);
  }
  test.each(['Forbid', 'Replace'] as const)(
    'holds to %s after a controller died before the status knew the job',
    (concurrencyPolicy) => {
      const cluster = clusterOf();
      makeCronJob(cluster, { concurrencyPolicy });
      const first = makeJobAndDie(cluster);
      cluster.now += MINUTE_MS;
      cluster.settle();
      expect(namesIn(cluster)).toEqual([concurrencyPolicy === 'Forbid' ? first : nameAt(cluster.now)]);
    },
  );
  test('takes up the job of the time that is due, when it forbids another one', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { concurrencyPolicy: 'Forbid' });
    const first = makeJobAndDie(cluster);
    cluster.settle();
    expect(statusIn(cluster).active).toMatchObject([{ name: first }]);
  });

  const someJob = (cluster: TestCluster, name: string, owner?: CronJob): void => {
    const { metadata, spec } = owner ?? {};
    const ownerReferences = owner && [
      { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: metadata?.uid ?? '', controller: true },
    ];
    const template = spec?.jobTemplate.spec?.template ?? {
      spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'example.com/a:1' }] },
    };
    cluster.put<Job>({
      ...{ apiVersion: 'batch/v1', kind: 'Job', spec: { template } },
      metadata: { name, namespace: 'default', ...(ownerReferences && { ownerReferences }) },
    } as unknown as Job);
  };
  test.each(['Forbid', 'Replace'] as const)('leaves alone what a person made from it: %s', (concurrencyPolicy) => {
    const cluster = clusterOf();
    someJob(cluster, 'by-hand', makeCronJob(cluster, { concurrencyPolicy }));
    cluster.settle().pass(MINUTE_MS);
    expect(namesIn(cluster)).toEqual(['by-hand', nameAt(cluster.now)]);
  });
  test('says which job holds the name that it needs', () => {
    const cluster = clusterOf();
    makeCronJob(cluster);
    const name = nameAt(cluster.now + MINUTE_MS);
    someJob(cluster, name);
    cluster.settle().pass(MINUTE_MS);
    expect(incidentsIn(cluster, 'CronJob')).toEqual([
      `FailedCreate: Error creating job: jobs.batch "${name}" already exists and is not controlled by this CronJob (1)`,
    ]);
  });

  test('says that its schedule never comes', () => {
    const cluster = clusterOf();
    makeCronJob(cluster, { schedule: '0 0 31 2 *' });
    cluster.settle();
    expect(incidentsIn(cluster, 'CronJob')[0]).toContain('InvalidSchedule: invalid schedule: 0 0 31 2 * : ');
  });
});
