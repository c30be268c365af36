import { apiServiceAvailability } from '#loops';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AggregatedTestServer, FLUNDERS, GROUP } from '../../../../test/support/aggregated-server.js';
import { TestServer } from '../testing/test-server.js';
import { Aggregator } from './index.js';

describe('answers that no aggregated server should give', () => {
  let server: TestServer;
  let remote: AggregatedTestServer;
  let aggregator: Aggregator;

  beforeAll(async () => {
    const available = Promise.withResolvers<void>();
    server = await TestServer.start({
      aggregatorOf({ backend, keys, plane, clock }) {
        const onChecked = (name: string): void => {
          availability?.poke(name);
          available.resolve();
        };
        aggregator = new Aggregator({ backend, keys, clock, onChecked, limits: { lasting: 20, short: 20 } });
        const commands = { submit: backend.submit.bind(backend) };
        const [availability] = plane.run([apiServiceAvailability], commands, () => aggregator.outside());
        aggregator.start();
        return aggregator;
      },
    });
    const { keys } = server;
    const issued = await keys.issueCertificate({
      ...{ commonName: 'api', dnsNames: ['api.other.svc'], usage: 'server' as const },
    });
    remote = await AggregatedTestServer.start({ ...issued, frontProxyCa: keys.frontProxyCa });
    await server.create('/api/v1/namespaces/other/services', {
      metadata: { name: 'api' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    await server.create('/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: `v1.${GROUP}` },
      spec: {
        ...{ group: GROUP, version: 'v1', groupPriorityMinimum: 2000, versionPriority: 10 },
        service: { namespace: 'other', name: 'api', port: remote.port },
        caBundle: Buffer.from(keys.caCertificate).toString('base64'),
      },
    });
    await available.promise;
    while ((await server.get(FLUNDERS)).code !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(async () => {
    aggregator.stop();
    await remote.stop();
    await server.stop();
  });

  it.each([
    ['a code that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 5\r\n\r\nhello', 'status code 99'],
    ['a code beyond all', 'HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\nhello', 'status code 999'],
    [
      'another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n',
      'switched to another protocol',
    ],
  ])('%s: the client learns that it cannot be passed on', async (_what, raw, why) => {
    remote.answers.set(FLUNDERS, ({ socket }) => void socket.end(raw));
    const { code, text } = await server.get(FLUNDERS);
    expect([code, text]).toEqual([502, expect.stringContaining(why)]);
  });
});
