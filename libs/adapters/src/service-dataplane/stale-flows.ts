import type { ServiceProtocol } from '#model';
import type { ProgramEnd } from './run-program.js';

/** Of flows that the kernel remembers: those of UDP, and those of TCP that nobody has answered. */
export type FlowProtocol = Extract<ServiceProtocol, 'TCP' | 'UDP'>;

/** A flow as the kernel remembers it: what was called, and where it was led. */
export interface Flow {
  readonly protocol: FlowProtocol;
  readonly address: string;
  readonly port: number;
  readonly backend: { readonly address: string; readonly port: number };
}

/** Runs a program to its end; lines of its output are given out one by one where somebody takes them. */
export type RunLines = (words: readonly string[], onLine?: (line: string) => void) => Promise<ProgramEnd>;

/** So many places that stale flows lead to are forgotten by one look at most: those that are there after the next change, by the next. */
const PLACES_MAX = 10_000;

/**
 * Has the kernel forget flows that lead where they no longer should: of UDP each, since it never ends by itself, and of TCP those
 * that were never answered. A connection to an endpoint that was cut off leaves such a one for two minutes, and a later connection from
 * the same port would follow it to where nobody is any more. Connections that were answered are left to end. Returns false where
 * `conntrack` is not installed. Costs one look at all flows, and a call for each place that stale ones lead to.
 */
export async function forgetFlows(
  run: RunLines,
  { protocol, isIpv6 }: { readonly protocol: FlowProtocol; readonly isIpv6: boolean },
  isStale: (flow: Flow) => boolean,
): Promise<boolean> {
  const about = [
    ...['-p', protocol.toLowerCase(), ...(protocol === 'TCP' ? ['--state', 'SYN_SENT'] : [])],
    ...(isIpv6 ? ['-f', 'ipv6'] : []),
  ];
  const places = new Map<string, readonly string[]>();
  const look = await run(['conntrack', '-L', ...about], (line) => {
    const flow = flowOf(line, protocol);
    if (!flow || places.size >= PLACES_MAX || !isStale(flow)) return;
    const { address, port, backend } = flow;
    const place = [
      ...['--orig-dst', address, '--orig-port-dst', String(port)],
      ...['--reply-src', backend.address, '--reply-port-src', String(backend.port)],
    ];
    places.set(place.join(' '), place);
  });
  if (look.code === undefined) return false;
  for (const place of places.values()) await run(['conntrack', '-D', ...about, ...place]);
  return true;
}

/** One line of `conntrack -L`: the words of the call come first, then those of the answer. */
function flowOf(line: string, protocol: FlowProtocol): Flow | undefined {
  const found = new Map<string, string[]>();
  for (const word of line.split(' ')) {
    const at = word.indexOf('=');
    if (at < 0) continue;
    const name = word.slice(0, at);
    const values = found.get(name);
    if (values) values.push(word.slice(at + 1));
    else found.set(name, [word.slice(at + 1)]);
  }
  const address = found.get('dst')?.[0];
  const port = found.get('dport')?.[0];
  const to = found.get('src')?.[1];
  const toPort = found.get('sport')?.[1];
  if (address === undefined || port === undefined || to === undefined || toPort === undefined) return undefined;
  return { protocol, address, port: Number(port), backend: { address: to, port: Number(toPort) } };
}
