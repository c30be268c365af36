import { describe, expect, test } from '@jest/globals';
import { podsIn } from '../shared/testing/index.js';
import { isTracked } from './pod-marks.js';
import { clusterOf, end, makeJob, running, statusIn } from './testing/job-cluster.js';

/** More than one status names. */
const MANY = 501;

describe('a job does not hang', () => {
  test('when more pods than one status names end at once', () => {
    const cluster = clusterOf();
    makeJob(cluster, { completions: MANY, parallelism: MANY, backoffLimit: MANY });
    cluster.settle();
    expect(podsIn(cluster)).toHaveLength(MANY);
    for (const [i, pod] of running(cluster).entries()) end(cluster, pod, i % 2);
    cluster.settle();
    expect(statusIn(cluster)).toMatchObject({ succeeded: 251, failed: 250, uncountedTerminatedPods: {} });
    expect(podsIn(cluster).filter(isTracked)).toHaveLength(statusIn(cluster).active ?? 0);
  });
});
