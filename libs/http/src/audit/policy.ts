import { parseDocument } from 'yaml';
import type { UserInfo } from '#model';
import { Fault, isJsonObject, type Json, type JsonObject } from '#std';
import type { RequestInfo } from '../request-info.js';

/** How much of a request is kept, from nothing to its body and its answer. */
export type AuditLevel = (typeof LEVELS)[number];
export type AuditStage = (typeof STAGES)[number];

/** What is kept of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

interface GroupResources {
  readonly group: string;
  /** Like `pods`, `pods/log` or `*`; with a star for a resource or a subresource; empty: all. */
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}
interface Rule extends AuditDecision {
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly namespaces: readonly string[];
  readonly resources: readonly GroupResources[];
  readonly nonResourceURLs: readonly string[];
}

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
const POLICY_FIELDS = ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'];
const RULE_FIELDS = [
  ...['level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs'],
  ...['omitStages', 'omitManagedFields'],
];
const GROUP_FIELDS = ['group', 'resources', 'resourceNames'];
const NOTHING: AuditDecision = { level: 'None', omitStages: new Set(), omitManagedFields: false };

/** Whether `level` keeps at least what `least` keeps. */
export function keeps(level: AuditLevel, least: AuditLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/**
 * A policy of `audit.k8s.io/v1`: the first rule that matches a request says what is kept of it, and nothing is kept of a
 * request that no rule matches.
 */
export class AuditPolicy {
  private constructor(private readonly rules: readonly Rule[]) {}

  /**
   * Reads the text of a policy file. A field that is not known is an error: what was meant to be kept would be lost in silence.
   *
   * @throws Fault that names the first thing that is wrong, and where in the file.
   */
  static parse(text: string): AuditPolicy {
    const document = parseDocument(text);
    const [problem] = document.errors;
    if (problem) throw wrong(problem.message.split('\n', 1)[0] ?? 'it is no YAML');
    const policy = mapOf(document.toJS() as Json, '', POLICY_FIELDS);
    const { apiVersion, kind } = policy;
    if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy')
      throw wrong(`it is ${quoted(kind)} of ${quoted(apiVersion)}, and must be a Policy of audit.k8s.io/v1`);
    const common = {
      omitStages: stagesOf(policy['omitStages'], 'omitStages'),
      omitManagedFields: flagOf(policy['omitManagedFields'], 'omitManagedFields') ?? false,
    };
    const rules = listOf(policy['rules'], 'rules').map((rule, i) => ruleOf(rule, `rules[${i}]`, common));
    if (rules.length === 0) throw wrong('rules: it needs at least one');
    return new AuditPolicy(rules);
  }

  decide(user: UserInfo, info: RequestInfo): AuditDecision {
    return this.rules.find((rule) => matches(rule, user, info)) ?? NOTHING;
  }
}

function matches(rule: Rule, { name, groups = [] }: UserInfo, info: RequestInfo): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule;
  if (users.length > 0 && !users.includes(name)) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => groups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.isResource || (namespaces.length > 0 && !namespaces.includes(info.namespace))) return false;
    return resources.length === 0 || resources.some((one) => isAmong(one, info));
  }
  if (nonResourceURLs.length === 0) return true;
  return !info.isResource && nonResourceURLs.some((pattern) => isPath(pattern, info.path));
}

function isAmong({ group, resources, resourceNames }: GroupResources, asked: RequestInfo): boolean {
  if (group !== asked.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name)) return false;
  const { resource, subresource } = asked;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (one) =>
      one === '*' || one === whole || one === `${resource}/*` || (subresource !== '' && one === `*/${subresource}`),
  );
}

function isPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

function ruleOf(given: Json, at: string, common: Pick<Rule, 'omitStages' | 'omitManagedFields'>): Rule {
  const rule = mapOf(given, at, RULE_FIELDS);
  const texts = (field: string): readonly string[] => textsOf(rule[field], `${at}.${field}`);
  const resources = listOf(rule['resources'], `${at}.resources`).map((one, i) => groupOf(one, `${at}.resources[${i}]`));
  const nonResourceURLs = texts('nonResourceURLs');
  nonResourceURLs.forEach((url, i) => checkUrl(url, `${at}.nonResourceURLs[${i}]`));
  const namespaces = texts('namespaces');
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    throw wrong(`${at}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`);
  const own = stagesOf(rule['omitStages'], `${at}.omitStages`);
  return {
    level: oneOf(LEVELS, rule['level'], `${at}.level`),
    users: texts('users'),
    userGroups: texts('userGroups'),
    verbs: texts('verbs'),
    namespaces,
    resources,
    nonResourceURLs,
    omitStages: new Set([...common.omitStages, ...own]),
    omitManagedFields: flagOf(rule['omitManagedFields'], `${at}.omitManagedFields`) ?? common.omitManagedFields,
  };
}

function groupOf(given: Json, at: string): GroupResources {
  const one = mapOf(given, at, GROUP_FIELDS);
  const { group = '' } = one;
  if (typeof group !== 'string') throw wrong(`${at}.group: it must be a text`);
  const resources = textsOf(one['resources'], `${at}.resources`);
  const resourceNames = textsOf(one['resourceNames'], `${at}.resourceNames`);
  if (group.includes('/')) throw wrong(`${at}.group: it names a group without a version, like "apps"`);
  if (resourceNames.length > 0 && resources.length === 0)
    throw wrong(`${at}.resourceNames: using resourceNames requires at least one resource`);
  return { group, resources, resourceNames };
}

function checkUrl(url: string, at: string): void {
  if (url === '*') return;
  if (!url.startsWith('/')) throw wrong(`${at}: it must begin with a '/', or be '*'`);
  if (url.slice(0, -1).includes('*')) throw wrong(`${at}: a '*' must be the last character`);
}

function mapOf(value: Json | undefined, at: string, fields: readonly string[]): JsonObject {
  if (!isJsonObject(value)) throw wrong(`${at === '' ? 'it' : at} must be a map`);
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown !== undefined)
    throw wrong(`unknown field ${quoted(at === '' ? unknown : `${at}.${unknown}`)} (there are ${fields.join(', ')})`);
  return value;
}
function listOf(value: Json | undefined, at: string): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(`${at}: it must be a list`);
  return value;
}
function textsOf(value: Json | undefined, at: string): readonly string[] {
  const list = listOf(value, at);
  if (!list.every((one) => typeof one === 'string')) throw wrong(`${at}: it must be a list of texts`);
  return list;
}
function stagesOf(value: Json | undefined, at: string): ReadonlySet<AuditStage> {
  return new Set(textsOf(value, at).map((stage, i) => oneOf(STAGES, stage, `${at}[${i}]`)));
}
function flagOf(value: Json | undefined, at: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrong(`${at}: it must be true or false`);
  return value;
}
function oneOf<T extends string>(known: readonly T[], value: Json | undefined, at: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw wrong(`${at}: ${quoted(value)} is none of ${known.join(', ')}`);
  return found;
}
function quoted(value: Json | undefined): string {
  return JSON.stringify(value ?? '');
}
function wrong(why: string): Fault {
  return new Fault(why, false);
}
