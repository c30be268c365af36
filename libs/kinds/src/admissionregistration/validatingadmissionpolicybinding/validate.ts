import { dns1123Subdomain, duplicate, forbidden, invalid, notSupported, pathSegment, required } from '#meta';
import { each, items, oneOf, type Problems } from '../../validation/checks.js';
import { validateLabelSelector } from '../../validation/labels.js';
import { validateMatchResources } from '../validate-rules.js';
import type { ParamRef, ValidatingAdmissionPolicyBinding } from './schema.js';

const ACTIONS = ['Audit', 'Deny', 'Warn'];

export function validateBinding({ spec }: ValidatingAdmissionPolicyBinding): Problems {
  const { policyName = '' } = spec;
  return [
    ...(policyName === ''
      ? [required('spec.policyName')]
      : each('spec.policyName', policyName, dns1123Subdomain(policyName))),
    ...(spec.paramRef ? paramProblems('spec.paramRef', spec.paramRef) : []),
    ...validateMatchResources('spec.matchResources', spec.matchResources),
    ...actionProblems('spec.validationActions', items(spec.validationActions)),
  ];
}

function paramProblems(field: string, { name = '', selector, parameterNotFoundAction }: ParamRef): Problems {
  const both = 'name and selector are mutually exclusive';
  return [
    ...(name === '' ? [] : each(`${field}.name`, name, pathSegment(name))),
    ...(name !== '' && selector ? [forbidden(`${field}.name`, both)] : []),
    ...validateLabelSelector(`${field}.selector`, selector),
    ...(name !== '' && selector ? [forbidden(`${field}.selector`, both)] : []),
    ...(name === '' && !selector ? [required(field, 'one of name or selector must be specified')] : []),
    ...oneOf(`${field}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow']),
  ];
}

function actionProblems(field: string, actions: readonly string[]): Problems {
  const seen = new Set<string>();
  const both =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  return [
    ...actions.flatMap((action, i) => {
      const isTwice = seen.has(action);
      seen.add(action);
      return [
        ...(ACTIONS.includes(action) ? [] : [notSupported(`${field}[${i}]`, action, ACTIONS)]),
        ...(isTwice ? [duplicate(`${field}[${i}]`, action)] : []),
      ];
    }),
    ...(seen.has('Deny') && seen.has('Warn') ? [invalid(field, actions, both)] : []),
    ...(actions.length === 0 ? [required(field, 'at least one validation action is required')] : []),
  ];
}
