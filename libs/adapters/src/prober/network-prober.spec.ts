import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RuntimeFault } from '#ports';
import { NetworkProber } from './network-prober.js';

const host = '127.0.0.1';

describe('probes', () => {
  let port = 0;
  let grpcPort = 0;
  let seen: Record<string, string | string[] | undefined> = {};
  const web = createServer((request, response) => {
    seen = request.headers;
    const code = Number(/code=(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
    if (code === 0) return;
    if (request.url === '/round') return void response.writeHead(302, { location: '/round' }).end();
    const location = /to=([^&]+)/.exec(request.url ?? '')?.[1];
    response.writeHead(code, location ? { location: decodeURIComponent(location) } : {}).end('ok');
  });
  const health = new Server();
  const prober = new NetworkProber({
    exec: (_id, command) => {
      if (command[0] === 'gone') return Promise.reject(new RuntimeFault('no such container', 'notFound'));
      return Promise.resolve({
        exitCode: command[0] === 'true' ? 0 : 1,
        output: 'why\n',
        timedOut: command[0] === 'sleep',
      });
    },
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => web.listen(0, host, resolve));
    port = (web.address() as AddressInfo).port;
    health.addService(
      {
        check: {
          path: '/grpc.health.v1.Health/Check',
          requestStream: false,
          responseStream: false,
          requestSerialize: (value: Buffer) => value,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (value: Buffer) => value,
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        check: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) =>
          answer(null, Buffer.from([0x08, call.request.includes('sick') ? 2 : 1])),
      },
    );
    grpcPort = await new Promise<number>((resolve, reject) =>
      health.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
  });
  afterAll(async () => {
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
    health.forceShutdown();
  });
  const http = (path: string, more = {}) =>
    prober.probe({ is: 'http', scheme: 'HTTP', host, port, path, headers: [], timeoutMs: 1000, ...more });

  it('takes 2xx and 3xx for well', async () => {
    expect(await http('/')).toEqual({ result: 'success', output: '' });
    expect(await http('/?code=304')).toEqual({ result: 'success', output: '' });
    expect(await http('/?code=302')).toEqual({ result: 'success', output: '' });
    expect(await http('/?code=503')).toEqual({ result: 'failure', output: 'HTTP probe failed with statuscode: 503' });
  });
  it('follows redirects within the pod, and none to elsewhere', async () => {
    const to = (location: string, code = 302) => http(`/?code=${code}&to=${encodeURIComponent(location)}`);
    for (const code of [301, 302, 303, 307, 308])
      expect(await to('/?code=500', code)).toEqual({
        result: 'failure',
        output: 'HTTP probe failed with statuscode: 500',
      });
    expect(await to(`http://${host}:${port}/?code=204`)).toEqual({ result: 'success', output: '' });
    expect(await to('http://192.0.2.1/')).toEqual({
      result: 'warning',
      output: 'Probe terminated redirects, Response body: ok',
    });
    expect((await to('http://[')).output).toContain('failed to parse Location header "http://["');
  });
  it('gives up on redirects without end', async () => {
    expect((await http('/round')).output).toBe(`Get "http://${host}:${port}/round": stopped after 10 redirects`);
  });
  it('sends the headers that it is given', async () => {
    await http('/', {
      headers: [
        ['X-Own', 'yes'],
        ['User-Agent', 'mine'],
      ],
    });
    expect(seen).toMatchObject({ 'x-own': 'yes', 'user-agent': 'mine' });
  });
  it('says what went wrong as Go would', async () => {
    expect((await http('/?code=0', { timeoutMs: 200 })).output).toBe(
      `Get "http://${host}:${port}/?code=0": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
    expect(await prober.probe({ is: 'tcp', host, port: 1, timeoutMs: 1000 })).toEqual({
      result: 'failure',
      output: 'dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });
  it('answers a probe that cannot be asked at all, and nothing of it fails later', async () => {
    const answers = await Promise.all([
      http('/', { headers: [['X-Arrow', '→']], timeoutMs: 50 }),
      http('/', { host: 'no host', timeoutMs: 50 }),
      prober.probe({ is: 'tcp', host, port: 70_000, timeoutMs: 50 }),
    ]);
    expect(answers.map(({ result }) => result)).toEqual(['failure', 'failure', 'failure']);
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  it('takes an open port for well', async () => {
    expect(await prober.probe({ is: 'tcp', host, port, timeoutMs: 1000 })).toEqual({ result: 'success', output: '' });
  });
  it('runs commands, and does not blame the pod for a failing engine', async () => {
    const exec = (command: string) =>
      prober.probe({ is: 'exec', containerId: 'c', command: [command], timeoutMs: 1000 });
    expect((await exec('true')).result).toBe('success');
    expect(await exec('false')).toEqual({ result: 'failure', output: 'why\n' });
    expect(await exec('sleep')).toEqual({ result: 'failure', output: 'command timed out: "sleep" timed out after 1s' });
    expect((await exec('gone')).result).toBe('unknown');
  });
  it('asks gRPC health services', async () => {
    const grpc = (service: string, at = grpcPort) =>
      prober.probe({ is: 'grpc', host, port: at, service, timeoutMs: 2000 });
    expect(await grpc('')).toEqual({ result: 'success', output: '' });
    expect(await grpc('sick')).toEqual({
      result: 'failure',
      output: 'service unhealthy (responded with "NOT_SERVING")',
    });
    expect((await grpc('', 1)).result).toBe('failure');
  });
});
