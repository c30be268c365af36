import type { VolumeMount } from '#pod';
import { ConfigProblem, expand, type Environment } from './environment.js';

/** Where in its volume a mount begins, '' for all of it. Only now are the values of an expression known, so only now are they checked. */
export function subPathOf({ subPath = '', subPathExpr }: VolumeMount, environment: Environment): string {
  const path = subPathExpr ? expanded(subPathExpr, new Map(environment)) : subPath;
  if (path.startsWith('/')) throw new ConfigProblem(`error SubPath \`${path}\` must not be an absolute path`);
  if (path.split('/').includes('..'))
    throw new ConfigProblem(`unable to provision SubPath \`${path}\`: must not contain '..'`);
  return path;
}

/** A variable without a value would name another folder than the one that was meant. */
function expanded(expression: string, known: ReadonlyMap<string, string>): string {
  const missing = new Set<string>();
  const path = expand(expression, (name) => {
    const value = known.get(name);
    if (!value) missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new ConfigProblem(`missing value for ${[...missing].sort().join(', ')}`);
  return path;
}
