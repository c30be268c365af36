import { describe, expect, it } from '@jest/globals';
import { refusals, type Refusal, type StoredEvent } from '#model';
import { personCommand } from '../commands.js';
import { RefusedWrites } from './refused-writes.js';

const event = (
  correlationId: string,
  position: number,
  epoch = 1,
  stream = 'core.configmaps/default/a',
): StoredEvent => ({
  id: String(position),
  type: 'ObjectPatched',
  stream,
  revision: position,
  position,
  time: '2026-01-01T00:00:00.000Z',
  data: {},
  metadata: { epoch, actor: 'test', via: 'test', correlationId, schemaVersion: 1 },
});
const refused = (answer: Refusal, verb: 'create' | 'delete' = 'create'): RefusedWrites => {
  const writes = new RefusedWrites();
  writes.note(personCommand({ verb, kind: 'core.configmaps', name: 'a' }, 'swarm', 1), answer);
  return writes;
};
const exists = refusals.alreadyExists({ group: '', resource: 'configmaps', kind: 'ConfigMap', name: 'a' });

describe('what was refused', () => {
  it('is not in the log', () => {
    expect(refused(exists).foundIn([event('swarm-0', 1), event('swarm-1', 2)])).toEqual([
      `create core.configmaps a: 409 ${exists.message}, but done at position 2`,
    ]);
  });
  it('may be there by a writer that had been voted out', () => {
    expect(refused(exists).foundIn([event('swarm-0', 1, 2), event('swarm-1', 2, 1)])).toEqual([]);
  });
  it('may be there when the answer leaves open whether it was done, and after a deletion', () => {
    expect(refused(refusals.unavailable('away')).foundIn([event('swarm-1', 1)])).toEqual([]);
    expect(refused(exists, 'delete').foundIn([event('swarm-1', 1)])).toEqual([]);
  });
  it('seed 280602095: leaves its charge when it is an eviction whose pod is gone meanwhile', () => {
    const gone = refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name: 'a' });
    const writes = new RefusedWrites();
    const eviction = { verb: 'create', kind: 'core.pods', name: 'a', subresource: 'eviction' } as const;
    writes.note(personCommand(eviction, 'swarm', 1), gone);
    const charge = event('swarm-1', 1, 1, 'policy.poddisruptionbudgets/default/a');
    expect(writes.foundIn([charge])).toEqual([]);
    expect(writes.foundIn([charge, event('swarm-1', 2, 1, 'core.pods/default/a')])).toHaveLength(1);
  });
});
