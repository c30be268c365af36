import { byteLength, patternProblem } from '#meta';
import type { Problem } from '#model';

/** What is wrong with a key of a ConfigMap's or Secret's data, in Kubernetes' sentences. */
export function configKeyProblems(key: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(key) > 253) problems.push('must be no more than 253 characters');
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
    const words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(patternProblem(words, '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (key === '.' || key === '..') problems.push(`must not be '${key}'`);
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

export function dataKeyProblems(field: string, key: string): readonly Problem[] {
  return configKeyProblems(key).map((detail) => ({ type: 'Invalid', field: `${field}[${key}]`, value: key, detail }));
}

/** How many bytes a base64 text stands for. */
export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((text.length * 3) / 4) - padding);
}
