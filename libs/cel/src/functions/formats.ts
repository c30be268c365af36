import { dns1035Label, dns1123Label, dns1123Subdomain, labelValueProblems, prefixRule, qualifiedName } from '#meta';
import { parseTimestamp } from '../values/time.js';
import { parseUrl } from '../values/url.js';
import { CelList, FormatValue, NO_OVERLOAD, Optional, type Value, type Result } from '../values/values.js';
import { overload, traversal, type Overload } from './overload.js';

const DATE = /^\d{4}-\d\d-\d\d$/;
const UUID = /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const none: readonly string[] = [];
/** Formats are checked by patterns of about a hundred characters. */
const REGEX_FACTOR = 25;

/** Formats by name. */
const FORMATS: ReadonlyMap<string, FormatValue> = new Map(
  [
    new FormatValue('dns1123Label', dns1123Label),
    new FormatValue('dns1123Subdomain', dns1123Subdomain),
    new FormatValue('dns1035Label', dns1035Label),
    new FormatValue('qualifiedName', qualifiedName),
    new FormatValue('dns1123LabelPrefix', (text) => prefixRule(dns1123Label, text)),
    new FormatValue('dns1123SubdomainPrefix', (text) => prefixRule(dns1123Subdomain, text)),
    new FormatValue('dns1035LabelPrefix', (text) => prefixRule(dns1035Label, text)),
    new FormatValue('labelValue', labelValueProblems),
    new FormatValue('uri', uriProblems),
    new FormatValue('uuid', (text) => (UUID.test(text) ? none : ['does not match the UUID format'])),
    new FormatValue('byte', (text) => (BASE64.test(text) ? none : ['invalid base64'])),
    new FormatValue('date', (text) => (isDate(text) ? none : ['invalid date'])),
    new FormatValue('datetime', (text) => (parseTimestamp(text) === undefined ? ['invalid datetime'] : none)),
  ].map((format) => [format.name, format]),
);

function uriProblems(text: string): readonly string[] {
  const url = parseUrl(text);
  return typeof url === 'string' ? [url] : none;
}
function isDate(text: string): boolean {
  return DATE.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;
}

export const formats: readonly Overload[] = [
  overload(
    'format.named: (string) optional(kubernetes.NamedFormat)',
    ([name]) => new Optional(FORMATS.get(String(name))),
  ),
  ...Array.from(FORMATS, ([name, format]) => overload(`format.${name}: () kubernetes.NamedFormat`, () => format)),
  overload(
    'validate: kubernetes.NamedFormat.(string) optional(list(string))',
    ([format, text]) => validate(format, text),
    {
      cost: ([, text = 0]) => traversal(text) * REGEX_FACTOR,
    },
  ),
];

function validate(format: Value | undefined, text: Value | undefined): Result {
  if (!(format instanceof FormatValue) || typeof text !== 'string') return NO_OVERLOAD;
  const problems = format.problems(text);
  return new Optional(problems.length === 0 ? undefined : CelList.of(problems));
}
