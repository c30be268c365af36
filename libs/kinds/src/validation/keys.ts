import { required } from '#meta';
import type { KeyToPath } from '#pod';
import { fileMode, items, localPath, type Problems } from './checks.js';

/** Which keys become which files. */
export function validateKeys(field: string, keys: readonly KeyToPath[] | undefined): Problems {
  return items(keys).flatMap(({ key, path, mode }, i) => {
    const at = `${field}[${i}]`;
    return [
      ...(key === '' ? [required(`${at}.key`)] : []),
      ...(path === '' ? [required(`${at}.path`)] : localPath(`${at}.path`, path)),
      ...fileMode(`${at}.mode`, mode),
    ];
  });
}
