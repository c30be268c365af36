import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DockerRuntime } from './docker-runtime.js';

const UNAVAILABLE = { status: 'rejected', reason: { reason: 'unavailable' } };

/** An engine that takes questions and answers only what it is told to. */
describe('an engine that hangs', () => {
  const answers = new Map<string, readonly [number, object]>();
  let server: Server;
  let runtime: DockerRuntime;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const found = [...answers].find(([start]) => `${request.method} ${request.url}`.startsWith(start));
      if (!found) return;
      const [status, body] = found[1];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    runtime = new DockerRuntime({ protocol: 'http', host: '127.0.0.1', port }, { answerMs: 200 });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is one that is away, whatever it is asked', async () => {
    const owner = { cluster: 'c', node: 'n' };
    const asked = [
      runtime.info(),
      runtime.containers(owner),
      runtime.inspect('id'),
      runtime.startContainer('id'),
      runtime.signal('id', 'SIGTERM'),
      runtime.remove('id'),
      runtime.image('i'),
      runtime.exec('id', ['true'], { timeoutMs: 100, outputBytesMax: 10 }),
    ];
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject(UNAVAILABLE);
  });

  it('holds up a removal that waits for another one no longer than an answer', async () => {
    const removed = await Promise.allSettled(['a', 'b', 'c'].map((id) => runtime.remove(id)));
    expect(removed).toMatchObject([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
  });

  it('is not waited for for ever when it is removing a container and does not come to an end', async () => {
    answers.set('DELETE /containers/id', [409, { message: 'removal of container id is already in progress' }]);
    answers.set('GET /containers/id/json', [
      200,
      {
        Id: 'id',
        Created: '2026-01-01T00:00:00Z',
        Image: 'i',
        Config: { Labels: {}, Image: 'i' },
        State: { StartedAt: '' },
      },
    ]);
    await expect(runtime.remove('id')).rejects.toThrow('still being removed');
  });
});
