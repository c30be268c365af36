import { ipText, parseIp, type IpAddress } from '#meta';
import { fnv32 } from '#std';
import type { Problem, Refusal, View } from '#model';
import { isReserved } from '../../networking/service-addresses.js';
import { canonicalValue, portValue, servicesByAllocation } from '../../networking/service-allocations.js';
import { addressAt, isAssignable, rangeWith, serviceRanges } from '../../networking/service-ranges.js';
import type { Service } from './schema.js';

const PORT_MIN = 30_000;
const PORT_MAX = 32_767;
const PORTS = PORT_MAX - PORT_MIN + 1;
/** The first ports are left to those who name one: they are given out last. */
const PORTS_KEPT = 86;

/** Gives one service its address and ports: the same ones whenever it is asked on the same state of the cluster. */
export class Allocator {
  private readonly given = new Set<number>();
  constructor(
    private readonly view: View,
    private readonly uid: string,
    /** A dry run takes nothing, so that it does not matter what others hold. */
    private readonly isDry: boolean,
  ) {}

  /** The address that was asked for, or a free one of the family; a sentence when there is none. */
  clusterIp(asked: string, family: IpAddress['family']): { readonly ip: string } | { readonly problem: string } {
    if (asked === '') return this.freeIp(family);
    const address = parseIp(asked);
    const range = address && rangeWith(serviceRanges(this.view, family), address);
    if (address === undefined || range === undefined)
      return { problem: 'the provided network does not match the current range' };
    if (!isAssignable(range, address)) {
      return {
        problem: `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${range.text}`,
      };
    }
    const text = ipText(address);
    if (!this.isDry && (this.isHeld(canonicalValue(text)) || isReserved(this.view, text))) {
      return { problem: 'provided IP is already allocated' };
    }
    return { ip: asked };
  }
  private freeIp(family: IpAddress['family']): { readonly ip: string } | { readonly problem: string } {
    for (const range of serviceRanges(this.view, family)) {
      const isFree = (offset: number): boolean => {
        const ip = addressAt(range, offset);
        return !this.isTaken(canonicalValue(ip)) && !isReserved(this.view, ip);
      };
      const offset = this.free(range.unasked, range.end, isFree) ?? this.free(range.first, range.unasked, isFree);
      if (offset !== undefined) return { ip: addressAt(range, offset) };
    }
    return { problem: 'range is full' };
  }

  /** Takes a port of the nodes; a sentence when it cannot be had. */
  takePort(port: number): string | undefined {
    if (this.given.has(port)) return 'provided port is already allocated';
    this.given.add(port);
    if (this.isDry) return undefined;
    if (port < PORT_MIN || port > PORT_MAX) {
      return `provided port is not in the valid range. The range of valid ports is ${PORT_MIN}-${PORT_MAX}`;
    }
    return this.isHeld(portValue(port)) ? 'provided port is already allocated' : undefined;
  }
  freePort(): number | undefined {
    const isFree = (at: number): boolean => !this.isTaken(portValue(PORT_MIN + at)) && !this.given.has(PORT_MIN + at);
    const offset = this.free(PORTS_KEPT, PORTS, isFree) ?? this.free(0, PORTS_KEPT, isFree);
    if (offset === undefined) return undefined;
    this.given.add(PORT_MIN + offset);
    return PORT_MIN + offset;
  }

  private isTaken(value: string): boolean {
    return this.view.by(servicesByAllocation, value).length > 0;
  }
  /** By another service. */
  private isHeld(value: string): boolean {
    return this.view.by(servicesByAllocation, value).some(({ metadata }) => metadata.uid !== this.uid);
  }
  /** The first free place from one that the uid decides on, round the whole band. */
  private free(from: number, to: number, isFree: (at: number) => boolean): number | undefined {
    const size = to - from;
    const start = fnv32(this.uid) % size;
    for (let i = 0; i < size; i++) {
      const at = from + ((start + i) % size);
      if (isFree(at)) return at;
    }
    return undefined;
  }
}

/** A service with all that the cluster gives, or why it cannot be given. */
export type Allocated =
  { readonly service: Service } | { readonly problems: readonly Problem[] } | { readonly refusal: Refusal };
export function outOfOrder(message: string): { readonly refusal: Refusal } {
  return {
    refusal: { refused: true, code: 500, reason: 'InternalError', message: `Internal error occurred: ${message}` },
  };
}
