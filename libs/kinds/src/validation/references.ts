import { dns1123Subdomain, invalid, pathSegment, required } from '#meta';
import { each, type Problems } from './checks.js';

/** A text that must be there and can stand in a URL path: a kind, a resource, a name. */
export function requiredSegment(field: string, value: string | undefined): Problems {
  return value === undefined || value === '' ? [required(field)] : each(field, value, pathSegment(value));
}

/** Refers to an object of any kind by group, kind and name. */
export function typedReference(
  field: string,
  { apiGroup, kind, name }: { readonly apiGroup?: string | null; readonly kind: string; readonly name: string },
): Problems {
  const isGiven = apiGroup !== undefined && apiGroup !== null;
  return [
    ...(isGiven ? each(`${field}.apiGroup`, apiGroup, dns1123Subdomain(apiGroup)) : []),
    ...requiredSegment(`${field}.kind`, kind),
    ...requiredSegment(`${field}.name`, name),
  ];
}

const PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
/** A domain and a path: `acme.io/foo`. */
export function domainPrefixedPath(field: string, value: string): Problems {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  const [domain, path] = slash < 0 ? ['', ''] : [value.slice(0, slash), value.slice(slash + 1)];
  if (domain === '' || path === '') {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  return [
    ...each(field, domain, dns1123Subdomain(domain)),
    ...(new RegExp(`^${PATH}$`).test(path)
      ? []
      : [invalid(field, path, `Invalid path (regex used for validation is '${PATH}')`)]),
  ];
}
