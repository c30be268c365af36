import { dns1035Label } from '#meta';
import type { Problem } from '#model';
import type { CustomResourceDefinition } from './schema.js';

const AT = 'spec.conversion';
const CLIENT = `${AT}.webhookClientConfig`;
const REVIEWS = `${AT}.conversionReviewVersions`;
const invalid = (field: string, value: unknown, detail: string): Problem => ({ type: 'Invalid', field, value, detail });

/** How objects get from one version to another. */
export function validateConversion(conversion: CustomResourceDefinition['spec']['conversion']): readonly Problem[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  if (strategy === '') return [{ type: 'Required', field: `${AT}.strategy`, detail: '' }];
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [
      {
        ...{ type: 'NotSupported', field: `${AT}.strategy`, value: strategy, supported: ['None', 'Webhook'] },
        detail: '',
      },
    ];
  if (strategy === 'None') {
    const not = 'should not be set when strategy is not set to Webhook';
    const forbidden = (field: string): Problem => ({ type: 'Forbidden', field, detail: not });
    return [
      ...(webhook?.clientConfig ? [forbidden(CLIENT)] : []),
      ...(webhook?.conversionReviewVersions?.length ? [forbidden(REVIEWS)] : []),
    ];
  }
  const problems = [
    ...validateClient(webhook?.clientConfig),
    ...validateReviews(webhook?.conversionReviewVersions ?? []),
  ];
  if (problems.length > 0) return problems;
  return [
    {
      type: 'Forbidden',
      field: `${AT}.strategy`,
      detail: 'this server does not call conversion webhooks yet: use the strategy None',
    },
  ];
}

type Client = NonNullable<NonNullable<CustomResourceDefinition['spec']['conversion']>['webhook']>['clientConfig'];

function validateClient(client: Client): readonly Problem[] {
  if (!client) return [{ type: 'Required', field: CLIENT, detail: 'required when strategy is set to Webhook' }];
  const { url, service } = client;
  if ((url === undefined) === (service === undefined))
    return [{ type: 'Required', field: CLIENT, detail: 'exactly one of url or service is required' }];
  return url === undefined ? validateService(service) : validateUrl(url);
}

const FORM = 'desired format: https://host[/path]';

function validateUrl(text: string): readonly Problem[] {
  const field = `${CLIENT}.url`;
  const parts =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = '', user = '', host = '', , query = '', fragment = ''] = parts ?? [];
  return [
    ...(scheme === 'https' ? [] : [invalid(field, scheme, `'https' is the only allowed URL scheme; ${FORM}`)]),
    ...(host === '' ? [invalid(field, host, `host must be specified; ${FORM}`)] : []),
    ...(user === '' ? [] : [invalid(field, user, 'user information is not permitted in the URL')]),
    ...(fragment === '' ? [] : [invalid(field, fragment, 'fragments are not permitted in the URL')]),
    ...(query === '' ? [] : [invalid(field, query, 'query parameters are not permitted in the URL')]),
  ];
}

function validateService(service: NonNullable<Client>['service']): readonly Problem[] {
  if (!service) return [];
  const at = `${CLIENT}.service`;
  const { name, namespace, port = 443, path } = service;
  return [
    ...(name === '' ? [{ type: 'Required', field: `${at}.name`, detail: '' } as const] : []),
    ...(namespace === '' ? [{ type: 'Required', field: `${at}.namespace`, detail: '' } as const] : []),
    ...(port >= 1 && port <= 65535
      ? []
      : [invalid(`${at}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive')]),
    ...(path === undefined || path === '' || path === '/' ? [] : validatePath(path, `${at}.path`)),
  ];
}
function validatePath(path: string, field: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (!path.startsWith('/')) problems.push(invalid(field, path, "must start with a '/'"));
  const steps = path.slice(1, path.endsWith('/') ? -1 : undefined).split('/');
  steps.forEach((step, index) => {
    if (step === '') problems.push(invalid(field, path, `segment[${index}] may not be empty`));
  });
  return problems;
}

function validateReviews(versions: readonly string[]): readonly Problem[] {
  if (versions.length === 0) return [{ type: 'Required', field: REVIEWS, detail: '' }];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const field = `${REVIEWS}[${index}]`;
    if (seen.has(version)) problems.push(invalid(field, version, 'duplicate version'));
    seen.add(version);
    for (const wrong of dns1035Label(version)) problems.push(invalid(field, version, wrong));
  });
  if (!seen.has('v1') && !seen.has('v1beta1'))
    problems.push(invalid(REVIEWS, versions, 'must include at least one of v1, v1beta1'));
  return problems;
}
