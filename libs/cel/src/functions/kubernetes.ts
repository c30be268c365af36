import {
  addQuantities,
  cidrContains,
  cidrText,
  compareQuantities,
  ipText,
  networkOf,
  parseCidr,
  parseIp,
  parseQuantity,
  quantityText,
  subtractQuantities,
  type Cidr,
  type IpAddress,
  type Quantity,
} from '#meta';
import { goQuote } from '#std';
import { compareSemver, normalizedSemver, parseSemver } from '../values/semver.js';
import { parseUrl } from '../values/url.js';
import {
  CelError,
  CelList,
  CelMap,
  CidrValue,
  IpValue,
  NO_OVERLOAD,
  QuantityValue,
  SemverValue,
  UrlValue,
  type Result,
  type Semver,
  type UrlParts,
  type Value,
} from '../values/values.js';
import { overload, READS_FIRST, type Costs, type Overload } from './overload.js';

const onUrl =
  (make: (url: UrlParts) => Result): Overload['apply'] =>
  ([url]) =>
    url instanceof UrlValue ? make(url.url) : NO_OVERLOAD;
const READS: Costs = { ...READS_FIRST, size: ([first = 0]) => first };

export const urls: readonly Overload[] = [
  overload('url: (string) kubernetes.URL', ([text]) => urlOf(text), READS),
  overload('isURL: (string) bool', ([text]) => !(urlOf(text) instanceof CelError), READS_FIRST),
  overload(
    'getScheme: kubernetes.URL.() string',
    onUrl(({ scheme }) => scheme),
    READS,
  ),
  overload(
    'getHost: kubernetes.URL.() string',
    onUrl(({ host }) => host),
    READS,
  ),
  overload(
    'getHostname: kubernetes.URL.() string',
    onUrl(({ hostname }) => hostname),
    READS,
  ),
  overload(
    'getPort: kubernetes.URL.() string',
    onUrl(({ port }) => port),
    READS,
  ),
  overload(
    'getEscapedPath: kubernetes.URL.() string',
    onUrl(({ path }) => path),
    READS,
  ),
  overload('getQuery: kubernetes.URL.() map(string, list(string))', onUrl(queryOf), READS),
];
function urlOf(text: Value | undefined): UrlValue | CelError {
  const url = parseUrl(String(text));
  return typeof url === 'string'
    ? new CelError(`URL parse error during conversion from string: ${url}`)
    : new UrlValue(url);
}
function queryOf({ query }: UrlParts): Result {
  return CelMap.of(Array.from(query, ([key, values]) => [key, CelList.of(values)]));
}

const NANO = 1_000_000_000n;
const INT64_MAX = 2n ** 63n - 1n;
const onQuantity =
  (make: (quantity: Quantity, other: Quantity) => Result): Overload['apply'] =>
  ([a, b]) => {
    if (!(a instanceof QuantityValue)) return NO_OVERLOAD;
    if (typeof b === 'bigint') return make(a.quantity, { nanos: b * NANO, format: 'decimal' });
    return make(a.quantity, b instanceof QuantityValue ? b.quantity : a.quantity);
  };
const compared = (holds: (order: number) => Result): Overload['apply'] =>
  onQuantity((a, b) => holds(compareQuantities(a, b)));
const added = onQuantity((a, b) => new QuantityValue(addQuantities(a, b)));
const subtracted = onQuantity((a, b) => new QuantityValue(subtractQuantities(a, b)));
const Q = 'kubernetes.Quantity';

