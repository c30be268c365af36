import { describe, expect, it } from '@jest/globals';
import { specification, type TestCommand } from '#model/testing';
import { isJsonObject, type JsonObject } from '#std';
import { AUTOSCALER_MEMORY, horizontalPodAutoscalers, registry } from '../../index.js';

const { given } = specification(registry);
const home = () => given().and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } });
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
const creation = (spec: object, { version = 'v2', metadata = {} } = {}): TestCommand => ({
  ...{ verb: 'create', kind: horizontalPodAutoscalers.id, namespace: 'n', apiVersion: `autoscaling/${version}` },
  body: { metadata: { name: 'h', ...metadata }, spec: { scaleTargetRef, maxReplicas: 5, ...spec } },
});
const patch = (body: JsonObject, { version = 'v2', subresource = '' } = {}): TestCommand => ({
  ...{ verb: 'patch', patchType: 'merge', kind: horizontalPodAutoscalers.id, namespace: 'n', name: 'h', body },
  ...{ apiVersion: `autoscaling/${version}`, ...(subresource && { subresource }) },
});
const cpu = (averageUtilization: number) => ({
  ...{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } },
});
const memory = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
};
const PREFIX = 'autoscaling.alpha.kubernetes.io/';

/** What a client of autoscaling/v1 sees of the object. */
function asV1(scenario: ReturnType<typeof given>): JsonObject {
  const kind = registry.byId(horizontalPodAutoscalers.id);
  const stored = scenario.view.get(horizontalPodAutoscalers, 'n', 'h');
  const served = kind?.served.find(({ version }) => version === 'v1');
  if (!stored || !served?.toServed) throw new Error('there is no autoscaler');
  return served.toServed(stored) as unknown as JsonObject;
}
function annotationOf(object: JsonObject, name: string): unknown {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const annotations = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
  const text = annotations[`${PREFIX}${name}`];
  return typeof text === 'string' ? JSON.parse(text) : undefined;
}

describe('an autoscaler', () => {
  it('scales by 80 % of the requested cpu where no metric is given, in both versions', () => {
    for (const version of ['v1', 'v2'])
      home()
        .when(creation({}, { version }))
        .thenObject({ apiVersion: 'autoscaling/v2', spec: { minReplicas: 1, metrics: [cpu(80)] } });
  });
  it('has both directions in its behavior once it says something of one', () => {
    home()
      .when(creation({ behavior: { scaleUp: { stabilizationWindowSeconds: 9 } } }))
      .thenObject({
        spec: {
          behavior: {
            scaleDown: { policies: [{ periodSeconds: 15, type: 'Percent', value: 100 }], selectPolicy: 'Max' },
            scaleUp: {
              policies: [
                { periodSeconds: 15, type: 'Pods', value: 4 },
                { periodSeconds: 15, type: 'Percent', value: 100 },
              ],
              selectPolicy: 'Max',
              stabilizationWindowSeconds: 9,
            },
          },
        },
      });
  });
  it.each<[object, string]>([
    [
      { minReplicas: 0 },
      '[spec.minReplicas: Invalid value: 0: must be greater than or equal to 1, spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas]',
    ],
    [
      { metrics: [{ type: 'Pods' }] },
      'spec.metrics[0].pods: Required value: must populate information for the given metric source',
    ],
    [
      { behavior: { scaleDown: { tolerance: '-1' } } },
      'spec.behavior.scaleDown.tolerance: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      { behavior: { scaleUp: { policies: [] } } },
      'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
    ],
  ])('is refused with %j', (spec, words) => {
    home().when(creation(spec)).thenRefused(422, `HorizontalPodAutoscaler.autoscaling "h" is invalid: ${words}`);
  });
  it('remembers what its loop wrote, whatever clients write, and a copy of it remembers nothing', () => {
    const remembered = { metadata: { annotations: { [AUTOSCALER_MEMORY]: '{"recommended":[[3,0]]}' } } };
    const there = home()
      .and(creation({}, { metadata: { annotations: { [AUTOSCALER_MEMORY]: 'a copy', own: 'x' } } }))
      .and(patch(remembered, { subresource: 'status' }));
    const memoryIn = (scenario: ReturnType<typeof given>): unknown =>
      scenario.view.get(horizontalPodAutoscalers, 'n', 'h')?.metadata.annotations;
    expect(
      memoryIn(home().and(creation({}, { metadata: { annotations: { [AUTOSCALER_MEMORY]: 'a copy' } } }))),
    ).toBeUndefined();
    const kept = { ...remembered.metadata.annotations, own: 'x' };
    expect(memoryIn(there.and(patch({ metadata: { annotations: { [AUTOSCALER_MEMORY]: 'mine' } } })))).toEqual(kept);
    const replaced = { ...creation({ maxReplicas: 7 }), verb: 'update', name: 'h' } as TestCommand;
    expect(memoryIn(there.and(replaced))).toEqual(remembered.metadata.annotations);
  });
});

