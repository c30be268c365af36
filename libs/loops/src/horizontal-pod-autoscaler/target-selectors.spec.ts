import { beforeEach, describe, expect, it } from '@jest/globals';
import { deployments, horizontalPodAutoscalers, registry, type Deployment, type HorizontalPodAutoscaler } from '#kinds';
import { selectorMatches, type Labels } from '#meta';
import { prng } from '#std';
import { TestCluster } from '../shared/testing/index.js';
import { TargetSelectors } from './target-selectors.js';

type Selector = Deployment['spec']['selector'];
let cluster: TestCluster;
let kept: TargetSelectors;
beforeEach(() => {
  cluster = new TestCluster([]);
  kept = new TargetSelectors(registry);
  kept.picture.follow(cluster.view);
  cluster.onChange = (change) => kept.picture.changed(cluster.view, [change]);
});

function target(name: string, selector: Selector): void {
  const template = { metadata: { labels: {} }, spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] } };
  cluster.put<Deployment>({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' } },
    spec: { replicas: 1, selector, template },
  });
}
function autoscaler(name: string, of: string): void {
  cluster.put<HorizontalPodAutoscaler>({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name, namespace: 'default' } },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: of }, maxReplicas: 2 },
  });
}
const matching = (...labels: readonly Labels[]): readonly string[] => kept.matching(cluster.view, 'default', labels);

describe('autoscalers by the pods of their targets', () => {
  it('are found by any of several labels, by a set of values, and without a label', () => {
    target('web', { matchLabels: { part: 'shop', app: 'web' } });
    target('api', { matchLabels: { part: 'shop', app: 'api' } });
    target('any', { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'job'] }] });
    target('rest', { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] });
    for (const name of ['web', 'api', 'any', 'rest']) autoscaler(name, name);
    expect(matching({ part: 'shop', app: 'web' })).toEqual(['any', 'web']);
    expect(matching({ part: 'shop', app: 'api' })).toEqual(['api']);
    expect(matching({ app: 'job' }, { part: 'shop' })).toEqual(['any', 'rest']);
    expect(kept.matching(cluster.view, 'other', [{ app: 'job' }])).toEqual([]);
  });

  it('are those that a view would be looked through for, whatever changes', () => {
    const chance = prng(13);
    const NAMES = ['a', 'b', 'c', 'd', 'e'];
    const VALUES = ['1', '2'];
    const selector = (): Selector => ({
      matchLabels: { all: 'x', ...(chance.chance(0.7) && { app: chance.pick(VALUES) }) },
      ...(chance.chance(0.3) && {
        matchExpressions: [{ key: 'tier', operator: chance.pick(['Exists', 'DoesNotExist']) }],
      }),
    });
    for (let i = 0; i < 400; i++) {
      const name = chance.pick(NAMES);
      chance.pick([
        () => target(name, selector()),
        () => autoscaler(name, chance.pick(NAMES)),
        () => {
          const object = chance.chance(0.5)
            ? cluster.view.get(deployments, 'default', name)
            : cluster.view.get(horizontalPodAutoscalers, 'default', name);
          if (object) cluster.delete(object);
        },
      ])();
      const labels = { all: 'x', app: chance.pick(VALUES), ...(chance.chance(0.5) && { tier: 'y' }) };
      const plainly = cluster.view.list(horizontalPodAutoscalers, 'default').filter(({ spec }) => {
        const of = cluster.view.get(deployments, 'default', spec.scaleTargetRef.name);
        return of !== undefined && selectorMatches(of.spec.selector, labels);
      });
      expect(matching(labels)).toEqual(plainly.map(({ metadata }) => metadata.name).sort());
    }
  });
});
