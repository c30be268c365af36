import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusals, sessionChannels, type ForwardRequest, type Refusal, type SessionResult } from '#model';
import type { JsonObject } from '#std';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import type { NodeStream } from './backend.js';
import { TestServer } from './testing/test-server.js';

const PODS = '/api/v1/namespaces/default/pods';
/** As an agent joins a byte stream to a connection. */
class Joined implements NodeStream {
  constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
  }
  async *[Symbol.asyncIterator](): AsyncIterator<{ readonly channel: number; readonly data: Uint8Array }> {
    let result: SessionResult = {};
    try {
      for await (const data of this.socket as AsyncIterable<Buffer>) yield { channel: sessionChannels.output, data };
    } catch (cause) {
      result = { problem: `failed to connect to port 1: ${(cause as Error).message}` };
    }
    yield { channel: sessionChannels.result, data: Buffer.from(JSON.stringify(result)) };
  }
  write(data: Uint8Array, channel = 0): Promise<void> {
    if (channel === sessionChannels.inputEnd) this.socket.end();
    else this.socket.write(data);
    return Promise.resolve();
  }
  end(): Promise<void> {
    return Promise.resolve();
  }
  cancel(): void {
    this.socket.destroy();
  }
}

// What answers must have an address that is not this machine's loopback.
const own = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

