import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Change } from '#model';
import { eventsOf, TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
type Listener = (changes: readonly Change[], progress: number) => void;

/** As if this one object met a bug: whoever renders it throws. */
function asBroken(change: Change): Change {
  if (change.after?.metadata.name !== 'broken') return change;
  const toJSON = (): never => {
    throw new TypeError('this object cannot be rendered');
  };
  return { ...change, after: Object.assign({ ...change.after }, { data: { toJSON } }) };
}

describe('an object that cannot be rendered', () => {
  let server: TestServer;
  const faults: unknown[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ onFault: (cause) => faults.push(cause) });
    const { backend } = server;
    const watch = backend.watch.bind(backend);
    Object.assign(backend, {
      watch: (scope: Parameters<typeof watch>[0], after: number, listener: Listener) =>
        watch(scope, after, (changes, progress) => listener(changes.map(asBroken), progress)),
    });
  });
  afterAll(() => server.stop());

  it('ends the watches that see it with an error, is reported, and neither ends other watches nor the process', async () => {
    const seen = server.ask({ path: `${MAPS}?watch=true`, ms: 800 });
    const unseen = server.ask({ path: `${MAPS}?watch=true&labelSelector=app`, ms: 800 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await server.create(MAPS, { metadata: { name: 'broken' } });
    await server.create(MAPS, { metadata: { name: 'whole', labels: { app: 'a' } } });
    expect(eventsOf(await seen)).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 500 } }]);
    expect(eventsOf(await unseen)).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'whole' } } }]);
    expect(faults).toEqual([new TypeError('this object cannot be rendered')]);
  });
});