describe('autoscaling/v1', () => {
  const both = () =>
    home().and(creation({ metrics: [cpu(50), memory], behavior: { scaleDown: { selectPolicy: 'Min' } } }));

  it('has the cpu in a field, and all else in annotations that are not stored', () => {
    const shown = asV1(both());
    expect(shown).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 50 } });
    expect(shown['spec']).not.toHaveProperty('metrics');
    expect(annotationOf(shown, 'metrics')).toEqual([
      { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
    ]);
    expect(annotationOf(shown, 'behavior')).toMatchObject({ ScaleDown: { SelectPolicy: 'Min' } });
    expect(both().view.get(horizontalPodAutoscalers, 'n', 'h')?.metadata.annotations).toBeUndefined();
  });
  it('reads them back: what a client does not touch stays', () => {
    const changed = both().and(patch({ spec: { targetCPUUtilizationPercentage: 30 } }, { version: 'v1' }));
    const stored = changed.view.get(horizontalPodAutoscalers, 'n', 'h');
    expect(stored?.spec.metrics).toEqual([memory, cpu(30)]);
    expect(stored?.spec.behavior?.scaleDown?.selectPolicy).toBe('Min');
  });
  it('takes the metrics away with their annotation', () => {
    const gone = patch({ metadata: { annotations: { [`${PREFIX}metrics`]: null } } }, { version: 'v1' });
    expect(both().and(gone).view.get(horizontalPodAutoscalers, 'n', 'h')?.spec.metrics).toEqual([cpu(50)]);
  });
  it.each(['not json', '{}', '[1]', '[{"type":1}]', '[]', `${'['.repeat(50_000)}`])(
    'passes over an annotation that is none: %.20s',
    (text) => {
      const annotations = { [`${PREFIX}metrics`]: text, [`${PREFIX}behavior`]: text, [`${PREFIX}conditions`]: text };
      home()
        .when(creation({}, { version: 'v1', metadata: { annotations } }))
        .thenObject({ spec: { metrics: [cpu(80)] } });
    },
  );
  it('has each of the five sources there and back', () => {
    const metric = { name: 'm', selector: { matchLabels: { a: 'b' } } };
    const metrics = [
      {
        type: 'Object',
        object: { describedObject: { kind: 'Service', name: 's' }, metric, target: { type: 'Value', value: '2k' } },
      },
      {
        type: 'Object',
        object: {
          describedObject: { kind: 'Service', name: 's' },
          metric,
          target: { type: 'AverageValue', averageValue: '2' },
        },
      },
      { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '1k' } } },
      { type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '30' } } },
      { type: 'External', external: { metric, target: { type: 'Value', value: '30' } } },
      {
        type: 'ContainerResource',
        containerResource: { name: 'memory', container: 'c', target: { type: 'AverageValue', averageValue: '1Gi' } },
      },
      memory,
    ];
    const there = home().and(creation({ metrics }));
    const touched = there.and(patch({ metadata: { labels: { a: 'b' } } }, { version: 'v1' }));
    expect(touched.view.get(horizontalPodAutoscalers, 'n', 'h')?.spec.metrics).toEqual(
      there.view.get(horizontalPodAutoscalers, 'n', 'h')?.spec.metrics,
    );
  });
});

describe('the targets of a row', () => {
  const cell = (metrics: readonly object[], currentMetrics: readonly object[] = []): unknown => {
    const there = home().and(creation({ metrics }));
    const known = there.and(
      patch({ status: { desiredReplicas: 0, currentMetrics } as never }, { subresource: 'status' }),
    );
    const kind = registry.byId(horizontalPodAutoscalers.id);
    const object = known.view.get(horizontalPodAutoscalers, 'n', 'h');
    return object && kind?.columns.find(({ name }) => name === 'Targets')?.cell(object, 0);
  };
  it('are compared by their place, and more than two are counted', () => {
    expect(cell([cpu(50)])).toBe('cpu: <unknown>/50%');
    const usage = {
      type: 'Resource',
      resource: { name: 'cpu', current: { averageUtilization: 20, averageValue: '100m' } },
    };
    expect(cell([cpu(50)], [usage])).toBe('cpu: 20%/50%');
    expect(cell([memory, cpu(50), cpu(60)], [usage])).toBe('memory: 100m/1Gi, cpu: <unknown>/50% + 1 more...');
  });
});
