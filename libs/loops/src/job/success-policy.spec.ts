import { expect, test } from '@jest/globals';
import { jobs, type Job } from '#kinds';
import { clusterOf, endAll, makeJob, statusIn } from './testing/job-cluster.js';
import { requiredIndexes } from './success-policy.js';

test('the rules of a success policy are read once, whatever happens to their job', () => {
  const cluster = clusterOf();
  const successPolicy = { rules: [{ succeededIndexes: '0,2-9' }, { succeededCount: 4 }] };
  makeJob(cluster, { completions: 4, parallelism: 1, completionMode: 'Indexed', successPolicy });
  const read = () => {
    const { spec } = cluster.view.get(jobs, 'default', 'work') as Job;
    return requiredIndexes(spec.successPolicy ?? { rules: [] }, spec.completions ?? 0);
  };
  const first = read();
  expect(first.map(String)).toEqual(['0,2,3', 'undefined']);
  cluster.settle();
  endAll(cluster);
  expect(statusIn(cluster)).toMatchObject({ completedIndexes: '0' });
  expect(read()).toBe(first);
  const { spec } = cluster.view.get(jobs, 'default', 'work') as Job;
  expect(requiredIndexes(spec.successPolicy ?? { rules: [] }, 3).map(String)).toEqual(['0,2', 'undefined']);
});