describe('what is passed on to pods and services', () => {
  let server: TestServer;
  let behind: Server;
  let port = 0;
  const heard: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];

  const html = { 'content-type': 'text/html; charset=utf-8' };

  async function pod(name: string, podIP: string): Promise<void> {
    await server.create(PODS, {
      metadata: { name, labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'i', ports: [{ containerPort: port }] }] },
    });
    await patch(`${PODS}/${name}/status`, { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } });
  }
  async function patch(path: string, body: JsonObject): Promise<void> {
    const reply = await server.ask({ method: 'PATCH', path, body, type: 'application/strategic-merge-patch+json' });
    expect(reply.code).toBe(200);
  }
  async function service(name: string, address: JsonObject): Promise<void> {
    await server.create('/api/v1/namespaces/default/services', { metadata: { name }, spec: { ports: [{ port: 80 }] } });
    await server.create('/api/v1/namespaces/default/endpoints', {
      metadata: { name },
      subsets: [{ addresses: [address], ports: [{ port }] }],
    });
  }

  beforeAll(async () => {
    if (own === undefined) throw new Error('this machine has no IPv4 address but that of its loopback');
    behind = createServer((request, response) => {
      heard.push({ url: request.url ?? '', headers: request.headers });
      if (request.url === '/moved') response.writeHead(302, { location: '/there/?a=b' }).end();
      else if (request.url === '/away') response.writeHead(302, { location: 'https://example.com/x' }).end();
      else if (request.url === '/page')
        response.writeHead(200, html).end('<a href="/there">é</a><a href="//else.where/">');
      else if (request.url === '/packed')
        response.writeHead(200, { ...html, 'content-encoding': 'gzip' }).end(gzipSync('<a href="/there">'));
      else if (request.url === '/echo') request.pipe(response);
      else if (request.url === '/until-the-end') request.socket.end('HTTP/1.0 200 OK\r\n\r\nall of it');
      else response.end(`you asked for ${request.url}`);
    });
    await new Promise<void>((resolve) => behind.listen(0, own, resolve));
    ({ port } = behind.address() as AddressInfo);
    server = await TestServer.start();
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await pod('real', own ?? '');
    await pod('inward', '127.0.0.1');
    await pod('metadata', '169.254.169.254');
  });
  afterAll(async () => {
    behind.close();
    await server.stop();
  });

  it('keeps what stands in the path, escapes and all', async () => {
    const ask = async (rest: string): Promise<string | undefined> => {
      expect((await server.get(`${PODS}/real/proxy/${rest}`)).code).toBe(200);
      return heard.at(-1)?.url;
    };
    expect(await ask('a/b?c=d')).toBe('/a/b?c=d');
    expect(await ask('what%3Fno%23query')).toBe('/what%3Fno%23query');
    expect(await ask('%ff')).toBe('/%FF');
    expect(await ask('a%20b/%C3%A4')).toBe('/a%20b/%C3%A4');
  });

  it('tells neither who asks nor what only concerns one connection', async () => {
    await server.get(`${PODS}/real/proxy/x`, { authorization: 'Basic x', 'x-own': 'yes' });
    const headers: IncomingHttpHeaders = heard.at(-1)?.headers ?? {};
    expect([headers.authorization, headers['x-own'], headers['x-forwarded-uri'], headers['x-forwarded-for']]).toEqual([
      undefined,
      'yes',
      `${PODS}/real/proxy/x`,
      '127.0.0.1',
    ]);
  });

  it('leads redirections of the pod through the proxy again', async () => {
    const moved = await server.get(`${PODS}/real/proxy/moved`);
    expect(moved.headers.location).toBe(`${PODS}/real/proxy/there/?a=b`);
    expect((await server.get(`${PODS}/real/proxy/away`)).headers.location).toBe('https://example.com/x');
  });

  it('leads the links of a page through the proxy too, packed or not', async () => {
    const page = await server.get(`${PODS}/real/proxy/page`);
    expect(page.text).toBe(`<a href="${PODS}/real/proxy/there">é</a><a href="//else.where/">`);
    const packed = await fetch(`http://127.0.0.1:${server.port}${PODS}/real/proxy/packed`);
    expect(await packed.text()).toBe(`<a href="${PODS}/real/proxy/there">`);
  });

  describe('of a node with an agent', () => {
    const asked: (Omit<ForwardRequest, 'stream'> & { readonly node: string })[] = [];
    /** The agent's answer; undefined: it joins the port to the server of this test. */
    let refusal: Refusal | undefined;
    let isSilent = false;
    const wrong = { phase: 'Running', podIP: '203.0.113.9', podIPs: [{ ip: '203.0.113.9' }] };
    beforeAll(async () => {
      await server.create('/api/v1/nodes', { metadata: { name: 'n1' } });
      for (const [name, hostNetwork] of [
        ['remote', false],
        ['silent', false],
        ['host', true],
      ] as const) {
        const containers = [{ name: 'main', image: 'i', ports: [{ containerPort: port }] }];
        await server.create(PODS, { metadata: { name }, spec: { nodeName: 'n1', hostNetwork, containers } });
      }
      // Nothing on this machine has the address of the one, and the other is reached at its node's.
      await patch(`${PODS}/remote/status`, { status: wrong });
      for (const name of ['silent', 'host'])
        await patch(`${PODS}/${name}/status`, { status: { ...wrong, podIP: own ?? '', podIPs: [{ ip: own ?? '' }] } });
      Object.assign(server.backend, {
        openPort: (
          node: string,
          request: Omit<ForwardRequest, 'stream'>,
        ): Promise<NodeStream | Refusal | undefined> => {
          asked.push({ node, ...request });
          if (isSilent) return Promise.resolve(undefined);
          return Promise.resolve(refusal ?? new Joined(connect(request.port, own)));
        },
      });
    });
    afterAll(() => void Object.assign(server.backend, { openPort: undefined }));

    it('goes by way of that, whatever the control plane reaches itself', async () => {
      expect((await server.get(`${PODS}/remote/proxy/hello`)).text).toBe('you asked for /hello');
      const { uid } = (await server.get(`${PODS}/remote`)).json?.['metadata'] as unknown as { readonly uid: string };
      expect(asked.splice(0)).toEqual([{ node: 'n1', namespace: 'default', pod: 'remote', uid, port }]);
      const body = 'x'.repeat(300_000);
      const reply = await fetch(`http://127.0.0.1:${server.port}${PODS}/remote/proxy/echo`, { method: 'POST', body });
      expect(await reply.text()).toBe(body);
    });
    it('takes an answer that ends with its connection', async () => {
      const { text } = await server.get(`${PODS}/remote/proxy/until-the-end`);
      expect(text).toBe('all of it');
      expect((await server.get(`${PODS}/remote/proxy/hello`)).text).toBe('you asked for /hello');
    });
    it('says what the agent has against it', async () => {
      expect((await server.get(`${PODS}/remote:1/proxy/`)).json).toMatchObject({
        code: 503,
        message: expect.stringContaining('error trying to reach service: failed to connect to port 1') as unknown,
      });
      refusal = refusals.badRequest('unable to forward port because pod is not running');
      expect((await server.get(`${PODS}/remote/proxy/`)).json).toMatchObject({
        code: 503,
        message: 'error trying to reach service: unable to forward port because pod is not running',
      });
    });
    it('goes to the address where no agent answers', async () => {
      isSilent = true;
      expect((await server.get(`${PODS}/silent/proxy/hello`)).text).toBe('you asked for /hello');
      isSilent = false;
    });
    it('goes to no address when the agent refuses, however it says so', async () => {
      refusal = refusals.unavailable('try the address');
      expect((await server.get(`${PODS}/silent/proxy/hello`)).json).toMatchObject({ code: 503 });
      refusal = undefined;
    });
    it("never opens the node's loopback through a pod in the node's network", async () => {
      asked.splice(0);
      expect((await server.get(`${PODS}/host/proxy/hello`)).text).toBe('you asked for /hello');
      expect(asked).toEqual([]);
    });
  });

  it.each(['inward', 'metadata'])('does not go where only this machine gets: %s', async (name) => {
    expect((await server.get(`${PODS}/${name}:${port}/proxy/`)).json).toMatchObject({
      code: 400,
      message: 'address not allowed',
    });
  });

  it('goes to a service only where a pod of its namespace stands behind the address', async () => {
    const ref = (name: string): JsonObject => ({ kind: 'Pod', name, namespace: 'default' });
    await service('good', { ip: own ?? '', targetRef: ref('real') });
    await service('bare', { ip: own ?? '' });
    await service('other', { ip: own ?? '', targetRef: ref('inward') });
    const path = '/api/v1/namespaces/default/services';
    expect((await server.get(`${path}/good/proxy/hello`)).text).toBe('you asked for /hello');
    for (const name of ['bare', 'other']) {
      expect((await server.get(`${path}/${name}/proxy/hello`)).json).toMatchObject({
        code: 503,
        message: `no endpoints available for service "${name}"`,
      });
    }
  });
});
