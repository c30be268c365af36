import { dns1123Label, dns1123Subdomain, forbidden, invalid, notSupported, required } from '#meta';
import { jsonEquals } from '#std';
import { each, items, type Problems } from '../../validation/checks.js';
import { validateFlowConditions } from '../validate-conditions.js';
import { MANDATORY_SCHEMAS } from './mandatory.js';
import type { FlowPathRule, FlowResourceRule, FlowRules, FlowSchema, FlowSchemaSpec, FlowSubject } from './schema.js';

const ALL = '*';
const EXEMPT = 'exempt';
const PRECEDENCE_MAX = 10_000;
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

export function validateFlowSchema({ metadata: { name }, spec }: FlowSchema): Problems {
  const fixed = MANDATORY_SCHEMAS.get(name);
  const isChanged = fixed !== undefined && !jsonEquals(spec, fixed);
  return [
    ...specProblems(name, spec),
    ...(isChanged ? [invalid('spec', goSpec(spec), `spec of '${name}' must equal the fixed value`)] : []),
  ];
}

export function validateFlowSchemaStatus({ status }: FlowSchema): Problems {
  return validateFlowConditions(status?.conditions);
}

function specProblems(name: string, spec: FlowSchemaSpec): Problems {
  const { matchingPrecedence = 0, distinguisherMethod: method } = spec;
  const level = spec.priorityLevelConfiguration.name;
  const precedence = 'spec.matchingPrecedence';
  const levelField = 'spec.priorityLevelConfiguration.name';
  return [
    ...(matchingPrecedence <= 0 ? [invalid(precedence, matchingPrecedence, 'must be a positive value')] : []),
    ...(matchingPrecedence > PRECEDENCE_MAX
      ? [invalid(precedence, matchingPrecedence, `must not be greater than ${PRECEDENCE_MAX}`)]
      : []),
    ...(matchingPrecedence === 1 && name !== EXEMPT
      ? [invalid(precedence, 1, "only the schema named 'exempt' may have matchingPrecedence 1")]
      : []),
    ...(method && !['ByNamespace', 'ByUser'].includes(method.type)
      ? [notSupported('spec.distinguisherMethod.type', { Type: method.type }, ['ByNamespace', 'ByUser'])]
      : []),
    ...(level === ''
      ? [required(levelField, 'must reference a priority level')]
      : each(levelField, level, dns1123Subdomain(level))),
    ...items(spec.rules).flatMap((rules, i) => rulesProblems(`spec.rules[${i}]`, rules)),
  ];
}

