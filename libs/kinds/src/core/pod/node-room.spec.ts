import { describe, expect, it } from '@jest/globals';
import { streamOf, type KubeObject } from '#model';
import { TestView } from '#model/testing';
import type { Pod } from '#pod';
import type { JsonObject } from '#std';
import { lacks, nodeRooms } from './node-room.js';
import fc from 'fast-check';

const step = fc.record({
  pod: fc.nat(5),
  node: fc.constantFrom(undefined, 'a', 'b'),
  cpu: fc.integer({ min: 1, max: 3 }),
  phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'gone'),
});

function podOf(name: string, node: string | undefined, cpu: number, phase: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n', uid: name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: `${cpu}` } } }], ...(node && { nodeName: node }) },
    status: { phase },
  };
}

describe('the room on a node that the writer checks', () => {
  it('is the same when it is kept up to date as when it is counted anew, whatever happens to pods', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const view = new TestView();
        nodeRooms.follow(view);
        const offers = new Map([
          ['cpu', 6000],
          ['pods', 4],
        ]);
        for (const { pod, node, cpu, phase } of steps) {
          const stream = streamOf('core.pods', 'n', `p${pod}`);
          const before = view.stream(stream)?.object;
          if (phase === 'gone') view.append(stream, 'Deleted', { uid: `p${pod}` });
          else view.append(stream, 'Created', { object: podOf(`p${pod}`, node, cpu, phase) } as unknown as JsonObject);
          const after = view.stream(stream)?.object;
          nodeRooms.changed(view, [{ kind: 'core.pods', position: view.position, before, after }]);
          for (const name of ['a', 'b']) {
            const asks = podOf('new', undefined, cpu, 'Pending') as Pod;
            const anew = lacks(Object.create(view) as TestView, name, offers, asks);
            expect(lacks(view, name, offers, asks)).toEqual(anew);
          }
        }
        nodeRooms.leave(view);
      }),
    );
  });
});