export const quantities: readonly Overload[] = [
  overload(`quantity: (string) ${Q}`, ([text]) => quantityOf(text), READS_FIRST),
  overload('isQuantity: (string) bool', ([text]) => !(quantityOf(text) instanceof CelError), READS_FIRST),
  overload(
    `sign: (${Q}) int`,
    onQuantity(({ nanos }) => (nanos > 0n ? 1n : nanos < 0n ? -1n : 0n)),
  ),
  overload(
    `isInteger: ${Q}.() bool`,
    onQuantity((quantity) => !(integerOf(quantity) instanceof CelError)),
  ),
  overload(`asInteger: ${Q}.() int`, onQuantity(integerOf)),
  overload(
    `asApproximateFloat: ${Q}.() double`,
    onQuantity(({ nanos }) => Number(nanos) / 1e9),
  ),
  overload(`add: ${Q}.(${Q}) ${Q}`, added),
  overload(`add: ${Q}.(int) ${Q}`, added),
  overload(`sub: ${Q}.(${Q}) ${Q}`, subtracted),
  overload(`sub: ${Q}.(int) ${Q}`, subtracted),
  overload(
    `isLessThan: ${Q}.(${Q}) bool`,
    compared((order) => order < 0),
  ),
  overload(
    `isGreaterThan: ${Q}.(${Q}) bool`,
    compared((order) => order > 0),
  ),
  overload(
    `compareTo: ${Q}.(${Q}) int`,
    compared((order) => BigInt(order)),
  ),
  overload(`string: (${Q}) string`, onQuantity(quantityText)),
];
function quantityOf(text: Value | undefined): QuantityValue | CelError {
  const quantity = parseQuantity(String(text));
  return quantity.ok ? new QuantityValue(quantity.value) : new CelError(quantity.message);
}
function integerOf({ nanos }: Quantity): bigint | CelError {
  const whole = nanos / NANO;
  const fits = nanos % NANO === 0n && whole <= INT64_MAX && whole >= -INT64_MAX - 1n;
  return fits ? whole : new CelError('cannot convert value to integer');
}

const onIp =
  (make: (ip: IpAddress) => Result): Overload['apply'] =>
  ([ip]) =>
    ip instanceof IpValue ? make(ip.ip) : NO_OVERLOAD;
const onCidr =
  (make: (cidr: Cidr, other: Value | undefined) => Result): Overload['apply'] =>
  ([cidr, other]) =>
    cidr instanceof CidrValue ? make(cidr.cidr, other) : NO_OVERLOAD;

export const addresses: readonly Overload[] = [
  overload('ip: (string) net.IP', ([text]) => ipOf(text), READS_FIRST),
  overload('isIP: (string) bool', ([text]) => !(ipOf(text) instanceof CelError), READS_FIRST),
  overload('ip.isCanonical: (string) bool', ([text]) => isCanonical(text), READS_FIRST),
  overload(
    'family: net.IP.() int',
    onIp(({ family }) => (family === 'IPv4' ? 4n : 6n)),
  ),
  overload(
    'isUnspecified: net.IP.() bool',
    onIp(({ parts }) => parts.every((part) => part === 0)),
  ),
  overload('isLoopback: net.IP.() bool', onIp(isLoopback)),
  overload('isLinkLocalMulticast: net.IP.() bool', onIp(isLinkLocalMulticast)),
  overload('isLinkLocalUnicast: net.IP.() bool', onIp(isLinkLocalUnicast)),
  overload('isGlobalUnicast: net.IP.() bool', onIp(isGlobalUnicast)),
  overload('cidr: (string) net.CIDR', ([text]) => cidrOf(text), READS_FIRST),
  overload('isCIDR: (string) bool', ([text]) => !(cidrOf(text) instanceof CelError), READS_FIRST),
  overload(
    'containsIP: net.CIDR.(string) bool',
    onCidr((range, other) => containsIp(range, ipOf(other))),
  ),
  overload(
    'containsIP: net.CIDR.(net.IP) bool',
    onCidr((range, other) => containsIp(range, other)),
  ),
  overload(
    'containsCIDR: net.CIDR.(string) bool',
    onCidr((range, other) => containsCidr(range, cidrOf(other))),
  ),
  overload(
    'containsCIDR: net.CIDR.(net.CIDR) bool',
    onCidr((range, other) => containsCidr(range, other)),
  ),
  overload(
    'ip: net.CIDR.() net.IP',
    onCidr(({ address }) => new IpValue(address)),
  ),
  overload(
    'masked: net.CIDR.() net.CIDR',
    onCidr((range) => new CidrValue(networkOf(range))),
  ),
  overload(
    'prefixLength: net.CIDR.() int',
    onCidr(({ bits }) => BigInt(bits)),
  ),
];
function ipOf(text: Value | undefined): IpValue | CelError {
  const ip = parseIp(String(text));
  const from = `IP Address ${goQuote(String(text))} parse error during conversion from string`;
  if (ip === undefined) return new CelError(`${from}: ParseAddr(${goQuote(String(text))}): unable to parse IP`);
  if (String(text).includes('%'))
    return new CelError(`IP address ${goQuote(String(text))} with zone value is not allowed`);
  if (!ip.strict) return new CelError(`IPv4-mapped IPv6 address ${goQuote(String(text))} is not allowed`);
  return new IpValue(ip);
}
function isCanonical(text: Value | undefined): Result {
  const ip = ipOf(text);
  return ip instanceof CelError ? ip : ipText(ip.ip) === text;
}
function cidrOf(text: Value | undefined): CidrValue | CelError {
  const cidr = parseCidr(String(text));
  const from = 'network address parse error during conversion from string';
  if (cidr?.strict) return new CidrValue(cidr);
  const why = String(text).includes('/') ? 'unable to parse IP or prefix length' : "no '/'";
  return new CelError(`${from}: ${from}: netip.ParsePrefix(${goQuote(String(text))}): ${why}`);
}
function containsIp(range: Cidr, other: Value | CelError | undefined): Result {
  if (other instanceof CelError) return other;
  return other instanceof IpValue ? cidrContains(range, other.ip) : NO_OVERLOAD;
}
function containsCidr(range: Cidr, other: Value | CelError | undefined): Result {
  if (other instanceof CelError) return other;
  if (!(other instanceof CidrValue)) return NO_OVERLOAD;
  const { cidr } = other;
  if (range.bits > cidr.bits || range.address.family !== cidr.address.family) return false;
  return cidrText(networkOf({ ...cidr, bits: range.bits })) === cidrText(networkOf(range));
}
function isLoopback({ family, parts }: IpAddress): boolean {
  if (family === 'IPv4') return parts[0] === 127;
  return parts.every((part, i) => part === (i === 7 ? 1 : 0));
}
function isLinkLocalMulticast({ family, parts: [first = 0, second, third] }: IpAddress): boolean {
  return family === 'IPv4' ? first === 224 && second === 0 && third === 0 : (first & 0xff0f) === 0xff02;
}
function isLinkLocalUnicast({ family, parts: [first = 0, second] }: IpAddress): boolean {
  return family === 'IPv4' ? first === 169 && second === 254 : (first & 0xffc0) === 0xfe80;
}
function isGlobalUnicast(ip: IpAddress): boolean {
  const [first = 0] = ip.parts;
  const isMulticast = ip.family === 'IPv4' ? first >= 224 && first < 240 : first >= 0xff00;
  const isUnspecified = ip.parts.every((part) => part === 0);
  const isBroadcast = ip.family === 'IPv4' && ip.parts.every((part) => part === 255);
  return !(isMulticast || isUnspecified || isBroadcast || isLoopback(ip) || isLinkLocalUnicast(ip));
}

