import {
  dns1035Label,
  dns1123Subdomain,
  invalid,
  notSupported,
  parseIp,
  required,
  wildcardDns1123Subdomain,
} from '#meta';
import { each, ipAddress, items, portName, portNumber, type Problems } from '../../validation/checks.js';
import { typedReference } from '../../validation/references.js';
import { CLASS_ANNOTATION } from './class.js';
import type { HttpIngressPath, Ingress, IngressBackend, IngressRule, IngressSpec, IngressTls } from './schema.js';

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const PATH_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const PATH_ENDS = ['/..', '/.'];
const NO_IP = 'must be a DNS name, not an IP address';

/** Problems of an ingress, in Kubernetes' order. */
export function ingressProblems({ spec }: Ingress): Problems {
  const { defaultBackend, ingressClassName: name } = spec;
  return [
    ...emptyProblems(spec),
    ...(defaultBackend ? backendProblems('spec.defaultBackend', defaultBackend) : []),
    ...items(spec.tls).flatMap((tls, i) => tlsProblems(`spec.tls[${i}]`, tls)),
    ...items(spec.rules).flatMap((rule, i) => ruleProblems(`spec.rules[${i}]`, rule)),
    ...(name === undefined ? [] : each('spec.ingressClassName', name, dns1123Subdomain(name))),
  ];
}
/** At creation, a class in the annotation may not contradict the one in the spec. */
export function newIngressProblems(object: Ingress): Problems {
  const old = object.metadata.annotations?.[CLASS_ANNOTATION];
  const name = object.spec.ingressClassName;
  const differ = old !== undefined && name !== undefined && old !== name;
  const field = `annotations.${CLASS_ANNOTATION}`;
  return [
    ...ingressProblems(object),
    ...(differ ? [invalid(field, old, 'must match `ingressClassName` when both are specified')] : []),
  ];
}

function emptyProblems({ rules, defaultBackend }: IngressSpec): Problems {
  if (items(rules).length > 0 || defaultBackend) return [];
  return [invalid('spec', rules ?? null, 'either `defaultBackend` or `rules` must be specified')];
}

function tlsProblems(field: string, { hosts, secretName }: IngressTls): Problems {
  return [
    ...items(hosts).flatMap((host, i) => each(`${field}.hosts[${i}]`, host, hostReasons(host))),
    ...(secretName ? each(`${field}.secretName`, secretName, dns1123Subdomain(secretName)) : []),
  ];
}
function hostReasons(host: string): readonly string[] {
  return host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host);
}

function ruleProblems(field: string, { host, http }: IngressRule): Problems {
  return [
    ...(host && parseIp(host) ? [invalid(`${field}.host`, host, NO_IP)] : []),
    ...(host ? each(`${field}.host`, host, hostReasons(host)) : []),
    ...(http ? pathsProblems(`${field}.http.paths`, http.paths) : []),
  ];
}
function pathsProblems(field: string, paths: readonly HttpIngressPath[] | null): Problems {
  if (items(paths).length === 0) return [required(field)];
  return items(paths).flatMap((path, i) => pathProblems(`${field}[${i}]`, path));
}
function pathProblems(field: string, path: HttpIngressPath): Problems {
  const pathType = path.pathType as string | null | undefined;
  if (pathType === undefined || pathType === null) return [required(`${field}.pathType`, 'pathType must be specified')];
  return [...pathTextProblems(field, pathType, path.path ?? ''), ...backendProblems(`${field}.backend`, path.backend)];
}
function pathTextProblems(at: string, pathType: string, path: string): Problems {
  const field = `${at}.path`;
  const isRelative = path.startsWith('/') ? [] : [invalid(field, path, 'must be an absolute path')];
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      return [
        ...isRelative,
        ...PATH_PARTS.filter((part) => path.includes(part)).map((part) =>
          invalid(field, path, `must not contain '${part}'`),
        ),
        ...PATH_ENDS.filter((end) => path.endsWith(end)).map((end) => invalid(field, path, `cannot end with '${end}'`)),
      ];
    case 'ImplementationSpecific':
      return path === '' ? [] : isRelative;
    default:
      return [notSupported(`${at}.pathType`, pathType, PATH_TYPES)];
  }
}

function backendProblems(field: string, { service, resource }: IngressBackend): Problems {
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource) return typedReference(`${field}.resource`, resource);
  if (!service) return [invalid(field, '', 'resource or service backend is required')];
  const { name, port } = service;
  const at = `${field}.service`;
  return [
    ...(name === '' ? [required(`${at}.name`)] : each(`${at}.name`, name, dns1035Label(name))),
    ...portProblems(field, port?.name ?? '', port?.number ?? 0),
  ];
}
function portProblems(field: string, name: string, number: number): Problems {
  const at = `${field}.service.port`;
  if (name !== '' && number !== 0) return [invalid(field, '', 'cannot set both port name & port number')];
  if (name !== '') return each(`${at}.name`, name, portName(name));
  if (number !== 0) return portNumber(`${at}.number`, number);
  return [required(field, 'port name or number is required')];
}

/** Problems of the status that a controller reports. */
export function ingressStatusProblems({ status }: Ingress): Problems {
  return items(status?.loadBalancer?.ingress).flatMap(({ ip = '', hostname = '' }, i) => {
    const at = `status.loadBalancer.ingress[${i}]`;
    const name = `${at}.hostname`;
    return [
      ...(ip === '' ? [] : ipAddress(`${at}.ip`, ip)),
      ...(hostname === '' ? [] : each(name, hostname, dns1123Subdomain(hostname))),
      ...(hostname !== '' && parseIp(hostname) ? [invalid(name, hostname, NO_IP)] : []),
    ];
  });
}
