import type { VolumeProjection, Volume } from '#pod';
import { items } from '../../validation/checks.js';

/** A file that a volume will have, and what of a projected volume it comes from. */
interface File {
  readonly path: string;
  readonly source: string;
}
type Files = readonly { readonly path: string }[] | null | undefined;
const filesOf = (files: Files, source = ''): readonly File[] => items(files).map(({ path }) => ({ path, source }));

/** Files of one volume that would overwrite each other, or stand where another needs a folder. */
export function overlapWarnings({ name, configMap, secret, downwardAPI, projected }: Volume): readonly string[] {
  const words = (what: string, files: readonly File[]): readonly string[] =>
    overlaps(files).map((text) => `volume "${name}" (${what}): overlapping paths: ${text}`);
  return [
    ...(configMap ? words(`ConfigMap "${configMap.name ?? ''}"`, filesOf(configMap.items)) : []),
    ...(secret ? words(`Secret "${secret.secretName ?? ''}"`, filesOf(secret.items)) : []),
    ...(downwardAPI ? words('DownwardAPI', filesOf(downwardAPI.items)) : []),
    ...items(projected?.sources)
      .filter((source) => Object.keys(source).length === 0)
      .map(() => `volume "${name}" (Projected) has no sources provided`),
    ...words('Projected', items(projected?.sources).flatMap(projectedFiles)),
  ];
}

function projectedFiles(source: VolumeProjection): readonly File[] {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap?.items) return filesOf(configMap.items, `ConfigMap "${configMap.name ?? ''}"`);
  if (secret?.items) return filesOf(secret.items, `Secret "${secret.name ?? ''}"`);
  if (downwardAPI?.items) return filesOf(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken ? [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }] : [];
}

function overlaps(files: readonly File[]): readonly string[] {
  const bare = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  const text = ({ path, source }: File): string => JSON.stringify(path) + (source === '' ? '' : ` (${source})`);
  return bare.flatMap((file, i) =>
    bare.slice(0, i).flatMap((other) => (meet(file.path, other.path) ? [`${text(file)} with ${text(other)}`] : [])),
  );
}

function meet(a: string, b: string): boolean {
  return a !== '' && b !== '' && (`${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`));
}
