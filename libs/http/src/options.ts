import type { Problem, Refusal } from '#model';
import { refusals } from '#model';
import type { Json, JsonObject } from '#std';
import { goQuote, isJsonObject } from '#std';
import { parseInt64 } from './go-text.js';
import type { Query } from './query.js';
import { answers } from './status.js';

/** Options of a write, checked. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  readonly force: boolean | undefined;
}
type Kind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions';

export function invalidOptions(kind: Kind, problems: readonly Problem[]): Refusal {
  return refusals.invalid({ group: 'meta.k8s.io', resource: '', kind, name: '' }, problems);
}

export function writeOptions(kind: Kind, query: Query, patch?: 'apply' | 'other'): WriteOptions | Refusal {
  const problems: Problem[] = [];
  const fieldManager = query.get('fieldManager') ?? '';
  const force = query.has('force') ? query.flag('force') : undefined;
  if (patch === 'apply' && fieldManager === '') {
    problems.push({ type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' });
  }
  if (patch === 'other' && force !== undefined) {
    problems.push({ type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' });
  }
  problems.push(...fieldManagerProblems(fieldManager), ...dryRunProblems(query.all('dryRun')));
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)) {
    const supported = ['', 'Ignore', 'Strict', 'Warn'];
    problems.push({ type: 'NotSupported', field: 'fieldValidation', value: fieldValidation, detail: '', supported });
  }
  if (problems.length > 0) return withGoQuotes(invalidOptions(kind, problems), fieldManager);
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: (fieldValidation || 'Warn') as WriteOptions['fieldValidation'],
    force,
  };
}

function fieldManagerProblems(manager: string): readonly Problem[] {
  if (Buffer.byteLength(manager) > 128) {
    return [{ type: 'TooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' }];
  }
  let position = 0;
  for (const character of manager) {
    if (/\p{C}|[\p{Zl}\p{Zp}]/u.test(character)) {
      const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
      const detail = `invalid character U+${code} (at position ${position})`;
      return [{ type: 'Invalid', field: 'fieldManager', value: manager, detail }];
    }
    position += Buffer.byteLength(character);
  }
  return [];
}
/** Control characters are quoted as `\x01` by Go and `\u0001` by JSON. */
function withGoQuotes(refusal: Refusal, text: string): Refusal {
  const [json, go] = [JSON.stringify(text), goQuote(text)];
  if (json === go) return refusal;
  const causes = refusal.details?.causes?.map((cause) => ({
    ...cause,
    message: cause.message?.replace(json, go) ?? '',
  }));
  return {
    ...refusal,
    message: refusal.message.replace(json, go),
    details: { ...refusal.details, ...(causes && { causes }) },
  };
}

function dryRunProblems(values: readonly string[]): readonly Problem[] {
  if (values.every((value) => value === 'All')) return [];
  return [{ type: 'NotSupported', field: 'dryRun', value: values, detail: '', supported: ['All'] }];
}

/** The manager that owns what a client without `fieldManager` writes: the first word of its user agent. */
export function managerOf(fieldManager: string, userAgent: string): string {
  if (fieldManager !== '') return fieldManager;
  let name = '';
  for (const character of userAgent.split('/')[0] ?? '') {
    if (/\p{C}/u.test(character)) continue;
    if (Buffer.byteLength(name + character) > 128) break;
    name += character;
  }
  return name === '' ? 'unknown' : name;
}

/** DeleteOptions of a body, or of the query when there is no body. */
export function deleteOptions(body: Json | undefined, query: Query): JsonObject | Refusal {
  const options = body === undefined ? fromQuery(query) : fromBody(body);
  if ('refused' in options) return options as unknown as Refusal;
  const problems: Problem[] = [];
  const { propagationPolicy: policy, orphanDependents, dryRun } = options;
  if (policy !== undefined && orphanDependents !== undefined) {
    problems.push({
      type: 'Invalid',
      field: 'propagationPolicy',
      value: policy,
      detail: 'orphanDependents and deletionPropagation cannot be both set',
    });
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy as string)) {
    const supported = ['Foreground', 'Background', 'Orphan', 'nil'];
    problems.push({ type: 'NotSupported', field: 'propagationPolicy', value: policy, detail: '', supported });
  }
  problems.push(...dryRunProblems((dryRun ?? []) as readonly string[]));
  if (options['ignoreStoreReadErrorWithClusterBreakingPotential'] === true)
    problems.push(...readErrorProblems(options));
  return problems.length > 0 ? invalidOptions('DeleteOptions', problems) : options;
}

/** That option excludes most others; with none of them it changes nothing here, where every stored object can be read. */
function readErrorProblems(options: JsonObject): readonly Problem[] {
  const field = 'ignoreStoreReadErrorWithClusterBreakingPotential';
  const forbidden = (name: string): Problem => ({
    type: 'Invalid',
    field,
    value: true,
    detail: `cannot be set together with .${name}`,
  });
  return ['propagationPolicy', 'orphanDependents', 'gracePeriodSeconds', 'preconditions']
    .filter((name) => options[name] !== undefined)
    .map(forbidden);
}

function fromQuery(query: Query): JsonObject | Refusal {
  const grace = query.get('gracePeriodSeconds');
  const seconds = grace === undefined ? undefined : parseInt64(grace);
  if (seconds && 'error' in seconds) return answers.badRequest(seconds.error);
  const policy = query.get('propagationPolicy');
  return {
    ...(seconds && { gracePeriodSeconds: seconds.value }),
    ...(policy !== undefined && { propagationPolicy: policy }),
    ...(query.has('orphanDependents') && { orphanDependents: query.flag('orphanDependents') }),
    ...(query.has('dryRun') && { dryRun: query.all('dryRun') }),
  };
}

const FIELD_TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  gracePeriodSeconds: (value) => Number.isInteger(value),
  propagationPolicy: (value) => typeof value === 'string',
  orphanDependents: (value) => typeof value === 'boolean',
  preconditions: (value) => isJsonObject(value),
  dryRun: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  ignoreStoreReadErrorWithClusterBreakingPotential: (value) => typeof value === 'boolean',
};

function fromBody(body: Json): JsonObject | Refusal {
  if (body === null) return {};
  if (!isJsonObject(body)) return answers.badRequest('json: cannot unmarshal into Go value of type v1.DeleteOptions');
  const { kind } = body;
  if (typeof kind === 'string' && kind !== '' && kind !== 'DeleteOptions') {
    return answers.badRequest(`expected DeleteOptions, got ${kind}`);
  }
  const options: Record<string, Json> = {};
  for (const [field, isRight] of Object.entries(FIELD_TYPES)) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (!isRight(value)) {
      return answers.badRequest(`json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${field}`);
    }
    options[field] = value;
  }
  return options;
}
