import { dns1123Label, dns1123Subdomain, forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import type {
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../volume-projected.schema.js';
import { each, items, localPath, type Problems } from './checks.js';
import { validateDownwardFile } from './downward.js';
import { validateKeys } from './keys.js';
import { validateLabelSelector } from './labels.js';

/** Several sources in one folder: no two may write the same file. */
export function validateProjected(field: string, source: ProjectedVolumeSource): Problems {
  const paths = new Set<string>();
  const claim = (path: string, value: string): Problems => {
    if (paths.has(path)) return [invalid(field, value, 'conflicting duplicate paths')];
    paths.add(path);
    return [];
  };
  return items(source.sources).flatMap((projection, i) => sourceProblems(`${field}.sources[${i}]`, projection, claim));
}

type Claim = (path: string, value: string) => Problems;

function sourceProblems(at: string, projection: VolumeProjection, claim: Claim): Problems {
  const found: Problem[] = [];
  let sources = 0;
  const only = (name: string): boolean => {
    if (sources++ === 0) return true;
    found.push(forbidden(`${at}.${name}`, 'may not specify more than 1 volume type per source'));
    return false;
  };
  for (const name of ['secret', 'configMap'] as const) {
    const from = projection[name];
    if (!from || !only(name)) continue;
    if (!from.name) found.push(required(`${at}.${name}.name`));
    found.push(...validateKeys(`${at}.${name}.items`, from.items));
    for (const { path } of items(from.items)) if (path) found.push(...claim(path, from.name ?? ''));
  }
  if (projection.downwardAPI && only('downwardAPI')) {
    for (const file of items(projection.downwardAPI.items)) {
      found.push(...validateDownwardFile(`${at}.downwardAPI`, file));
      if (file.path) found.push(...claim(file.path, file.path));
    }
  }
  const token = projection.serviceAccountToken;
  if (token && only('serviceAccountToken'))
    found.push(...tokenProblems(`${at}.serviceAccountToken`, token, claim, at.replace(/\.sources\[\d+\]$/, '')));
  if (projection.clusterTrustBundle && only('clusterTrustBundle')) {
    found.push(...bundleProblems(`${at}.clusterTrustBundle`, projection, claim));
  }
  if (projection.podCertificate && only('podCertificate')) {
    found.push(...certificateProblems(`${at}.podCertificate`, projection, claim));
  }
  return found;
}

const TEN_MINUTES = 600;
function tokenProblems(at: string, token: ServiceAccountTokenProjection, claim: Claim, volume: string): Problems {
  const seconds = token.expirationSeconds ?? 3600;
  const found: Problem[] = [];
  if (seconds < TEN_MINUTES)
    found.push(invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    found.push(invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (token.path === '') return [...found, required(`${volume}.path`)];
  return [...found, ...localPath(`${at}.path`, token.path), ...claim(token.path, token.path)];
}

function bundleProblems(at: string, { clusterTrustBundle: bundle }: VolumeProjection, claim: Claim): Problems {
  if (!bundle) return [];
  const found: Problem[] = [];
  const byName = bundle.name !== undefined;
  const bySigner = bundle.signerName !== undefined;
  if (byName && bySigner) found.push(invalid(at, bundle, 'only one of name and signerName may be used'));
  if (!byName && !bySigner) found.push(required(at, 'either name or signerName must be specified'));
  if (byName) found.push(...each(`${at}.name`, bundle.name, dns1123Subdomain(bundle.name ?? '')));
  found.push(...validateLabelSelector(`${at}.labelSelector`, bundle.labelSelector));
  if (bundle.path === '') return [...found, required(`${at}.path`)];
  return [...found, ...localPath(`${at}.path`, bundle.path), ...claim(bundle.path, bundle.path)];
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
function certificateProblems(at: string, { podCertificate: certificate }: VolumeProjection, claim: Claim): Problems {
  if (!certificate) return [];
  const found: Problem[] = [];
  if (!certificate.signerName) found.push(required(`${at}.signerName`));
  else if (!/^[^/]+\/[^/]+$/.test(certificate.signerName)) {
    found.push(...each(`${at}.signerName`, certificate.signerName, dns1123Label(certificate.signerName)));
  }
  if (!KEY_TYPES.includes(certificate.keyType ?? '')) {
    found.push({
      type: 'NotSupported',
      field: `${at}.keyType`,
      value: certificate.keyType ?? '',
      detail: '',
      supported: KEY_TYPES,
    });
  }
  for (const name of ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const) {
    const path = certificate[name];
    if (path) found.push(...localPath(`${at}.${name}`, path), ...claim(path, path));
  }
  if (!certificate.credentialBundlePath && !certificate.keyPath && !certificate.certificateChainPath) {
    found.push(required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  }
  return found;
}
