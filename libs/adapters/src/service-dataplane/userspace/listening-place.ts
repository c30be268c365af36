import type { Frontend } from '#model';

/** Where a relay listens: a node port at all addresses of its family, and at none of the other. */
export function listeningPlace({ address, family }: Frontend): { readonly address: string; readonly isIpv6: boolean } {
  if (address === undefined)
    return family === 'IPv6' ? { address: '::', isIpv6: true } : { address: '0.0.0.0', isIpv6: false };
  return { address, isIpv6: address.includes(':') };
}
