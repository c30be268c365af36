import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Keys } from '#ports';
import { isJsonObject } from '#std';

/**
 * Writes an administrator's kubeconfig with everything embedded, readable by its owner only. An existing one for the
 * same server and CAs whose certificate is not due is left alone: copies of it stay in step.
 */
export async function writeKubeconfig(keys: Keys, path: string, server: string): Promise<void> {
  if (isCurrent(path, server, keys)) return;
  const admin = await keys.issueCertificate({
    commonName: 'kubernetes-admin',
    organizations: ['system:masters'],
    usage: 'client',
  });
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'shiplog', cluster: { server, 'certificate-authority-data': base64(keys.caCertificate) } }],
    users: [
      {
        name: 'kubernetes-admin',
        user: { 'client-certificate-data': base64(admin.certificate), 'client-key-data': base64(admin.privateKey) },
      },
    ],
    contexts: [{ name: 'shiplog', context: { cluster: 'shiplog', user: 'kubernetes-admin' } }],
    'current-context': 'shiplog',
  });
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

function isCurrent(path: string, server: string, keys: Keys): boolean {
  try {
    const config: unknown = parse(readFileSync(path, 'utf8'));
    const cluster = first(config, 'clusters', 'cluster');
    const certificate = first(config, 'users', 'user')?.['client-certificate-data'];
    if (cluster?.['server'] !== server || cluster['certificate-authority-data'] !== base64(keys.caCertificate))
      return false;
    if (typeof certificate !== 'string') return false;
    return !keys.isCertificateDue(Buffer.from(certificate, 'base64').toString('utf8'));
  } catch {
    // Missing, unreadable or somebody's own: whatever it is, a fresh one is right.
    return false;
  }
}

function first(config: unknown, list: string, part: string): Readonly<Record<string, unknown>> | undefined {
  if (!isJsonObject(config)) return undefined;
  const entries = config[list];
  const entry: unknown = Array.isArray(entries) ? entries[0] : undefined;
  const value = isJsonObject(entry) ? entry[part] : undefined;
  return isJsonObject(value) ? value : undefined;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
