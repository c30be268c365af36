import { ipv4Overlap, ipv4Range, ipv4Text } from '#meta';
import type { ProgramEnd } from './run-program.js';

type Run = (words: readonly string[], input?: string) => Promise<ProgramEnd>;

/** Port that nobody listens at. */
const DISCARD = 9;
/** How many neighbours are looked for: some may be known, and are then asked for nothing. */
const ASKED = 3;

/** For each word `from=to,to`: sends a datagram from the first address to each of the others. What cannot be sent is of no matter. */
const SEND = `
  const words = process.argv.slice(1);
  let left = words.length;
  const done = () => --left || process.exit(0);
  for (const [from, to] of words.map((word) => word.split('='))) {
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('error', done);
    socket.bind(0, from, () => {
      for (const address of to.split(',')) socket.send('', ${DISCARD}, address, () => undefined);
      setTimeout(done, 50);
    });
  }`;

/**
 * Lets the machines beside this one know that it is now the one with some addresses. They keep what they know of an address for some
 * seconds after its node has died; but whoever knows it takes the sender of any ARP question for its new place. So questions are
 * caused: by datagrams from the address to some neighbours that the kernel has to look for first.
 *
 * An address that is in no network of this machine is reached by routes, if at all: nothing is done for it. Never rejects: the
 * neighbours find out by themselves, some seconds later.
 */
export async function announce(
  run: Run,
  addresses: readonly string[],
  random: () => number = Math.random,
): Promise<void> {
  if (addresses.length === 0) return;
  try {
    const { output } = await run(['ip', '-j', '-4', 'addr', 'show']);
    const links = JSON.parse(output || '[]') as readonly Link[];
    const networks = links
      .flatMap(({ ifname, addr_info: found = [] }) => (ifname === 'lo' ? [] : found))
      .map(({ local = '', prefixlen = 32 }) => `${local}/${prefixlen}`);
    const words = addresses.flatMap((address) => {
      const network = networks.find((cidr) => ipv4Overlap(cidr, `${address}/32`));
      const { first, size } = ipv4Range(network ?? '') ?? { first: 0, size: 0 };
      // Not the network's own address, nor that of all, at either end.
      const hosts = size - 2;
      if (hosts < 2) return [];
      const neighbours = Array.from({ length: ASKED }, () => ipv4Text(first + 1 + Math.floor(random() * hosts)));
      return [`${address}=${neighbours.filter((one) => one !== address).join()}`];
    });
    if (words.length > 0) await run([process.execPath, '-e', SEND, ...words]);
  } catch {
    // See above.
  }
}

interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}
