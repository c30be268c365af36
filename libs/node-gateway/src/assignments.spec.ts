import { Projection } from '#engine';
import { describe, expect, it } from '@jest/globals';
import type { Change, KubeObject } from '#model';
import { streamOf } from '#model';
import { Assignments } from './assignments.js';

const PODS = 'core.pods';
const pod = (name: string, volumes: unknown): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name },
    spec: { nodeName: 'n', volumes },
  }) as unknown as KubeObject;
const BROKEN = pod('broken', [null]);
const WHOLE = pod('whole', [{ configMap: { name: 'settings' } }]);

function viewOf(...objects: readonly KubeObject[]): { view: Projection; changes: readonly Change[] } {
  const view = new Projection((state, event) => state ?? { ...event, object: undefined });
  const changes = objects.map((object, i) => {
    const stream = streamOf(PODS, object.metadata.namespace, object.metadata.name);
    return view.put(stream, { revision: 0, position: i + 1, object }, i + 1);
  });
  return { view, changes };
}

const SLICES = 'discovery.k8s.io.endpointslices';
const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default', uid: 'slice' },
  addressType: 'IPv4',
  endpoints: [],
} as unknown as KubeObject;

describe('what all nodes need alike', () => {
  it('has endpoint slices beside services, from the beginning and with each change', () => {
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    const stream = streamOf(SLICES, 'default', 'web-1');
    const added = view.put(stream, { revision: 0, position: 7, object: slice }, 7);
    const assignments = new Assignments(view, () => undefined);
    const assigned = { stream, uid: 'slice', position: 7 };
    expect(assignments.of('n').objects).toEqual([{ ...assigned, object: slice }]);
    expect(assignments.take([added])).toEqual({ shared: [{ ...assigned, object: slice }], own: new Map() });
    const gone: Change = { ...added, before: slice, after: undefined, position: 8 };
    expect(assignments.take([gone]).shared).toEqual([{ ...assigned, position: 8, object: null }]);
  });
});

describe('a pod whose needs cannot be read', () => {
  it('is handed to its node alone, and takes nothing from the other pods', () => {
    const faults: string[] = [];
    const { view } = viewOf(BROKEN, WHOLE);
    const assignments = new Assignments(view, (stream) => faults.push(stream));
    expect(assignments.of('n').objects.map(({ stream }) => stream)).toEqual([
      'core.pods/default/broken',
      'core.pods/default/whole',
    ]);
    expect(faults).toEqual(['core.pods/default/broken']);
  });
  it('is told to its node when it changes, as the others are', () => {
    const assignments = new Assignments(viewOf().view, () => undefined);
    const told = assignments.take(viewOf(BROKEN, WHOLE).changes);
    expect(told.own.get('n')?.map(({ uid }) => uid)).toEqual(['broken', 'whole']);
  });
});
