import { describe, expect, it } from '@jest/globals';
import { type Given, specification, TEST_NOW } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { cronJobKind, jobKind, registry } from '../index.js';

const template = (restartPolicy = 'Never'): JsonObject => ({
  spec: { restartPolicy, containers: [{ name: 'c', image: 'i' }] },
});
const job = (spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', ...metadata },
  spec: { template: template(), ...spec },
});
const cronJob = (spec: JsonObject = {}, name = 'c'): JsonObject => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template() } }, ...spec },
});
const cluster = (): Given =>
  specification(registry)
    .given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'default' } } });
const at = { kind: 'batch.jobs', namespace: 'default' };
const create = (body: JsonObject) =>
  cluster().when({
    verb: 'create',
    kind: body['kind'] === 'Job' ? 'batch.jobs' : 'batch.cronjobs',
    namespace: 'default',
    body,
  });
const withJob = (spec: JsonObject = {}): Given =>
  cluster().and({ ...at, verb: 'create', body: job(spec), uid: '7d1c0d0e-4f3e-4a1e-8a56-1f6c8f6f7a11' });
const merge = (given: Given, body: Json, subresource?: string) =>
  given.when({ ...at, verb: 'patch', patchType: 'merge', name: 'j', body, ...(subresource && { subresource }) });
const statusOf = (given: Given, status: JsonObject) => merge(given, { status }, 'status');
const condition = (type: string, status = 'True'): JsonObject => ({ type, status });

describe('a job', () => {
  it('runs one pod once where it says nothing', () => {
    create(job()).thenObject({
      spec: {
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        completions: 1,
        manualSelector: false,
        parallelism: 1,
        podReplacementPolicy: 'TerminatingOrFailed',
        suspend: false,
      },
      status: {},
    });
  });
  it('has defaults that depend on each other', () => {
    const queue = create(job({ parallelism: 3 })).accepted.object as { readonly spec?: object };
    expect(queue.spec).not.toHaveProperty('completions');
    const perIndex = { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 };
    create(job(perIndex)).thenObject({ spec: { backoffLimit: 2147483647 } });
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }];
    create(job({ podFailurePolicy: { rules } })).thenObject({
      spec: {
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [{ action: 'Ignore', onPodConditions: [{ status: 'True', type: 'DisruptionTarget' }] }],
        },
      },
    });
  });

  describe('with a generated selector', () => {
    const uid = '0b4d0a6e-5ad7-4c39-9ee5-0e6e3f3f3d01';
    const generated = {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'j',
      'controller-uid': uid,
      'job-name': 'j',
    };
    const made = (spec: JsonObject, metadata: JsonObject = {}) =>
      cluster().when({ ...at, verb: 'create', body: job(spec, metadata), uid }).accepted.object;
    it('labels its pods and itself, and selects by its UID', () => {
      expect(made({})).toMatchObject({
        metadata: { labels: generated },
        spec: {
          selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
          template: { metadata: { labels: generated } },
        },
      });
    });
    it('keeps the labels that a client gave it', () => {
      expect(made({}, { labels: { mine: 'yes' } }).metadata.labels).toEqual({ mine: 'yes' });
    });
    it('takes those of its template, generated ones included', () => {
      const labelled = { ...template(), metadata: { labels: { a: 'b' } } };
      expect(made({ template: labelled }).metadata.labels).toEqual({ a: 'b', ...generated });
    });
    it('owns none of them by the create', () => {
      expect(JSON.stringify(made({}).metadata.managedFields)).not.toContain('f:labels');
    });
  });

  it('has the selector that a client wants, where it says so', () => {
    const labelled = { ...template(), metadata: { labels: { a: 'b' } } };
    const manual = { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: labelled };
    const made = create(job(manual)).thenObject({ spec: { selector: { matchLabels: { a: 'b' } } } }).accepted.object;
    expect(made.metadata.labels).toEqual({ a: 'b' });
  });

  it.each<[JsonObject, string]>([
    [
      { template: template('Always') },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      { maxFailedIndexes: 1, completionMode: 'Indexed', completions: 1 },
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    ],
    [
      { managedBy: 'me' },
      'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      { podReplacementPolicy: 'Never' },
      'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"',
    ],
    [
      { podFailurePolicy: { rules: [{ action: 'FailJob' }] } },
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3, 2] } }] } },
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,2]: must be ordered',
    ],
    [
      { podFailurePolicy: { rules: [{ action: '', onExitCodes: { operator: 'In', values: [1] } }] } },
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
    ],
    [
      { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }] } },
      'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    ],
    [
      {
        podFailurePolicy: {
          rules: [{ action: 'Count', onExitCodes: { containerName: 'x', operator: 'In', values: [1] } }],
        },
      },
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
    ],
    [
      { completionMode: 'Indexed', completions: 3, successPolicy: { rules: [{ succeededIndexes: '2,1' }] } },
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
    ],
  ])('%j is refused', (spec, problem) => {
    create(job(spec)).thenRefused(422, `Job.batch "j" is invalid: ${problem}`);
  });

  it('warns of more indexes than can be tracked', () => {
    const large = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001 };
    expect(create(job(large)).accepted.warnings).toEqual([expect.stringContaining('might not be able to track')]);
  });
});

