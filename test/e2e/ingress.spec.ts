import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUSYBOX, freePort, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, rolledOut } from '../support/workloads.js';

const NAMESPACE = '/api/v1/namespaces/default';
const INGRESSES = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
const HOST = 'web.example.com';
let cluster: TestCluster;
let http = 0;
let https = 0;

/** Serves a page with a word; new pods come before the old ones go, and those end a moment after their endpoints. */
const pages = (word: string): object => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  template: {
    metadata: { labels: { app: 'web' } },
    spec: {
      terminationGracePeriodSeconds: 10,
      containers: [
        {
          name: 'main',
          image: BUSYBOX,
          command: [
            'sh',
            '-c',
            `mkdir -p /www/sub && echo ${word} > /www/index.html && cp /www/index.html /www/sub && exec busybox httpd -f -p 8080 -h /www`,
          ],
          readinessProbe: { httpGet: { port: 8080, path: '/' }, periodSeconds: 1 },
          lifecycle: { preStop: { sleep: { seconds: 1 } } },
        },
      ],
    },
  },
});

beforeAll(async () => {
  importBusybox();
  [http, https] = [await freePort(), await freePort()];
  cluster = new TestCluster('ingress', { SHIPLOG_INGRESS_PORTS: `${http},${https}` });
  await cluster.start();
  await create(DEPLOYMENTS, deployment('web', 2, pages('one')));
  await create(`${NAMESPACE}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await rolledOut(cluster, 'web');
}, 120_000);

afterAll(() => cluster?.remove(), 90_000);

async function create(path: string, body: object): Promise<void> {
  expect((await cluster.api.call('POST', path, { body })).status).toBe(201);
}
/** The page of a host at this node's port, or why there is none. */
function get(host: string, path = '/'): Promise<string> {
  return new Promise((done) => {
    const outgoing = request({ host: '127.0.0.1', port: http, path, headers: { host }, agent: false }, (response) => {
      let text = `${response.statusCode} `;
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => done(text.trim()));
      response.on('error', (error) => done(error.message));
    });
    outgoing.on('error', (error) => done((error as NodeJS.ErrnoException).code ?? error.message));
    outgoing.end();
  });
}
/** Whose certificate a TLS client is shown. */
function nameOnCertificate(servername: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port: https, servername, rejectUnauthorized: false }, () => {
      done(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', (error) => done((error as NodeJS.ErrnoException).code ?? error.message));
  });
}
function tls(cn: string): { readonly certificate: string; readonly key: string } {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=${cn} -keyout - -out -`;
  const pem = execFileSync('openssl', words.split(' '), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const cut = (what: string): string =>
    new RegExp(`-----BEGIN ${what}-----[^]*-----END ${what}-----\n`).exec(pem)?.[0] ?? '';
  return { certificate: cut('CERTIFICATE'), key: cut('PRIVATE KEY') };
}
const data = (cn: string): object => {
  const { certificate, key } = tls(cn);
  return { 'tls.crt': btoa(certificate), 'tls.key': btoa(key) };
};

describe('an ingress', () => {
  it('is served by the node, by host and path, and says where', async () => {
    expect(await get(HOST)).toBe('ECONNREFUSED');
    const to = { service: { name: 'web', port: { name: 'http' } } };
    await create(INGRESSES, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'web' },
      spec: {
        rules: [
          {
            host: HOST,
            http: {
              paths: [
                { path: '/', pathType: 'Exact', backend: to },
                { path: '/sub', pathType: 'Prefix', backend: to },
              ],
            },
          },
        ],
      },
    });
    await until(
      '200 one',
      () => get(HOST),
      (seen) => seen === '200 one',
    );
    expect(await get(HOST, '/sub/')).toBe('200 one');
    expect(await get(HOST, '/other')).toMatch(/^404 no Ingress has a rule/);
    expect(await get('other.example.com')).toMatch(/^404 no Ingress/);
    const { spec, status } = (await cluster.api.get(`${INGRESSES}/web`)).json<{
      readonly spec: { readonly ingressClassName: string };
      readonly status: { readonly loadBalancer: { readonly ingress: readonly { readonly ip: string }[] } };
    }>();
    expect(spec.ingressClassName).toBe('shiplog');
    expect(status.loadBalancer.ingress).toHaveLength(1);
  }, 60_000);

  it('has the certificate of a Secret, and the next one when it changes', async () => {
    expect(await nameOnCertificate(HOST)).not.toBe('first');
    await create(`${NAMESPACE}/secrets`, {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-tls' } },
      type: 'kubernetes.io/tls',
      data: data('first'),
    });
    const body = { spec: { tls: [{ hosts: [HOST], secretName: 'web-tls' }] } };
    await cluster.api.call('PATCH', `${INGRESSES}/web`, { contentType: 'application/merge-patch+json', body });
    await until(
      'first',
      () => nameOnCertificate(HOST),
      (seen) => seen === 'first',
    );
    await cluster.api.call('PATCH', `${NAMESPACE}/secrets/web-tls`, {
      contentType: 'application/merge-patch+json',
      body: { data: data('second') },
    });
    await until(
      'second',
      () => nameOnCertificate(HOST),
      (seen) => seen === 'second',
    );
  }, 60_000);

  it('loses no request of clients while its pods, its rules and its certificate are replaced', async () => {
    let isOver = false;
    const seen = new Map<string, number>();
    const client = async (): Promise<void> => {
      while (!isOver) {
        const page = await get(HOST);
        seen.set(page, (seen.get(page) ?? 0) + 1);
      }
    };
    const clients = [client(), client(), client()];
    await cluster.api.call('PATCH', `${DEPLOYMENTS}/web`, {
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: pages('two') },
    });
    await cluster.api.call('PATCH', `${INGRESSES}/web`, {
      contentType: 'application/merge-patch+json',
      body: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
    });
    await cluster.api.call('PATCH', `${NAMESPACE}/secrets/web-tls`, {
      contentType: 'application/merge-patch+json',
      body: { data: data('third') },
    });
    await rolledOut(cluster, 'web');
    await until(
      '200 two',
      () => get(HOST),
      (seen) => seen === '200 two',
    );
    isOver = true;
    await Promise.all(clients);
    expect([...seen.keys()].sort()).toEqual(['200 one', '200 two']);
    await until(
      '200 two',
      () => get('other.example.com'),
      (seen) => seen === '200 two',
    );
  }, 120_000);
});
