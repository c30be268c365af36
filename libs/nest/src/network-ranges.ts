import { cidrsOverlap, cidrText, networkOf, parseCidr } from '#meta';
import { Fault } from '#std';

/** Where pods and services have their addresses. */
export interface NetworkRanges {
  /** The network of all pods: `10.244.0.0/16`. */
  readonly podCidr: string;
  /** How many bits of an address say which node's pods it is of: the range of each node is a /24, say. */
  readonly nodeCidrMask: number;
  /** The same of IPv6, `fd00:10:244::/56`; undefined: pods have addresses of IPv4 alone. */
  readonly podCidrIpv6: string | undefined;
  readonly nodeCidrMaskIpv6: number;
  /** Services have addresses of IPv6 out of this range too; undefined: of IPv4 alone. */
  readonly serviceCidrIpv6: string | undefined;
}

/** Addresses of Services. */
const SERVICE_CIDR = '10.96.0.0/16';
/** A node has at least 13 pods, and there are at most 65,536 nodes. */
const NODE_MASK = { least: 8, most: 28 };
const NODE_MASK_IPV6 = { least: 16, most: 124 };
const NODE_BITS_MAX = 16;
/** Of Kubernetes: no API server takes a larger range of services. */
const SERVICE_BITS = { least: 64, most: 120 };
const NOT_FOR_PODS = ['127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '0.0.0.0/8', '::/8', 'fe80::/10', 'ff00::/8'];

export function networkRanges(env: NodeJS.ProcessEnv): NetworkRanges {
  const [podCidr, podCidrIpv6] = pairOf('SHIPLOG_POD_CIDR', env, '10.244.0.0/16');
  const [serviceCidr, serviceCidrIpv6] = pairOf('SHIPLOG_SERVICE_CIDR', env, SERVICE_CIDR);
  if (serviceCidr !== SERVICE_CIDR)
    throw wrong('SHIPLOG_SERVICE_CIDR', env, `its range of IPv4 is ${SERVICE_CIDR} in each cluster`);
  const service = serviceCidrIpv6 === undefined ? undefined : parseCidr(serviceCidrIpv6);
  if (service && (service.bits < SERVICE_BITS.least || service.bits > SERVICE_BITS.most))
    throw wrong(
      'SHIPLOG_SERVICE_CIDR',
      env,
      `its range of IPv6 must be from /${SERVICE_BITS.least} to /${SERVICE_BITS.most}`,
    );
  for (const range of [podCidr, podCidrIpv6]) {
    if (range === undefined) continue;
    if (NOT_FOR_PODS.some((other) => cidrsOverlap(range, other)))
      throw wrong(
        'SHIPLOG_POD_CIDR',
        env,
        'it has addresses that no pod may have, use a private range like 10.244.0.0/16',
      );
    for (const other of [SERVICE_CIDR, serviceCidrIpv6 ?? ''])
      if (cidrsOverlap(range, other))
        throw wrong('SHIPLOG_POD_CIDR', env, `it overlaps ${other}, where Services have their addresses`);
  }
  // Pods without addresses of a family could not be reached by services of it.
  if (serviceCidrIpv6 !== undefined && podCidrIpv6 === undefined)
    throw wrong(
      'SHIPLOG_SERVICE_CIDR',
      env,
      'pods have no addresses of IPv6: give SHIPLOG_POD_CIDR a range of IPv6 too',
    );
  return {
    podCidr,
    nodeCidrMask: maskOf('SHIPLOG_NODE_CIDR_MASK', env, '24', podCidr),
    podCidrIpv6,
    nodeCidrMaskIpv6: podCidrIpv6 === undefined ? 64 : maskOf('SHIPLOG_NODE_CIDR_MASK_IPV6', env, '64', podCidrIpv6),
    serviceCidrIpv6,
  };
}

/** A range of IPv4, and perhaps one of IPv6 behind it. */
function pairOf(name: string, env: NodeJS.ProcessEnv, byDefault: string): readonly [string, string | undefined] {
  const [four = '', six, ...more] = (env[name] || byDefault).split(',').map((text) => text.trim());
  if (!isRange(four, 'IPv4')) throw wrong(name, env, `it must be a range of IPv4 addresses, like ${byDefault}`);
  if (more.length > 0 || (six !== undefined && !isRange(six, 'IPv6')))
    throw wrong(
      name,
      env,
      `behind the range of IPv4 may be one of IPv6, as in ${byDefault},fd00:10:${four.split('.')[1]}::/56`,
    );
  return [four, six];
}
function isRange(text: string, family: 'IPv4' | 'IPv6'): boolean {
  const range = parseCidr(text);
  return range?.strict === true && range.address.family === family && cidrText(networkOf(range)) === text;
}

function maskOf(name: string, env: NodeJS.ProcessEnv, byDefault: string, podCidr: string): number {
  const text = env[name] || byDefault;
  const isFour = !podCidr.includes(':');
  const bounds = isFour ? NODE_MASK : NODE_MASK_IPV6;
  const bits = parseCidr(podCidr)?.bits ?? 0;
  const mask = /^\d{1,3}$/.test(text) ? Number(text) : NaN;
  const [least, most] = [Math.max(bits, bounds.least), Math.min(bits + NODE_BITS_MAX, bounds.most)];
  if (mask >= least && mask <= most) return mask;
  if (least > most)
    throw wrong('SHIPLOG_POD_CIDR', env, `it is too small: at least a /${bounds.most} is needed for each node`);
  const rule = `the part of SHIPLOG_POD_CIDR (${podCidr}) for each node must be from /${least} to /${most}`;
  throw new Fault(`${name} is "${text}": ${rule}`, false);
}

function wrong(name: string, env: NodeJS.ProcessEnv, rule: string): Fault {
  return new Fault(`${name} is "${env[name] ?? ''}": ${rule}`, false);
}
