import { describe, expect, it } from '@jest/globals';
import type { IngressServer, IngressService } from '#ports';
import { TestNode } from './test-node.js';

/** Listens nowhere: what it would do with a request. */
class Listener implements IngressServer {
  service: IngressService | undefined;
  refusal: string | undefined;
  /** What a stop waits for, as for requests under way. */
  stopping: Promise<void> = Promise.resolve();
  serve(service: IngressService): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.service = service;
    return Promise.resolve();
  }
  async stop(): Promise<void> {
    this.service = undefined;
    await this.stopping;
  }
}
const CLASS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'shiplog', uid: 'class' },
  spec: { controller: 'shiplog.io/ingress' },
};
const WEB = 'networking.k8s.io.ingresses/default/web';
const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'default', uid: 'uid-web' },
  spec: {
    ingressClassName: 'shiplog',
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    tls: [{ hosts: ['h'], secretName: 'tls' }],
  },
};
async function started(listener: Listener): Promise<TestNode> {
  const ports = { http: 80, https: 443 };
  const node = new TestNode({}, undefined, undefined, undefined, { server: listener, ports });
  node.assign(CLASS, 'networking.k8s.io.ingressclasses/_/shiplog', true);
  await node.start();
  return node;
}

describe('ingresses of a node', () => {
  it('are served from the first one on, by the routes and certificates of the moment, and no longer than there is one', async () => {
    const listener = new Listener();
    const node = await started(listener);
    expect(listener.service).toBeUndefined();
    node.assign(ingress, WEB);
    await node.run(100);
    expect(listener.service?.ports).toEqual({ http: 80, https: 443 });
    expect(listener.service?.route('h', '/')).toMatchObject({ message: 'there is no service default/web' });
    const metadata = { name: 'web', namespace: 'default', uid: 'uid-svc' };
    node.assign(
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } },
      'core.services/default/web',
    );
    await node.run(100);
    expect(listener.service?.route('h', '/')).toMatchObject({
      message: 'service default/web has no endpoint that is ready',
    });
    expect(listener.service?.certificate('h')).toBeUndefined();
    const data = { 'tls.crt': btoa('c'), 'tls.key': btoa('k') };
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', data };
    node.assign({ ...secret, metadata: { name: 'tls', namespace: 'default', uid: 's' } }, 'core.secrets/default/tls');
    await node.run(100);
    expect(listener.service?.certificate('h')).toMatchObject({ certificate: 'c', key: 'k' });
    node.assign({ ...ingress, spec: { ...ingress.spec, ingressClassName: 'nginx' } }, WEB);
    await node.run(100);
    expect(listener.service).toBeUndefined();
  });
  it('are served or not, and the agent registers which', async () => {
    const [serves, off] = [await started(new Listener()), new TestNode()];
    await off.start();
    const labels = [serves, off].map(
      ({ registrations }) => registrations[0]?.metadata.labels?.['shiplog.io/serves-ingress'],
    );
    expect(labels).toEqual(['true', 'false']);
  });
  it('are said not to be served while a port is taken, and are once it is free', async () => {
    const listener = new Listener();
    listener.refusal = 'port 80 is taken';
    const node = await started(listener);
    node.assign(ingress, WEB);
    await node.run(100);
    expect(node.incidents).toMatchObject([
      { reason: 'IngressFailed', message: 'ingresses are not served on this node: port 80 is taken' },
    ]);
    listener.refusal = undefined;
    await node.run(31_000);
    expect(listener.service).toBeDefined();
  });
  it('are served again though they came back while the server was about to stop', async () => {
    const listener = new Listener();
    const node = await started(listener);
    node.assign(ingress, WEB);
    await node.run(100);
    let end: () => void = () => undefined;
    listener.stopping = new Promise((done) => (end = done));
    const other = { ...ingress, spec: { ...ingress.spec, ingressClassName: 'nginx' } };
    node.assign(other, WEB);
    await node.run(100);
    node.assign(ingress, WEB);
    await node.run(100);
    expect(listener.service).toBeUndefined();
    end();
    await node.run(100);
    expect(listener.service).toBeDefined();
  });
});
