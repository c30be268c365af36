import { dns1123Label } from '#meta';

/** A name that is no DNS label is allowed where pods are named after it, and will surprise. */
export function nameWarnings(name: string, use: string): readonly string[] {
  const words = dns1123Label(name);
  if (words.length === 0) return [];
  return [
    `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${words.join(' ')}]`,
  ];
}
