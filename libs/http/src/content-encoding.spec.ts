import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { acceptsGzip, compressed, COMPRESSED_BYTES_MIN } from './content-encoding.js';
import { TestServer } from './testing/test-server.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const GZIP = { 'accept-encoding': 'gzip' };

interface Answered {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}
/** Bytes as they came, which the client of other specs takes for text. */
function bytesOf(server: TestServer, path: string, headers: Record<string, string>): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: server.port, path, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => resolve({ headers: answer.headers, bytes: Buffer.concat(parts) }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('content encoding', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
    // Over a hundred objects, so that the list is one of those kept as bytes.
    for (let i = 0; i < 120; i++)
      await server.create(MAPS, { metadata: { name: `m${i}` }, data: { k: 'ä'.repeat(1000) } });
    await server.create('/api/v1/namespaces/other/configmaps', { metadata: { name: 'one' } });
  });
  afterAll(() => server.stop());

  it.each([
    ['a list', MAPS, {}],
    ['an indented list', `${MAPS}?pretty=true`, {}],
    ['a list as YAML', MAPS, { accept: 'application/yaml' }],
    ['a document of OpenAPI', '/openapi/v2', {}],
  ])('compresses %s of 128 KiB or more for clients that accept gzip', async (_what, path, more) => {
    const plain = await bytesOf(server, path, more);
    const packed = await bytesOf(server, path, { ...more, ...GZIP });
    expect(plain.bytes.length).toBeGreaterThanOrEqual(COMPRESSED_BYTES_MIN);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers['content-length']).toBe(String(packed.bytes.length));
    expect(packed.headers['content-type']).toBe(plain.headers['content-type']);
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true);
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4);
    for (const { headers } of [plain, packed]) expect(headers['vary']).toMatch(/(^|, )Accept-Encoding$/);
  });

  it('leaves small answers and refusals as they are', async () => {
    for (const path of ['/api/v1/namespaces/other/configmaps', `${MAPS}/missing`, '/version']) {
      const { headers } = await bytesOf(server, path, GZIP);
      expect([headers['content-encoding'], headers['vary']]).toEqual([undefined, undefined]);
    }
  });

  it('never compresses a watch, however much it begins with', async () => {
    const path = `${MAPS}?watch=true&timeoutSeconds=1&resourceVersion=0`;
    const { headers, bytes } = await bytesOf(server, path, GZIP);
    expect(headers['content-encoding']).toBeUndefined();
    expect(bytes.length).toBeGreaterThan(COMPRESSED_BYTES_MIN);
    expect(JSON.parse(bytes.toString('utf8').split('\n', 1)[0] ?? '')).toMatchObject({ type: 'ADDED' });
  });

  it('lets the event loop turn while it compresses', async () => {
    const bytes = Buffer.alloc(32 * 1024 * 1024, 'abcdefghij');
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const all = await Promise.all([1, 2, 3].map(() => compressed(bytes)));
    isDone = true;
    expect(turns).toBeGreaterThan(20);
    for (const one of all) expect(gunzipSync(one).length).toBe(bytes.length);
  });

  it.each([
    ['gzip', true],
    ['deflate, gzip;q=0.5, br', true],
    ['GZIP', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['identity', false],
    ['xgzip', false],
    ['', false],
    [undefined, false],
  ])('reads Accept-Encoding %s', (header, accepted) => {
    expect(acceptsGzip(header)).toBe(accepted);
  });
});
