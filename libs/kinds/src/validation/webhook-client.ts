import { dns1123Subdomain, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { Problems } from './checks.js';

/** How a webhook is reached: by a URL or by a service. */
export interface WebhookClient {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
}

const FORM = 'desired format: https://host[/path]';

export function validateWebhookClient(at: string, { url, service }: WebhookClient): Problems {
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')];
  return url === undefined ? validateService(`${at}.service`, service) : validateUrl(`${at}.url`, url);
}

function validateUrl(field: string, text: string): Problems {
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

function validateService(at: string, service: WebhookClient['service']): Problems {
  if (!service) return [];
  const { name, namespace, port = 443, path } = service;
  return [
    ...(name === '' ? [required(`${at}.name`)] : []),
    ...(namespace === '' ? [required(`${at}.namespace`)] : []),
    ...(port >= 1 && port <= 65535
      ? []
      : [invalid(`${at}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive')]),
    ...(path === undefined || path === '' || path === '/' ? [] : validatePath(`${at}.path`, path)),
  ];
}

function validatePath(field: string, path: string): Problems {
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')];
  const problems: Problem[] = [];
  if (!path.startsWith('/')) problems.push(invalid(field, path, "must start with a '/'"));
  const steps = path.slice(1, path.length > 1 && path.endsWith('/') ? -1 : undefined).split('/');
  for (const [index, step] of steps.entries()) {
    if (step === '') problems.push(invalid(field, path, `segment[${index}] may not be empty`));
    else for (const why of dns1123Subdomain(step)) problems.push(invalid(field, path, `segment[${index}]: ${why}`));
  }
  return problems;
}