const onSemver =
  (make: (version: Semver, other: Semver) => Result): Overload['apply'] =>
  ([a, b]) =>
    a instanceof SemverValue ? make(a.semver, b instanceof SemverValue ? b.semver : a.semver) : NO_OVERLOAD;
const S = 'kubernetes.Semver';

export const semvers: readonly Overload[] = [
  overload(`semver: (string) ${S}`, ([text]) => semverOf(text), READS_FIRST),
  overload(`semver: (string, bool) ${S}`, ([text, loose]) => semverOf(text, loose), READS_FIRST),
  overload('isSemver: (string) bool', ([text]) => !(semverOf(text) instanceof CelError), READS_FIRST),
  overload(
    'isSemver: (string, bool) bool',
    ([text, loose]) => !(semverOf(text, loose) instanceof CelError),
    READS_FIRST,
  ),
  overload(
    `major: ${S}.() int`,
    onSemver(({ major }) => major),
  ),
  overload(
    `minor: ${S}.() int`,
    onSemver(({ minor }) => minor),
  ),
  overload(
    `patch: ${S}.() int`,
    onSemver(({ patch }) => patch),
  ),
  overload(
    `isLessThan: ${S}.(${S}) bool`,
    onSemver((a, b) => compareSemver(a, b) < 0),
  ),
  overload(
    `isGreaterThan: ${S}.(${S}) bool`,
    onSemver((a, b) => compareSemver(a, b) > 0),
  ),
  overload(
    `compareTo: ${S}.(${S}) int`,
    onSemver((a, b) => BigInt(compareSemver(a, b))),
  ),
];
function semverOf(text: Value | undefined, loose?: Value): SemverValue | CelError {
  const version = parseSemver(loose === true ? normalizedSemver(String(text)) : String(text));
  return typeof version === 'string' ? new CelError(version) : new SemverValue(version);
}
