import { invalid, parseCidr, parseIp } from '#meta';
import { ipAddress, type Problems } from '../../validation/checks.js';

type What = 'IP' | 'CIDR';
function familyOf(what: What, text: string): 'IPv4' | 'IPv6' | undefined {
  return what === 'IP' ? parseIp(text)?.family : parseCidr(text)?.address.family;
}

/** Addresses that were not there before. */
export function newAddressProblems(field: string, addresses: readonly string[], before: readonly string[]): Problems {
  return addresses.flatMap((ip, i) => (before.includes(ip) ? [] : ipAddress(`${field}[${i}]`, ip)));
}

/** Where there are several there is one of each family; `value` is how Kubernetes shows them. */
export function familyProblems(field: string, texts: readonly string[], what: What, value: unknown): Problems {
  if (texts.length < 2) return [];
  const families = texts.map((text) => familyOf(what, text));
  const broken = families.indexOf(undefined);
  const isPair = broken < 0 && texts.length === 2 && families[0] !== families[1];
  const words = `may specify no more than one ${what} for each IP family`;
  return [
    ...(broken < 0 ? [] : [{ type: 'InternalError' as const, field, detail: unreadable(what, broken, texts[broken]) }]),
    ...(isPair ? [] : [invalid(field, value, words)]),
  ];
}
function unreadable(what: What, at: number, text = ''): string {
  if (what === 'IP') return `failed to check for dual stack with error:invalid IP[${at}]: ${text}`;
  const why = `invalid CIDR[${at}]: <nil> (invalid CIDR address: ${text})`;
  return `invalid PodCIDRs. failed to check with dual stack with error:${why}`;
}
