import { ipv4Overlap, ipv4Range, ipv4Text } from '#meta';
import type { ProgramEnd } from './run-program.js';

type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

/** Port that nobody listens at. */
const DISCARD = 9;
/** How many neighbours are looked for: some may be known, and are then asked for nothing. */
const ASKED = 3;

/** Sends a datagram from an address (the first word) to others, and ends. What cannot be sent is of no matter. */
const SEND = `
  const [from, ...to] = process.argv.slice(1);
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('error', () => process.exit(0));
  socket.bind(0, from, () => {
    let left = to.length;
    for (const address of to) socket.send('', ${DISCARD}, address, () => --left || setTimeout(() => process.exit(0), 50));
  });`;

/**
 * Lets the machines beside this one know that it is now the one with an address. They keep what they know of an address for some
 * seconds after its node has died; but whoever knows it takes the sender of any ARP question for its new place. So questions are
 * caused: by datagrams from the address to some neighbours that the kernel has to look for first.
 *
 * An address that is in no network of this machine is reached by routes, if at all: nothing is done for it.
 */
export async function announce(run: Run, address: string, random: () => number = Math.random): Promise<void> {
  const { output } = await run(['ip', '-j', '-4', 'addr', 'show']);
  const links = JSON.parse(output || '[]') as readonly Link[];
  const network = links
    .flatMap(({ ifname, addr_info: found = [] }) => (ifname === 'lo' ? [] : found))
    .map(({ local = '', prefixlen = 32 }) => `${local}/${prefixlen}`)
    .find((cidr) => ipv4Overlap(cidr, `${address}/32`));
  const { first, size } = ipv4Range(network ?? '') ?? { first: 0, size: 0 };
  // Not its own address, nor that of all, at either end.
  const hosts = size - 2;
  if (hosts < 2) return;
  const neighbours = Array.from({ length: ASKED }, () => ipv4Text(first + 1 + Math.floor(random() * hosts)));
  await run([process.execPath, '-e', SEND, address, ...neighbours.filter((one) => one !== address)]);
}

interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}