function rulesProblems(field: string, { subjects, resourceRules, nonResourceRules }: FlowRules): Problems {
  const resources = items(resourceRules);
  const paths = items(nonResourceRules);
  return [
    ...(items(subjects).length === 0
      ? [required(`${field}.subjects`, 'subjects must contain at least one value')]
      : subjects.flatMap((subject, i) => subjectProblems(`${field}.subjects[${i}]`, subject))),
    ...(resources.length === 0 && paths.length === 0
      ? [required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty')]
      : []),
    ...resources.flatMap((rule, i) => resourceRuleProblems(`${field}.resourceRules[${i}]`, rule)),
    ...paths.flatMap((rule, i) => pathRuleProblems(`${field}.nonResourceRules[${i}]`, rule)),
  ];
}

/** Each kind of subject has a field of its own, which is there for it alone. */
function subjectProblems(field: string, subject: FlowSubject): Problems {
  const forms = [
    { kind: 'ServiceAccount', name: 'serviceAccount', isThere: subject.serviceAccount !== undefined },
    { kind: 'User', name: 'user', isThere: subject.user !== undefined },
    { kind: 'Group', name: 'group', isThere: subject.group !== undefined },
  ];
  const own = forms.find(({ kind }) => kind === subject.kind);
  if (!own) return [notSupported(`${field}.kind`, subject.kind, ['Group', 'ServiceAccount', 'User'])];
  return [
    ...(own.isThere
      ? nameProblems(`${field}.${own.name}`, subject)
      : [required(`${field}.${own.name}`, `${own.name} is required when subject kind is '${own.kind}'`)]),
    ...forms
      .filter((form) => form !== own && form.isThere)
      .map(({ kind, name }) =>
        forbidden(`${field}.${name}`, `${name} is forbidden when subject kind is not '${kind}'`),
      ),
  ];
}

function nameProblems(field: string, { kind, user, group, serviceAccount }: FlowSubject): Problems {
  if (kind !== 'ServiceAccount') return (user ?? group)?.name === '' ? [required(`${field}.name`)] : [];
  const { namespace = '', name = '' } = serviceAccount ?? {};
  return [
    ...(name === ''
      ? [required(`${field}.name`)]
      : each(`${field}.name`, name, name === ALL ? [] : dns1123Subdomain(name))),
    ...(namespace === ''
      ? [required(`${field}.namespace`, 'must specify namespace for service account')]
      : each(`${field}.namespace`, namespace, dns1123Label(namespace))),
  ];
}

function resourceRuleProblems(field: string, rule: FlowResourceRule): Problems {
  const { verbs, apiGroups, resources, namespaces, clusterScope = false } = rule;
  const names = items(namespaces);
  const scopes = `${field}.namespaces`;
  const missing = 'resource rules that are not cluster scoped must supply at least one namespace';
  return [
    ...verbProblems(`${field}.verbs`, items(verbs)),
    ...wildcardProblems(`${field}.apiGroups`, items(apiGroups), 'api groups', 'resource apiGroups'),
    ...wildcardProblems(`${field}.resources`, items(resources), 'resources', 'resource Resources'),
    ...(names.length === 0 && !clusterScope ? [required(scopes, missing)] : []),
    ...(names.includes(ALL)
      ? aloneProblems(scopes, names, 'namespaces')
      : names.flatMap((name, i) => each(`${scopes}[${i}]`, name, dns1123Label(name)))),
  ];
}

function pathRuleProblems(field: string, { verbs, nonResourceURLs }: FlowPathRule): Problems {
  const urls = items(nonResourceURLs);
  const place = `${field}.nonResourceURLs`;
  return [
    ...verbProblems(`${field}.verbs`, items(verbs)),
    ...wildcardProblems(place, urls, 'non-resource URLs', 'nonResourceURLs'),
    ...(urls.includes(ALL) ? [] : urls.flatMap((url, i) => pathProblems(`${place}[${i}]`, url))),
  ];
}

function verbProblems(field: string, verbs: readonly string[]): Problems {
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (verbs.includes(ALL)) return aloneProblems(field, verbs, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)];
}

function wildcardProblems(field: string, values: readonly string[], others: string, all: string): Problems {
  if (values.length === 0) return [required(field, `${all} must contain at least one value`)];
  return aloneProblems(field, values, others);
}

function aloneProblems(field: string, values: readonly string[], others: string): Problems {
  if (!values.includes(ALL) || values.length === 1) return [];
  return [invalid(field, values, `if '*' is present, must not specify other ${others}`)];
}

function pathProblems(field: string, path: string): Problems {
  const problem = (detail: string): Problems => [invalid(field, path, detail)];
  if (path === '') return problem('must not be empty');
  if (path === '/') return [];
  if (!path.startsWith('/')) return problem('must start with slash');
  if (path.includes(' ')) return problem('must not contain white-space');
  if (path.includes('//')) return problem('must not contain double slash');
  const star = path.indexOf(ALL);
  return star < 0 || (star === path.length - 1 && path.endsWith('/*'))
    ? []
    : problem('wildcard can only do suffix matching');
}

/** A spec as the genuine server prints it: its own Go structure. */
function goSpec(spec: FlowSchemaSpec): unknown {
  return {
    PriorityLevelConfiguration: { Name: spec.priorityLevelConfiguration.name },
    MatchingPrecedence: spec.matchingPrecedence ?? 0,
    DistinguisherMethod: spec.distinguisherMethod ? { Type: spec.distinguisherMethod.type } : null,
    Rules: spec.rules?.map(goRules) ?? null,
  };
}

function goRules({ subjects, resourceRules, nonResourceRules }: FlowRules): unknown {
  return {
    Subjects: subjects.map(({ kind, user, group, serviceAccount }) => ({
      Kind: kind,
      User: user ? { Name: user.name } : null,
      Group: group ? { Name: group.name } : null,
      ServiceAccount: serviceAccount ? { Namespace: serviceAccount.namespace, Name: serviceAccount.name } : null,
    })),
    ResourceRules:
      resourceRules?.map((rule) => ({
        Verbs: rule.verbs,
        APIGroups: rule.apiGroups,
        Resources: rule.resources,
        ClusterScope: rule.clusterScope ?? false,
        Namespaces: rule.namespaces ?? null,
      })) ?? null,
    NonResourceRules:
      nonResourceRules?.map((rule) => ({ Verbs: rule.verbs, NonResourceURLs: rule.nonResourceURLs })) ?? null,
  };
}