describe('a change of a job', () => {
  it('may be of what concerns the pods to come', () => {
    merge(withJob(), { spec: { parallelism: 4, backoffLimit: 1, ttlSecondsAfterFinished: 9 } }).thenEvent(
      'SpecChanged',
    );
  });
  it.each<[string, Json]>([
    ['completionMode', 'Indexed'],
    ['managedBy', 'example.com/other'],
    ['completions', 4],
  ])('may not be of %s', (field, value) => {
    merge(withJob(), { spec: { [field]: value } }).thenRefused(
      422,
      `Job.batch "j" is invalid: spec.${field}: Invalid value: ${JSON.stringify(value)}: field is immutable`,
    );
  });
  it('makes an indexed job larger and smaller, in step with parallelism', () => {
    const indexed = { completionMode: 'Indexed', completions: 2, parallelism: 2 };
    merge(withJob(indexed), { spec: { completions: 5, parallelism: 5 } }).thenEvent('SpecChanged');
    merge(withJob(indexed), { spec: { completions: 5 } }).thenRefused(
      422,
      'Job.batch "j" is invalid: spec.completions: Invalid value: 5: can only be modified in tandem with spec.parallelism',
    );
  });
  const scheduling = {
    spec: {
      template: {
        metadata: { annotations: { a: 'b' } },
        spec: { nodeSelector: { a: 'b' }, schedulingGates: [{ name: 'example.com/g' }] },
      },
    },
  };
  it('directs the scheduling of a suspended job that never ran, and of no other', () => {
    merge(withJob({ suspend: true }), scheduling).thenEvent('SpecChanged');
    expect(merge(withJob(), scheduling).refusal.message).toContain('spec.template: Invalid value');
    const started = withJob({ suspend: true }).and({
      ...{ ...at, verb: 'patch', patchType: 'merge', name: 'j', subresource: 'status' },
      body: { status: { startTime: '2026-01-01T00:00:00Z' } },
    });
    expect(merge(started, scheduling).refusal.message).toContain('spec.template: Invalid value');
  });
  it('may not be of an image, even while it is suspended', () => {
    const image = { spec: { template: { spec: { containers: [{ name: 'c', image: 'other' }] } } } };
    expect(merge(withJob({ suspend: true }), image).refusal.message).toContain('"Image":"other"');
  });
});

describe('the status of a job', () => {
  const started = { startTime: '2026-01-01T00:00:00Z' };
  const done = {
    ...started,
    completionTime: '2026-01-01T01:00:00Z',
    conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
  };
  it('ends by two conditions', () => {
    statusOf(withJob(), done).thenEvent('StatusReported');
    const failed = { ...started, conditions: [condition('FailureTarget'), condition('Failed')] };
    statusOf(withJob(), failed).thenEvent('StatusReported');
  });
  it.each<[JsonObject, string]>([
    [
      { ...done, conditions: [condition('Complete')] },
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [{ ...done, active: 1 }, 'status.active: Invalid value: 1: active>0 is invalid for finished job'],
    [
      { ...done, uncountedTerminatedPods: { failed: ['u'] } },
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["u"]}: must be empty for finished job',
    ],
    [{ ready: 2, active: 1 }, 'status.ready: Invalid value: 2: cannot set more ready pods than active'],
    [
      { completedIndexes: '0' },
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    ],
  ])('%j is refused', (status, problem) => {
    statusOf(withJob(), status).thenRefused(422, `Job.batch "j" is invalid: ${problem}`);
  });
  it('counts upwards, and takes no end back', () => {
    const body = { status: { ...done, succeeded: 1 } };
    const finished = withJob().and({
      ...at,
      verb: 'patch',
      patchType: 'merge',
      name: 'j',
      subresource: 'status',
      body,
    });
    expect(statusOf(finished, { succeeded: 0 }).refusal.message).toContain('cannot decrease the succeeded counter');
    const causes = statusOf(finished, { conditions: [] }).refusal.message;
    expect(causes).toContain('cannot disable the terminal Complete=True condition');
    expect(causes).toContain('cannot disable the SuccessCriteriaMet=True condition');
  });
  it('loses its start only while the job is suspended', () => {
    const start = { ...at, verb: 'patch', patchType: 'merge', name: 'j', subresource: 'status' } as const;
    const running = withJob().and({ ...start, body: { status: started } });
    expect(statusOf(running, { startTime: null }).refusal.message).toContain('startTime cannot be removed');
    const suspended = withJob({ suspend: true }).and({ ...start, body: { status: started } });
    statusOf(suspended, { startTime: null }).thenEvent('StatusReported');
  });
});

