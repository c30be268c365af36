import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ContainerSpec } from '#ports';
import { PLAIN_CONTAINER, PLAIN_SANDBOX } from '../runtime.contract.js';
import { sandboxOptions } from './container-options.js';
import { DockerRuntime } from './docker-runtime.js';

/** An engine that notes what it is asked, as one that logs its requests does. */
describe('what is sent to an engine', () => {
  const seen: { address: string; body: string }[] = [];
  let server: Server;
  let runtime: DockerRuntime;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push({ address: `${request.method} ${request.url}`, body });
        response.writeHead(request.method === 'GET' ? 200 : 201, { 'content-type': 'application/json' });
        response.end('{"Id":"made","Runtimes":{"runc":{}}}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    runtime = new DockerRuntime({ protocol: 'http', host: '127.0.0.1', port });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const spec: ContainerSpec = {
    labels: {
      cluster: 'c',
      node: 'n',
      namespace: 'ns',
      pod: 'p',
      uid: 'u',
      container: 'app',
      attempt: 0,
      specHash: '',
      role: 'app',
    },
    sandboxId: 'infra',
    image: 'i',
    ...PLAIN_CONTAINER,
    env: [['PASSWORD', 'hush-hush']],
  };

  it('has no environment in its address, where logs show it', async () => {
    expect(await runtime.createContainer(spec)).toBe('made');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.address).toMatch(/^POST \/containers\/create\?name=shiplog_app_p_ns_u_0$/);
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ Image: 'i', Env: ['PASSWORD=hush-hush'] });
  });

  it('names the runtime of the pod, once the engine said that it has it', async () => {
    await runtime.createContainer({ ...spec, runtimeHandler: 'kata' });
    expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({ HostConfig: { Runtime: 'kata' } });
    const sandbox = { ...PLAIN_SANDBOX, labels: { ...spec.labels, role: 'infra' as const }, hostname: 'p' };
    const asked = seen.length;
    await expect(runtime.startSandbox({ ...sandbox, runtimeHandler: 'toString' })).rejects.toThrow(
      'no runtime for "toString" is configured',
    );
    expect(seen.slice(asked).map(({ address }) => address)).toEqual(['GET /info']);
    expect(sandboxOptions({ ...sandbox, runtimeHandler: 'kata' }, 'net')).toMatchObject({
      HostConfig: { Runtime: 'kata' },
    });
    expect(sandboxOptions(sandbox, 'net').HostConfig).not.toHaveProperty('Runtime');
  });
});
