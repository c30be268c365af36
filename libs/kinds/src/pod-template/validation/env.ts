import { dns1123Label, dns1123Subdomain, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, ObjectFieldSelector } from '#pod';
import { configKeyProblems } from '../../validation/data-keys.js';
import { each, items, noBacksteps, type Problems } from '../../validation/checks.js';
import { ENV_FIELDS, validateFieldRef, validateResourceRef } from './downward.js';

const ENV_NAME_WORDS =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

export function validateEnv(field: string, env: readonly EnvVar[] | undefined): Problems {
  return items(env).flatMap((variable, i) => {
    const at = `${field}[${i}]`;
    const name = variable.name === '' ? [required(`${at}.name`)] : envName(`${at}.name`, variable.name);
    return [...name, ...validateValueFrom(`${at}.valueFrom`, variable)];
  });
}

function envName(field: string, name: string): Problems {
  return /^[ -<>-~]+$/.test(name) ? [] : each(field, name, [ENV_NAME_WORDS]);
}

function validateValueFrom(field: string, { value, valueFrom }: EnvVar): Problems {
  if (!valueFrom) return [];
  const found = sourceProblems(field, valueFrom);
  const sources = Object.keys(valueFrom).length;
  if (sources === 0) {
    const words =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    found.push(invalid(field, '', words));
  }
  if (value) {
    if (sources > 0) found.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) found.push(invalid(field, '', 'may not have more than one field specified at a time'));
  return found;
}

function sourceProblems(field: string, from: EnvVarSource): Problem[] {
  const found: Problem[] = [];
  if (from.fieldRef) found.push(...envFieldRef(`${field}.fieldRef`, from.fieldRef));
  if (from.resourceFieldRef)
    found.push(...validateResourceRef(`${field}.resourceFieldRef`, from.resourceFieldRef, 'env'));
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = from[name];
    if (!ref) continue;
    found.push(...each(`${field}.${name}.name`, ref.name ?? '', dns1123Subdomain(ref.name ?? '')));
    found.push(...keyProblems(`${field}.${name}.key`, ref.key));
  }
  if (from.fileKeyRef) found.push(...fileKeyProblems(`${field}.fileKeyRef`, from.fileKeyRef));
  return found;
}
function envFieldRef(field: string, ref: ObjectFieldSelector): Problems {
  return validateFieldRef(field, ref, ENV_FIELDS);
}

/** A key of a ConfigMap or Secret. */
function keyProblems(field: string, key: string): Problems {
  if (key === '') return [required(field)];
  return each(field, key, configKeyProblems(key));
}
function fileKeyProblems(field: string, ref: FileKeySelector): Problems {
  const found: Problem[] = [];
  if (ref.key === '') found.push(required(`${field}.key`));
  else found.push(...envName(`${field}.key`, ref.key));
  if (ref.volumeName === '') found.push(required(`${field}.volumeName`));
  else found.push(...each(`${field}.volumeName`, ref.volumeName, dns1123Label(ref.volumeName)));
  if (ref.path === '') found.push(required(`${field}.path`));
  else found.push(...noBacksteps(`${field}.path`, ref.path));
  return found;
}

export function validateEnvFrom(field: string, sources: readonly EnvFromSource[] | undefined): Problems {
  return items(sources).flatMap((source, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = source.prefix ? [...envName(`${at}.prefix`, source.prefix)] : [];
    for (const name of ['configMapRef', 'secretRef'] as const) {
      const ref = source[name];
      if (!ref) continue;
      if (!ref.name) found.push(required(`${at}.${name}.name`));
      else found.push(...each(`${at}.${name}.name`, ref.name, dns1123Subdomain(ref.name)));
    }
    const count = Number(source.configMapRef !== undefined) + Number(source.secretRef !== undefined);
    if (count === 0) found.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (count > 1) found.push(invalid(field, '', 'may not have more than one field specified at a time'));
    return found;
  });
}