describe('the deletion of a job', () => {
  it('leaves its pods, with a warning, unless it says what becomes of them', () => {
    const remove = (body: JsonObject) => withJob().when({ ...at, verb: 'delete', name: 'j', body }).accepted;
    const silent = remove({});
    expect(silent.warnings).toEqual([expect.stringContaining('child pods are preserved by default')]);
    expect(silent.object.metadata.finalizers).toEqual(['orphan']);
    const background = remove({ propagationPolicy: 'Background' });
    expect([background.warnings ?? [], background.deleted]).toEqual([[], true]);
    expect(remove({ propagationPolicy: 'Orphan' }).warnings ?? []).toEqual([]);
  });
});

describe('the table of jobs', () => {
  const cells = (spec: JsonObject, status: JsonObject = {}) => {
    const object = { ...create(job(spec)).accepted.object, status };
    return jobKind.columns.slice(1, 4).map(({ cell }) => cell(object, TEST_NOW));
  };
  it('says how far each is', () => {
    expect(cells({})).toEqual(['Running', '0/1', '']);
    expect(cells({ parallelism: 3 }, { startTime: '2026-01-01T11:59:00Z' })).toEqual(['Running', '0/1 of 3', '60s']);
    const done = { startTime: '2026-01-01T00:00:00Z', completionTime: '2026-01-01T00:05:00Z', succeeded: 1 };
    expect(cells({}, { ...done, conditions: [condition('Complete')] })).toEqual(['Complete', '1/1', '5m']);
    expect(cells({}, { conditions: [condition('Suspended')] })[0]).toBe('Suspended');
  });
});

describe('a cron job', () => {
  it('gets what Kubernetes fills in, and leaves the jobs to come alone', () => {
    const { spec } = create(cronJob()).thenObject({
      spec: { concurrencyPolicy: 'Allow', failedJobsHistoryLimit: 1, successfulJobsHistoryLimit: 3, suspend: false },
      status: {},
    }).accepted.object as { spec?: { jobTemplate?: { spec?: JsonObject } } };
    expect(Object.keys(spec?.jobTemplate?.spec ?? {})).toEqual(['template']);
  });
  it.each<[JsonObject, string]>([
    [{ schedule: '' }, 'spec.schedule: Required value'],
    [
      { schedule: 'every day' },
      'spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]',
    ],
    [
      { schedule: 'TZ=UTC 0 0 * * *' },
      'spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    [{ timeZone: 'Mars/Olympus' }, 'spec.timeZone: Invalid value: "Mars/Olympus": unknown time zone Mars/Olympus'],
    [{ timeZone: 'europe/berlin' }, 'spec.timeZone: Invalid value: "europe/berlin": unknown time zone europe/berlin'],
    [
      { failedJobsHistoryLimit: -1 },
      'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      { jobTemplate: { spec: { template: template(), manualSelector: true } } },
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ],
  ])('%j is refused', (spec, problem) => {
    create(cronJob(spec)).thenRefused(422, `CronJob.batch "c" is invalid: ${problem}`);
  });
  it('has a name that leaves room for those of its jobs', () => {
    create(cronJob({}, 'x'.repeat(52))).thenEvent('Created');
    expect(create(cronJob({}, 'x'.repeat(53))).refusal.message).toContain('must be no more than 52 characters');
  });
  it('goes with its jobs', () => {
    const given = cluster().and({ verb: 'create', kind: 'batch.cronjobs', namespace: 'default', body: cronJob() });
    const gone = given.when({ verb: 'delete', kind: 'batch.cronjobs', namespace: 'default', name: 'c' }).accepted;
    expect([gone.deleted, gone.warnings ?? []]).toEqual([true, []]);
  });
  it('is shown with its schedule', () => {
    const object = create(cronJob({ timeZone: 'US/Pacific', schedule: '@hourly' })).accepted.object;
    expect(cronJobKind.columns.map(({ cell }) => cell(object, TEST_NOW))).toEqual([
      'c',
      '@hourly',
      'US/Pacific',
      'False',
      0,
      '<none>',
      '0s',
      'c',
      'i',
      '<none>',
    ]);
  });
});
