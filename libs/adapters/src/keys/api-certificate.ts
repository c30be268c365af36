import { hostname, networkInterfaces } from 'node:os';
import type { IssuedCertificate, Keys } from '#ports';

/** First address of the service range: `kubernetes.default` inside the cluster. */
const KUBERNETES_SERVICE_ADDRESS = '10.96.0.1';

/** The API's serving certificate, for every name and address under which clients reach it. */
export function issueApiCertificate(keys: Keys, more: readonly string[] = []): Promise<IssuedCertificate> {
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
    hostname(),
  ];
  const addresses = ['127.0.0.1', '::1', KUBERNETES_SERVICE_ADDRESS, ...hostAddresses()];
  for (const name of more) (isAddress(name) ? addresses : names).push(name);
  return keys.issueCertificate({
    commonName: 'kube-apiserver',
    usage: 'server',
    dnsNames: [...new Set(names)],
    ipAddresses: [...new Set(addresses)],
  });
}

/** This machine's own addresses, link-local ones (whose text carries an interface) left out. */
export function hostAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address }) => !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address);
}

function isAddress(text: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(text) || text.includes(':');
}
