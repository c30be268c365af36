import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../tools/clients.mjs';
import { root } from '../../tools/cluster.mjs';
import { testRequest } from '../../libs/kinds/src/x509/testing/test-requests.js';
import type { ApiObject } from '../support/api-client.js';
import { TestCluster, until } from '../support/test-cluster.js';

/** A person asks for a certificate, another approves, the cluster signs, and the first is known by it. */
interface Request extends ApiObject {
  readonly status: { readonly certificate?: string; readonly conditions?: readonly object[] };
}
let cluster: TestCluster;
let work: string;
let privateKey = '';

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'shiplog-certificates-'));
  cluster = new TestCluster('certificates');
  await cluster.start();
  const made = await testRequest({ commonName: 'jane', organizations: ['devs'] });
  privateKey = made.privateKey;
  const spec = { request: made.request, signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 3600 };
  for (const name of ['jane', 'unwanted']) apply(requestNamed(name, { ...spec, usages: ['client auth'] }));
});
afterAll(async () => {
  rmSync(work, { recursive: true, force: true });
  await cluster?.remove();
}, 90_000);

const requestNamed = (name: string, spec: object): object => ({
  ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec },
});
const client = (...words: readonly string[]): string =>
  execFileSync(kubectl(), ['--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8' });
function apply(object: object): void {
  execFileSync(kubectl(), ['--kubeconfig', cluster.kubeconfig, 'apply', '-f', '-'], { input: JSON.stringify(object) });
}
const read = async (name: string): Promise<Request> =>
  (await cluster.api.get(`/apis/certificates.k8s.io/v1/certificatesigningrequests/${name}`)).json<Request>();

describe('a certificate for a client', () => {
  it('is asked for, and waits for somebody to decide', () => {
    expect(client('get', 'csr', 'jane', '--no-headers')).toMatch(
      /^jane +\d+s +kubernetes\.io\/kube-apiserver-client +kubernetes-admin +60m +Pending\n$/,
    );
    expect(client('describe', 'csr', 'jane')).toMatch(/Subject:\n +Common Name: +jane\n.*Organization: +devs\n/s);
  });
  it('is not made once that is denied', async () => {
    client('certificate', 'deny', 'unwanted');
    expect(client('get', 'csr', 'unwanted', '--no-headers')).toMatch(/ Denied\n$/);
  });
  it('is signed once that is approved', async () => {
    client('certificate', 'approve', 'jane');
    const { status } = await until(
      'a certificate',
      () => read('jane'),
      (found) => Boolean(found.status.certificate),
      20,
    );
    const certificate = new X509Certificate(Buffer.from(status.certificate ?? '', 'base64'));
    expect(certificate.subject).toBe('O=devs\nCN=jane');
    expect(certificate.validToDate.getTime() - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(client('get', 'csr', 'jane', '--no-headers')).toMatch(/ Approved,Issued\n$/);
    expect((await read('unwanted')).status.certificate).toBeUndefined();
    writeFileSync(join(work, 'jane.crt'), Buffer.from(status.certificate ?? '', 'base64'));
    writeFileSync(join(work, 'jane.key'), privateKey);
  });
  it('makes its holder known to the API', () => {
    const config = join(work, 'kubeconfig');
    writeFileSync(config, client('config', 'view', '--raw', '--flatten', '--minify'));
    const edit = (...words: readonly string[]): string =>
      execFileSync(kubectl(), ['--kubeconfig', config, ...words], { encoding: 'utf8' });
    const pair = [`--client-certificate=${join(work, 'jane.crt')}`, `--client-key=${join(work, 'jane.key')}`];
    edit('config', 'set-credentials', 'jane', ...pair);
    edit('config', 'set-context', '--current', '--user=jane');
    expect(edit('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}')).toBe(
      'jane ["devs","system:authenticated"]',
    );
    expect(() => edit('get', 'nodes')).toThrow(/User "jane" cannot list resource "nodes"/);
    client('create', 'clusterrolebinding', 'devs', '--clusterrole=system:node-proxier', '--group=devs');
    expect(edit('get', 'nodes', '-o', 'name')).toBe(`node/${cluster.node}\n`);
  });
  it('says who approved it', () => {
    const why = execFileSync(
      process.execPath,
      [join(root, 'dist/apps/cli/main.js'), 'why', 'csr/jane', 'status.certificate'],
      {
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
        encoding: 'utf8',
      },
    );
    expect(why).toMatch(/CertificateIssued +certificate-controller +it is approved.*StatusReported +kubernetes-admin/s);
  });
});
