import { describe, expect, it } from '@jest/globals';
import { FENCE_AFTER, type Pod } from '#pod';
import { podAnnotationProblems } from '../../pod-template/validation/annotations.js';
import { annotationChanges } from './annotations.js';

const pod = (text?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    namespace: 'default',
    uid: 'u',
    ...(text !== undefined && { annotations: { [FENCE_AFTER]: text } }),
  },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const problems = (text: string): readonly string[] =>
  podAnnotationProblems('metadata.annotations', { [FENCE_AFTER]: text }, pod().spec).map((problem) =>
    JSON.stringify(problem).replaceAll('\\"', '"'),
  );
const changes = (before: string | undefined, after: string | undefined): readonly string[] =>
  annotationChanges(pod(after), pod(before)).map((problem) => JSON.stringify(problem).replaceAll('\\"', '"'));

describe('when a node stops a pod by itself', () => {
  it.each(['5s', '30', '5m', '24h', '86400'])('may be %j', (text) => expect(problems(text)).toEqual([]));
  it.each(['', '4s', '0', '-30s', '25h', '86401s', '1.5m', '30 s', '1d', 'soon', '9'.repeat(300)])(
    'may not be %j',
    (text) => expect(problems(text).join()).toContain('must be a time from 5s to 24h, like "30s", "5m" or "30"'),
  );
  it('is chosen when the pod is made: a node that is cut off would not hear of a change', () => {
    expect(changes('30s', '30s')).toEqual([]);
    expect(changes(undefined, undefined)).toEqual([]);
    expect(changes('30s', '5s').join()).toContain('may not update it once the pod is made');
    expect(changes('30s', undefined).join()).toContain('may not remove it once the pod is made');
    expect(changes(undefined, '30s').join()).toContain('may not add it once the pod is made');
  });
});
