import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { issueApiCertificate } from '#adapters';
import { connect, constants, type ClientHttp2Session, type Http2SecureServer } from 'node:http2';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createApi } from './api.js';
import { createApiServer } from './server.js';
import { TestServer } from './testing/test-server.js';

const POD = '/api/v1/namespaces/default/pods/odd';
// What answers must have an address that is not this machine's loopback.
const own = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

interface Got {
  readonly code: number;
  readonly length: unknown;
  readonly text: string;
  readonly rstCode: number;
}

describe('answers of pods that no server should give', () => {
  let behind: TestServer;
  let server: Http2SecureServer;
  let session: ClientHttp2Session;
  let pod: Server;
  let reply = '';

  beforeAll(async () => {
    if (own === undefined) throw new Error('this machine has no IPv4 address but that of its loopback');
    pod = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(reply, 'latin1'));
    });
    await new Promise<void>((resolve) => pod.listen(0, own, resolve));
    behind = await TestServer.start();
    await behind.makeRoles();
    await behind.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const { port } = pod.address() as AddressInfo;
    const containers = [{ name: 'main', image: 'i', ports: [{ containerPort: port }] }];
    await behind.create('/api/v1/namespaces/default/pods', { metadata: { name: 'odd' }, spec: { containers } });
    const status = { phase: 'Running', podIP: own, podIPs: [{ ip: own }] };
    const type = 'application/strategic-merge-patch+json';
    await behind.ask({ method: 'PATCH', path: `${POD}/status`, body: { status }, type });

    const { backend, keys } = behind;
    const { certificate, privateKey } = await issueApiCertificate(keys);
    const tls = { certificate, privateKey, clientCa: keys.caCertificate };
    server = createApiServer(createApi({ backend, keys, address: 'localhost' }), tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const ada = await keys.issueCertificate({
      commonName: 'ada',
      organizations: ['system:masters'],
      usage: 'client',
    });
    session = connect(`https://localhost:${(server.address() as AddressInfo).port}`, {
      ...{ host: '127.0.0.1', ca: keys.caCertificate, cert: ada.certificate, key: ada.privateKey },
    });
  });
  afterAll(async () => {
    session.destroy();
    server.close();
    pod.close();
    await behind.stop();
  });

  function over2(): Promise<Got> {
    return new Promise((resolve) => {
      const stream = session.request({ ':path': `${POD}/proxy/` });
      let [text, code, length]: [string, number, unknown] = ['', 0, undefined];
      stream.on('error', () => undefined);
      stream.on('response', (headers) => {
        code = Number(headers[':status']);
        length = headers['content-length'];
      });
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('close', () => resolve({ code, length, text, rstCode: stream.rstCode ?? 0 }));
    });
  }
  const both = async (answer: string): Promise<readonly [number, Got]> => {
    reply = answer;
    return [(await behind.get(`${POD}/proxy/`)).code, await over2()];
  };

  it.each([
    ['a code that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 5\r\n\r\nhello'],
    ['a code beyond all', 'HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\nhello'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhello'],
    ['no answer', ''],
  ])('%s: the client learns that there was none to pass on', async (_what, answer) => {
    const [over1, { code, text }] = await both(answer);
    expect([over1, code]).toEqual([503, 503]);
    expect(text).toContain('error trying to reach service: ');
  });

  it.each(['HTTP2-Settings: AAMAAABk', 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings', 'TE: gzip'])(
    'a header of its connection is left out: %s',
    async (header) => {
      const [over1, { code, text }] = await both(`HTTP/1.1 200 OK\r\n${header}\r\nContent-Length: 5\r\n\r\nhello`);
      expect([over1, code, text]).toEqual([200, 200, 'hello']);
    },
  );

  it.each([204, 205, 304])('the length of a body that code %d does not have is left out', async (wanted) => {
    const [over1, got] = await both(`HTTP/1.1 ${wanted} Odd\r\nContent-Length: 5\r\n\r\n`);
    expect(over1).toBe(wanted);
    expect(got).toEqual({ code: wanted, length: undefined, text: '', rstCode: constants.NGHTTP2_NO_ERROR });
  });

  it.each([
    ['of a known length', 'Content-Length: 50\r\n\r\nhello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['that is rewritten', 'Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('a body %s that breaks off does not look whole', async (_what, rest) => {
    reply = `HTTP/1.1 200 OK\r\n${rest}`;
    expect(await over2()).toMatchObject({ code: 200, rstCode: constants.NGHTTP2_INTERNAL_ERROR });
    const { port } = behind;
    const broken = fetch(`http://127.0.0.1:${port}${POD}/proxy/`).then((answer) => answer.text());
    await expect(broken).rejects.toThrow();
  });
});
