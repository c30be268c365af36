import { YamlFolder } from './yaml-folds.js';
import { YamlWriter } from './yaml-writer.js';

/** A value of JSON as YAML in the form that Kubernetes writes: sorted keys, lists not indented, long texts folded. */
export function yamlText(value: unknown): string {
  return [...yamlParts(value)].join('');
}

/** The same text in parts, each of which takes little time to make. */
export function* yamlParts(value: unknown): Generator<string> {
  const folder = new YamlFolder();
  for (const lines of new YamlWriter(value).parts()) yield folder.folded(lines);
}
