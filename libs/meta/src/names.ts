/** Rules for names and label texts. Each check returns Kubernetes' sentences for what is wrong, none when all is well. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;

const label = new RegExp(`^${LABEL}$`);
const subdomain = new RegExp(`^${SUBDOMAIN}$`);
const label1035 = new RegExp(`^${LABEL_1035}$`);
const qualified = new RegExp(`^${QUALIFIED}$`);
/** Short enough for every limit, and right: what nearly all keys are. */
const usualKey = new RegExp(`^(?:${SUBDOMAIN}/)?${QUALIFIED}$`);
const USUAL_LENGTH_MAX = 63;
const FINE: readonly string[] = [];
const labelValue = new RegExp(`^${LABEL_VALUE}$`);

const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const WILDCARD_SUBDOMAIN = `\\*\\.${SUBDOMAIN}`;
const wildcardSubdomain = new RegExp(`^${WILDCARD_SUBDOMAIN}$`);
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const UNDERSCORED = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORED_SUBDOMAIN = `${UNDERSCORED}(\\.${UNDERSCORED})*`;
const underscoredSubdomain = new RegExp(`^${UNDERSCORED_SUBDOMAIN}$`);
const UNDERSCORED_TEXT = SUBDOMAIN_TEXT.replace("'-' or '.'", "'_', '-' or '.'");
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";

/** `… (e.g. 'a',  or 'b', regex used for validation is '…')`, as Kubernetes words a failed pattern. */
export function patternProblem(text: string, pattern: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${pattern}')`;
  return `${text} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`;
}

const encoder = new TextEncoder();
/** How many bytes the text takes in UTF-8. */
export function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return encoder.encode(text).length;
  return text.length;
}

export function dns1123Label(value: string): readonly string[] {
  const problems = tooMany(value, 63, 'characters');
  if (!label.test(value)) {
    // A text that is only spoilt by its dots gets the shorter sentence.
    if (subdomain.test(value)) problems.push('must not contain dots');
    else problems.push(patternProblem(LABEL_TEXT, LABEL, 'my-name', '123-abc'));
  }
  return problems;
}
export function dns1123Subdomain(value: string): readonly string[] {
  const problems = tooMany(value, 253, 'characters');
  if (!subdomain.test(value)) problems.push(patternProblem(SUBDOMAIN_TEXT, SUBDOMAIN, 'example.com'));
  return problems;
}
/** `*.` and a domain: stands for every name that has one label more. */
export function wildcardDns1123Subdomain(value: string): readonly string[] {
  const problems = tooMany(value, 253, 'characters');
  if (!wildcardSubdomain.test(value)) {
    problems.push(patternProblem(WILDCARD_TEXT, WILDCARD_SUBDOMAIN, '*.example.com'));
  }
  return problems;
}
/** Domains that resolvers search: service names in DNS begin with an underscore. */
export function dns1123SubdomainWithUnderscore(value: string): readonly string[] {
  const problems = tooMany(value, 253, 'characters');
  if (!underscoredSubdomain.test(value))
    problems.push(patternProblem(UNDERSCORED_TEXT, UNDERSCORED_SUBDOMAIN, 'example.com'));
  return problems;
}

export function dns1035Label(value: string): readonly string[] {
  const problems = tooMany(value, 63, 'characters');
  if (!label1035.test(value)) {
    problems.push(patternProblem(LABEL_1035_TEXT, LABEL_1035, 'my-name', 'abc-123'));
  }
  return problems;
}
/** Names of RBAC objects and events: anything that can stand in a URL path. */
export function pathSegment(value: string): readonly string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((c) => value.includes(c)).map((c) => `may not contain '${c}'`);
}

/** Keys of labels, annotations, finalizers, taints: `name` or `example.com/name`. */
export function qualifiedName(value: string): readonly string[] {
  if (value.length <= USUAL_LENGTH_MAX && usualKey.test(value)) return FINE;
  const parts = value.split('/');
  if (parts.length > 2) {
    const words = patternProblem(`a valid label key ${QUALIFIED_TEXT}`, QUALIFIED, 'MyName', 'my.name', '123-abc');
    return [`${words} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...prefixProblems(prefix));
  }
  const name = parts[parts.length - 1] ?? '';
  if (name === '') problems.push('name part must be non-empty');
  else if (byteLength(name) > 63) problems.push('name part must be no more than 63 bytes');
  if (!qualified.test(name)) {
    problems.push(`name part ${patternProblem(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc')}`);
  }
  return problems;
}
function prefixProblems(prefix: string): readonly string[] {
  const problems: string[] = [];
  if (byteLength(prefix) > 253) problems.push('prefix part must be no more than 253 bytes');
  if (!subdomain.test(prefix)) {
    problems.push(`prefix part ${patternProblem(SUBDOMAIN_TEXT, SUBDOMAIN, 'example.com')}`);
  }
  return problems;
}

export function labelValueProblems(value: string): readonly string[] {
  if (value.length <= USUAL_LENGTH_MAX && labelValue.test(value)) return FINE;
  const problems = tooMany(value, 63, 'bytes');
  if (!labelValue.test(value)) {
    const text = `a valid label must be an empty string or ${QUALIFIED_TEXT.replace('must consist', 'consist')}`;
    problems.push(patternProblem(text, LABEL_VALUE, 'MyValue', 'my_value', '12345'));
  }
  return problems;
}

function tooMany(value: string, max: number, unit: string): string[] {
  return byteLength(value) > max ? [`must be no more than ${max} ${unit}`] : [];
}

/** A rule for the names of a kind. `generateName` is checked without its trailing dash. */
export type NameRule = (name: string) => readonly string[];
export function prefixRule(rule: NameRule, prefix: string): readonly string[] {
  const masked = prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
  return rule(masked);
}
