import { forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { ProjectedVolumeSource, ServiceAccountTokenProjection, VolumeProjection } from '#pod';
import { items, localPath, type Problems } from '../../validation/checks.js';
import { validateDownwardFile } from './downward.js';
import { validateKeys } from '../../validation/keys.js';

/** Several sources in one folder: no two may write the same file. */
export function validateProjected(field: string, source: ProjectedVolumeSource): Problems {
  const paths = new Set<string>();
  const claim = (path: string, value: string): Problems => {
    if (paths.has(path)) return [invalid(field, value, 'conflicting duplicate paths')];
    paths.add(path);
    return [];
  };
  return items(source.sources).flatMap((projection, i) =>
    sourceProblems(field, `${field}.sources[${i}]`, projection, claim),
  );
}

type Claim = (path: string, value: string) => Problems;

/** Sources of features that are off are gone before anything is looked at. */
function sourceProblems(field: string, at: string, projection: VolumeProjection, claim: Claim): Problems {
  const { secret, configMap, downwardAPI, serviceAccountToken } = projection;
  const found: Problem[] = [];
  for (const [name, from] of [['secret', secret] as const, ['configMap', configMap] as const]) {
    if (!from) continue;
    if (!from.name) found.push(required(`${at}.${name}.name`));
    found.push(...validateKeys(`${at}.${name}.items`, from.items));
    for (const { path } of items(from.items)) if (path) found.push(...claim(path, from.name ?? ''));
  }
  for (const file of items(downwardAPI?.items)) {
    found.push(...validateDownwardFile(`${at}.downwardAPI`, file));
    if (file.path) found.push(...claim(file.path, file.path));
  }
  if (serviceAccountToken) found.push(...tokenProblems(field, `${at}.serviceAccountToken`, serviceAccountToken));
  const count = [secret, configMap, downwardAPI, serviceAccountToken].filter((source) => source !== undefined).length;
  if (count > 1) found.push(forbidden(at, 'may not specify more than 1 volume type per source'));
  return found;
}

const TEN_MINUTES = 600;

/** Faults of the token's path are told of the volume. */
function tokenProblems(field: string, at: string, token: ServiceAccountTokenProjection): Problems {
  const seconds = token.expirationSeconds ?? 3600;
  const found: Problem[] = [];
  if (seconds < TEN_MINUTES)
    found.push(invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    found.push(invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'));
  const path = `${field}.path`;
  return [...found, ...(token.path === '' ? [required(path)] : localPath(path, token.path))];
}
